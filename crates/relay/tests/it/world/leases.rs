//! The leases of the world in memory.

use super::{World, now};
use domain::ports::{
    Begin, Created, Deleted, Lag, Lease, Leases, Listed, NewLease, Part, Stranger, Tag, Written,
};
use domain::{Fault, Json};
use std::collections::BTreeMap;

/// The lease container.
#[derive(Debug, Default)]
pub(crate) struct Store {
    leases: BTreeMap<String, Lease>,
    strangers: Vec<Stranger>,
    is_begun: bool,
    is_locked: bool,
    version: u64,
    problem: Option<String>,
    calls: Vec<LeaseCall>,
    dies_at: Option<usize>,
}

/// A call of a relay that changes leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LeaseCall {
    Create(String),
    Write(String),
    Delete(String),
}

impl Store {
    fn tag(&mut self) -> Tag {
        self.version += 1;
        Tag(self.version.to_string())
    }
}

impl World {
    /// The owners of the leases, by token.
    pub(crate) fn owners(&self) -> BTreeMap<String, Option<String>> {
        let owner = |lease: &Lease| (lease.part.token(), lease.owner.clone());
        self.state().leases.leases.values().map(owner).collect()
    }

    /// The lease of this token.
    pub(crate) fn lease(&self, token: &str) -> Option<Lease> {
        self.state().leases.leases.get(token).cloned()
    }

    /// Somebody who asks nobody takes a lease.
    pub(crate) fn seize(&self, token: &str, owner: &str) {
        let store = &mut self.state().leases;
        let tag = store.tag();
        let lease = store.leases.get_mut(token).unwrap();
        *lease = Lease { owner: Some(owner.into()), tag, ..lease.clone() };
    }

    /// Another tool keeps something in a lease.
    pub(crate) fn annotate(&self, token: &str, properties: Json) {
        let store = &mut self.state().leases;
        let tag = store.tag();
        let lease = store.leases.get_mut(token).unwrap();
        *lease = Lease { properties, tag, ..lease.clone() };
    }

    /// A document that is no lease has the id of one.
    pub(crate) fn put_stranger(&self, token: &str) {
        let (id, token) = (format!("p..{token}"), token.to_owned());
        self.state().leases.strangers.push(Stranger { id, token, reason: "garbage".into() });
    }

    /// The leases cannot be had until somebody mends it.
    pub(crate) fn break_leases(&self, problem: Option<&str>) {
        self.state().leases.problem = problem.map(str::to_owned);
    }

    /// From now on the `call`th change of a lease happens, and nothing is ever heard of it.
    pub(crate) fn die_at_lease_call(&self, call: Option<usize>) {
        let store = &mut self.state().leases;
        store.dies_at = call.map(|call| store.calls.len() + call);
    }

    /// The changes of leases that were asked for since this was asked last.
    pub(crate) fn lease_calls(&self) -> Vec<LeaseCall> {
        std::mem::take(&mut self.state().leases.calls)
    }

    async fn lease_call<T>(
        &self,
        call: Option<LeaseCall>,
        act: impl FnOnce(&mut Store) -> T + Send,
    ) -> Result<T, Fault> {
        tokio::task::yield_now().await;
        let (done, is_dead) = {
            let store = &mut self.state().leases;
            if let Some(problem) = store.problem.clone() {
                return Err(Fault::Misconfigured { problem });
            }
            let is_over = store.dies_at.is_some_and(|at| at < store.calls.len());
            let is_now = call.is_some() && store.dies_at == Some(store.calls.len());
            store.calls.extend(call);
            ((!is_over).then(|| act(store)), is_over || is_now)
        };
        match done {
            Some(done) if !is_dead => Ok(done),
            _ => std::future::pending().await,
        }
    }
}

impl Leases for World {
    async fn begin(&self) -> Result<Begin, Fault> {
        let begin = |store: &mut Store| match (store.is_begun, store.is_locked) {
            (true, _) => Begin::Done,
            (false, true) => Begin::Others,
            (false, false) => {
                store.is_locked = true;
                Begin::Mine
            }
        };
        self.lease_call(None, begin).await
    }

    async fn begun(&self) -> Result<(), Fault> {
        self.lease_call(None, |store| store.is_begun = true).await
    }

    async fn list(&self) -> Result<Listed, Fault> {
        let list = |store: &mut Store| Listed {
            leases: store.leases.values().cloned().collect(),
            strangers: store.strangers.clone(),
        };
        self.lease_call(None, list).await
    }

    async fn read(&self, part: &Part) -> Result<Option<Lease>, Fault> {
        let token = part.token();
        self.lease_call(None, |store| store.leases.get(&token).cloned()).await
    }

    async fn create(&self, lease: NewLease) -> Result<Created, Fault> {
        let token = lease.part.token();
        let create = |store: &mut Store| {
            let is_taken = store.leases.contains_key(&token)
                || store.strangers.iter().any(|stranger| stranger.token == token);
            if is_taken {
                return Created::Exists;
            }
            let NewLease { part, continuation, properties, at } = lease;
            let tag = store.tag();
            let (owner, written_at, stored_at) = (None, at, now());
            let lease = Lease { part, owner, continuation, written_at, stored_at, properties, tag };
            store.leases.insert(token.clone(), lease);
            Created::Done
        };
        self.lease_call(Some(LeaseCall::Create(token.clone())), create).await
    }

    async fn write(&self, lease: &Lease) -> Result<Written, Fault> {
        let token = lease.part.token();
        let write = |store: &mut Store| {
            if store.leases.get(&token).map(|known| &known.tag) != Some(&lease.tag) {
                return Written::Changed;
            }
            let tag = store.tag();
            store.leases.insert(token.clone(), Lease { tag: tag.clone(), ..lease.clone() });
            Written::Done(tag)
        };
        self.lease_call(Some(LeaseCall::Write(token.clone())), write).await
    }

    async fn delete(&self, lease: &Lease) -> Result<Deleted, Fault> {
        let token = lease.part.token();
        let delete = |store: &mut Store| match store.leases.get(&token) {
            Some(known) if known.tag != lease.tag => Deleted::Changed,
            _ => {
                store.leases.remove(&token);
                Deleted::Done
            }
        };
        self.lease_call(Some(LeaseCall::Delete(token.clone())), delete).await
    }

    async fn lags(&self) -> Result<Vec<Lag>, Fault> {
        let last = self.state().written.len() as u64;
        let lag = |lease: &Lease| {
            let at = lease.continuation.as_ref().and_then(|at| at.parse::<u64>().ok());
            let (owner, continuation) = (lease.owner.clone(), lease.continuation.clone());
            let behind = at.map(|at| last.saturating_sub(at));
            let (token, written_at) = (lease.part.token(), lease.written_at);
            Lag { token, owner, continuation, written_at, behind }
        };
        self.lease_call(None, |store| store.leases.values().map(lag).collect()).await
    }
}
