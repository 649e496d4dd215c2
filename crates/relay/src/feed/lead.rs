//! Looks at the leases again and again: creates what is missing, takes this relay's share, and
//! starts who tends each.

use super::hand_over::hand_over;
use super::pace::Backoff;
use super::tend::tend;
use super::{Duty, Shared};
use crate::app::Standing;
use crate::decide::leases::balance::{Take, take};
use crate::decide::leases::missing::missing;
use crate::decide::leases::place::{Place, place};
use crate::decide::leases::watch::{Look, Watch};
use crate::decide::leases::{Seen, sweeps};
use domain::ports::{
    Begin, Created, Feed, FeedRange, Lease, Leases, Listed, NewLease, Outbox, Publisher, Written,
};
use domain::{Chain, Fault, Json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

/// How often to ask whether another relay has created the leases.
const BEGIN_PAUSE: Duration = Duration::from_secs(1);
/// After so long that relay is taken for dead: its lock would have run out, if the container lets
/// documents expire. To create leases twice harms nobody.
const BEGIN_TIME_MAX: Duration = Duration::from_secs(30);
/// After a range was found to be gone, its children may take a moment to show.
const GONE_PAUSE: Duration = Duration::from_millis(50);

/// Holds together what a relay does about leases.
pub(super) struct Leader<O, P, F, L> {
    shared: Arc<Shared<O, P, F, L>>,
    watch: Watch,
    tending: JoinSet<String>,
    held: BTreeSet<String>,
    /// Strangers among the leases that were told of.
    told: BTreeSet<String>,
    has_begun: bool,
}

impl<O, P, F, L> Leader<O, P, F, L>
where
    O: Outbox + 'static,
    P: Publisher + 'static,
    F: Feed + 'static,
    L: Leases + 'static,
{
    pub(super) fn new(shared: Arc<Shared<O, P, F, L>>) -> Self {
        Self {
            shared,
            watch: Watch::default(),
            tending: JoinSet::new(),
            held: BTreeSet::new(),
            told: BTreeSet::new(),
            has_begun: false,
        }
    }

    /// Runs until told to stop and every lease is given back.
    pub(super) async fn run(mut self) {
        info!(name = self.shared.alone.name, "standing alone");
        let mut backoff = Backoff::default();
        while !self.shared.stop.is_told() {
            let pause = match self.pass().await {
                Ok(pause) => {
                    backoff.recover("looking at the leases");
                    pause
                }
                Err(fault) => self.failed(fault, &mut backoff),
            };
            self.rest(pause).await;
        }
        while let Some(ended) = self.tending.join_next().await {
            self.ended(ended);
        }
    }

    /// Waits, unless told to stop, or one who tends a lease has ended.
    async fn rest(&mut self, pause: Duration) {
        let ended = tokio::select! {
            biased;
            () = self.shared.wait(pause) => return,
            Some(ended) = self.tending.join_next() => ended,
        };
        self.ended(ended);
        self.shared.wait(GONE_PAUSE).await;
    }

    fn ended(&mut self, ended: Result<String, tokio::task::JoinError>) {
        match ended {
            Ok(token) => {
                self.held.remove(&token);
            }
            Err(cancelled) if cancelled.is_cancelled() => {}
            Err(panicked) => {
                error!("who tended a lease ended by itself: {}", Chain(&panicked));
                // Which one is not known: all leases are taken up anew.
                self.tending.abort_all();
                self.held.clear();
            }
        }
    }

    /// One look at the leases. Returns when to look again.
    async fn pass(&mut self) -> Result<Duration, Fault> {
        let shared = Arc::clone(&self.shared);
        // Ranges before leases: a split between the two then shows leases that are too new, which
        // are not acted on, and never ranges whose leases are not there yet.
        let ranges = shared.feed.ranges().await?;
        if !self.has_begun {
            match self.begin(&ranges).await? {
                Some(pause) => return Ok(pause),
                None => self.has_begun = true,
            }
        }
        let listed = self.create_missing(&ranges).await?;
        self.tell(&listed);
        let alone = &shared.alone;
        let mut leases = listed.leases;
        leases.retain(|lease| self.is_known(lease, &ranges));
        let look = self.watch.look(leases, shared.now(), alone.timing.expire);
        let mut has_handed_over = false;
        for lease in self.chosen(&look.seen) {
            has_handed_over |= self.take_up(lease, &ranges).await?;
        }
        self.stand(&look, None);
        Ok(if has_handed_over { Duration::ZERO } else { self.pause(&look) })
    }

    /// Sees to it that the first leases are created once. Returns how long to wait for another
    /// relay that does so.
    async fn begin(&mut self, ranges: &[FeedRange]) -> Result<Option<Duration>, Fault> {
        let is_late = BEGIN_TIME_MAX < self.shared.now().running;
        match self.shared.leases.begin().await? {
            Begin::Done => return Ok(None),
            Begin::Others if !is_late => return Ok(Some(BEGIN_PAUSE)),
            Begin::Mine | Begin::Others => {}
        }
        self.create_missing(ranges).await?;
        self.shared.leases.begun().await?;
        Ok(None)
    }

    /// Creates the leases that no part of the feed may be without. Returns all there are.
    async fn create_missing(&self, ranges: &[FeedRange]) -> Result<Listed, Fault> {
        let leases = &self.shared.leases;
        let listed = leases.list().await?;
        let parts = missing(ranges, &listed);
        if parts.is_empty() {
            return Ok(listed);
        }
        for part in parts {
            let at = (self.shared.clock)();
            let properties = Json::from_valid("{}");
            let new = NewLease { part: part.clone(), continuation: None, properties, at };
            if leases.create(new).await? == Created::Done {
                info!(lease = %part, "lease created");
            }
        }
        leases.list().await
    }

    /// Tells of documents that are no leases, each once.
    fn tell(&mut self, listed: &Listed) {
        for stranger in &listed.strangers {
            if self.told.insert(stranger.id.clone()) {
                let reason = &stranger.reason;
                warn!(id = stranger.id, "no lease of this relay, left as it is: {reason}");
            }
        }
    }

    /// Whether anybody knows where the part of a lease is.
    fn is_known(&mut self, lease: &Lease, ranges: &[FeedRange]) -> bool {
        if place(&lease.part, ranges) != Place::Nowhere {
            return true;
        }
        if self.told.insert(lease.part.token()) {
            warn!(lease = %lease.part, "lease of a range that nobody knows, left as it is");
        }
        false
    }

    /// The leases to take: those that balance gives this relay, and its own that nobody tends.
    fn chosen(&self, seen: &[Seen]) -> Vec<Lease> {
        let me = self.shared.alone.name.as_str();
        let is_mine = |lease: &&Lease| lease.owner.as_deref() == Some(me);
        let mine = seen.iter().map(|seen| &seen.lease).filter(is_mine);
        let taken = match take(seen, me, self.shared.alone.share) {
            Take::Nothing => Vec::new(),
            Take::Free(leases) => leases,
            Take::Steal(lease) => {
                info!(lease = %lease.part, from = lease.owner, "taking over for balance");
                vec![lease]
            }
        };
        let taken = taken.into_iter().filter(|lease| !is_mine(lease));
        let all = mine.chain(taken).filter(|lease| !self.held.contains(&lease.part.token()));
        all.cloned().collect()
    }

    /// Takes a lease and starts to read its part, or hands it over. Whether it did the latter.
    async fn take_up(&mut self, lease: Lease, ranges: &[FeedRange]) -> Result<bool, Fault> {
        let Some(lease) = self.acquire(lease).await? else { return Ok(false) };
        let shared = &self.shared;
        let mut at = place(&lease.part, ranges);
        if !matches!(at, Place::Read(_)) {
            // The ranges may be older than the lease.
            at = place(&lease.part, &shared.feed.ranges().await?);
        }
        match at {
            Place::Read(part) => {
                self.held.insert(lease.part.token());
                self.tending.spawn(tend(Arc::clone(shared), lease, part));
                Ok(false)
            }
            Place::HandOver(heirs) => {
                hand_over(&shared.leases, &lease, heirs, (shared.clock)()).await?;
                Ok(true)
            }
            Place::Nowhere => Ok(false),
        }
    }

    /// Makes a lease this relay's, unless somebody was faster.
    async fn acquire(&self, lease: Lease) -> Result<Option<Lease>, Fault> {
        let (owner, written_at) = (Some(self.shared.alone.name.clone()), (self.shared.clock)());
        let mine = Lease { owner, written_at, ..lease };
        match self.shared.leases.write(&mine).await? {
            Written::Done(tag) => Ok(Some(Lease { tag, ..mine })),
            Written::Changed => Ok(None),
        }
    }

    /// Until the next regular look, or until a lease runs out that nobody may renew.
    fn pause(&self, look: &Look) -> Duration {
        let acquire = self.shared.alone.timing.acquire;
        let running = self.shared.now().running;
        let expiry = look.next_expiry.map(|at| at.saturating_sub(running).max(BEGIN_PAUSE));
        expiry.map_or(acquire, |expiry| acquire.min(expiry))
    }

    fn failed(&mut self, fault: Fault, backoff: &mut Backoff) -> Duration {
        let pause = backoff.after(&fault, fastrand::u32(..));
        if let Some(news) = backoff.news(&fault) {
            warn!(retry_in = ?pause, "cannot look at the leases, sweeping all the same: {news}");
        }
        if let Fault::Misconfigured { .. } = fault {
            // Nobody reads the feed until that is mended: what is pending goes out all the same.
            self.shared.signals.catch_up.notify_one();
        }
        self.stand(&Look { seen: Vec::new(), next_expiry: None }, Some(fault));
        pause
    }

    /// Says where this relay stands.
    fn stand(&self, look: &Look, fault: Option<Fault>) {
        let me = &self.shared.alone.name;
        let duty = if sweeps(&look.seen, me) { Duty::First } else { Duty::Other };
        self.shared.signals.duty.send_replace(duty);
        let owned = self.held.iter().cloned().collect();
        let leases = look.seen.len();
        self.shared.app.stand(Standing { name: me.clone(), owned, leases, fault });
    }
}
