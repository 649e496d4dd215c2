//! The Cosmos DB trigger: leases are taken, ranges read under them, and splits followed.
//!
//! A range's lease is created when the range is first seen: from the beginning or from now, as
//! the trigger says, or from where its parents were read to, once their readers have ended.

mod client;
mod feed;
mod lease;
mod reader;
pub(crate) mod sign;
mod store;

use self::{
    client::{CosmosClient, Trouble},
    feed::{Feed, Range},
    lease::Lease,
    store::{LeaseStore, Written},
};
use super::{
    Host,
    invoke::chain,
    load::{CosmosTrigger, Function},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// One trigger on one host.
#[derive(Debug)]
struct Processor {
    host: Arc<Host>,
    function: Arc<Function>,
    trigger: Arc<CosmosTrigger>,
    feed: Feed,
    store: LeaseStore,
    /// What this host calls itself in leases.
    me: String,
    stop: CancellationToken,
}

/// After trouble with the account, which on one machine passes quickly or not at all.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// How long an orderly end may take to give the leases back.
const RELEASE_WAIT: Duration = Duration::from_secs(1);

/// Runs the trigger until `stop`, then gives its leases back.
pub(super) async fn run(
    host: Arc<Host>,
    function: Arc<Function>,
    trigger: Arc<CosmosTrigger>,
    stop: CancellationToken,
) {
    let client = |account: &super::load::Account| {
        CosmosClient::new(account.clone(), Arc::clone(&host.invoker.clock))
    };
    let processor = Arc::new(Processor {
        feed: Feed::new(client(&trigger.account), Arc::clone(&trigger)),
        store: LeaseStore::new(client(&trigger.leases.account), Arc::clone(&trigger)),
        me: host.id.to_string(),
        host,
        function,
        trigger,
        stop,
    });
    let mut held = BTreeSet::new();
    processor.stop.run_until_cancelled(processor.process(&mut held)).await;
    let released = tokio::time::timeout(RELEASE_WAIT, processor.release(held)).await;
    if released.is_err() {
        tracing::warn!("{}: its leases are left to expire", processor.function.name);
    }
}

impl Processor {
    /// Takes leases and reads their ranges. `held` has the ids of the leases of this host.
    async fn process(self: &Arc<Self>, held: &mut BTreeSet<String>) {
        let prefix = self.prepare().await;
        let mut readers = JoinSet::new();
        let mut trouble = Quiet::default();
        loop {
            let taken = self.take(&prefix, held).await;
            let pause = trouble.pause_after(&self.function.name, &taken);
            for lease in taken.unwrap_or_default() {
                held.insert(lease.id.clone());
                readers.spawn(Arc::clone(self).read(lease).in_current_span());
            }
            let pause = pause.unwrap_or(self.trigger.timings.acquire);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                Some(Ok((id, end))) = readers.join_next() => {
                    held.remove(&id);
                    tokio::time::sleep(end.pause()).await;
                }
            }
        }
    }

    /// Finds out what the lease ids begin with, once the account answers.
    async fn prepare(&self) -> String {
        let mut trouble = Quiet::default();
        loop {
            let error = match self.try_prepare().await {
                Ok(prefix) => return prefix,
                Err(error) => error,
            };
            trouble.happened(&self.function.name, &error);
            tokio::time::sleep(TROUBLE_PAUSE).await;
        }
    }

    /// One attempt; every step may be repeated.
    async fn try_prepare(&self) -> Result<String, Trouble> {
        let fingerprint = self.feed.fingerprint().await?;
        if self.trigger.leases.create {
            self.store.create_container(self.trigger.leases.throughput).await?;
        }
        Ok(format!("{}{fingerprint}", self.trigger.leases.prefix))
    }

    /// Creates what leases are missing, and takes those that are this host's share.
    async fn take(&self, prefix: &str, held: &BTreeSet<String>) -> Result<Vec<Lease>, Trouble> {
        let leases = self.leases(prefix, held).await?;
        let mut taken = Vec::new();
        for lease in self.choose(&leases, held) {
            taken.extend(self.acquire(lease).await?);
        }
        Ok(taken)
    }

    /// The leases of all ranges, created where they are missing.
    ///
    /// The parents of a split go last: a crash before that leaves them behind, which harms nobody.
    async fn leases(&self, prefix: &str, held: &BTreeSet<String>) -> Result<Vec<Lease>, Trouble> {
        let (mut leases, mut begun, mut waiting) = (Vec::new(), Vec::new(), 0);
        for range in self.feed.ranges().await? {
            if let Some(lease) = self.store.read(&lease::id(prefix, &range.id)).await? {
                leases.push(lease);
                continue;
            }
            match self.begin(prefix, &range, held).await? {
                Some(created) => begun.push(created),
                None => waiting += 1,
            }
        }
        if waiting == 0 && !begun.is_empty() {
            self.store.mark_initialized(prefix).await?;
            let parents: BTreeSet<_> = begun.iter().flat_map(|(_, parents)| parents).collect();
            for parent in parents {
                self.store.delete(parent).await?;
            }
        }
        leases.extend(begun.into_iter().map(|(lease, _)| lease));
        Ok(leases)
    }

    /// Creates the lease of a range that has none, and names its parents' leases.
    ///
    /// `None`: a parent is still being read; the range begins where that will end.
    async fn begin(
        &self,
        prefix: &str,
        range: &Range,
        held: &BTreeSet<String>,
    ) -> Result<Option<(Lease, Vec<String>)>, Trouble> {
        let now = self.host.invoker.clock.now();
        let mut parents = Vec::new();
        for parent in &range.parents {
            parents.extend(self.store.read(&lease::id(prefix, parent)).await?);
        }
        let expiration = self.trigger.timings.expiration;
        let is_read = |parent: &Lease| {
            held.contains(&parent.id)
                || (parent.owner.as_ref() != Some(&self.me) && !parent.is_free(now, expiration))
        };
        if parents.iter().any(is_read) {
            return Ok(None);
        }
        let lease = Lease::new(prefix, range, lease::inherited(&parents));
        self.store.create(&lease).await?;
        let created = self.store.read(&lease.id).await?;
        Ok(created.map(|lease| (lease, parents.into_iter().map(|parent| parent.id).collect())))
    }

    /// What balance gives this host, and what is its own but not being read.
    fn choose<'a>(&self, leases: &'a [Lease], held: &BTreeSet<String>) -> Vec<&'a Lease> {
        let now = self.host.invoker.clock.now();
        let mut chosen = lease::to_take(leases, &self.me, now, self.trigger.timings.expiration);
        chosen.extend(
            leases.iter().filter(|lease| {
                lease.owner.as_ref() == Some(&self.me) && !held.contains(&lease.id)
            }),
        );
        chosen.retain(|lease| !held.contains(&lease.id));
        chosen.dedup_by(|a, b| a.id == b.id);
        chosen
    }

    /// Takes a lease, unless another host was faster.
    async fn acquire(&self, lease: &Lease) -> Result<Option<Lease>, Trouble> {
        let mine = lease.clone().taken_by(&self.me, self.host.invoker.clock.now());
        match self.store.replace(&mine).await? {
            Written::Yes(lease) => Ok(Some(*lease)),
            Written::Conflict => Ok(None),
        }
    }

    /// Gives the leases back, so that the next host need not wait until they expire.
    async fn release(&self, held: BTreeSet<String>) {
        for id in held {
            let Ok(Some(lease)) = self.store.read(&id).await else { continue };
            if lease.owner.as_ref() != Some(&self.me) {
                continue;
            }
            if let Err(error) = self.store.replace(&lease.released()).await {
                tracing::warn!("{id} is left to expire: {}", chain(&error));
            }
        }
    }
}

/// Says once that something is wrong, and once that it is over.
#[derive(Debug, Default)]
struct Quiet {
    last: Option<String>,
}

impl Quiet {
    /// Notes what became of a request, and how long to wait if it failed.
    fn pause_after<T>(&mut self, name: &str, done: &Result<T, Trouble>) -> Option<Duration> {
        match done {
            Ok(_) => {
                self.passed();
                None
            }
            Err(error) => {
                self.happened(name, error);
                Some(TROUBLE_PAUSE)
            }
        }
    }

    /// The same trouble is logged once.
    fn happened(&mut self, name: &str, error: &Trouble) {
        let text = chain(error);
        if self.last.as_ref() != Some(&text) {
            tracing::warn!("{name} waits: {text}");
            self.last = Some(text);
        }
    }

    /// Logged if there was trouble.
    fn passed(&mut self) {
        if self.last.take().is_some() {
            tracing::info!("what was wrong has passed");
        }
    }
}
