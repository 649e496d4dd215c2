//! Bulk: independent conditional patches of many keys, one request per range and hundred.

mod chunk;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::Container;
use crate::account::PartitionKey;
use crate::batch::{Body, Step, parse};
use crate::failure::Failure;
use crate::patch::Patch;
use crate::request::{InRange, Request, Want};
use crate::verdict::{Came, Next, Repeat, Route, SoFar, after, backoff, leaves_open};
use chunk::{Chunk, Spread, spread};

/// One document to patch. Unless the patch carries a condition that it makes false itself,
/// a lost answer can make it happen twice.
#[derive(Debug)]
pub struct Patching {
    /// The partition key.
    pub key: PartitionKey,
    /// The document.
    pub id: String,
    /// What to change, and under which condition.
    pub patch: Patch,
}

/// What came of one patch. A failure of a whole request is shared by all its patches.
pub type Patched = Result<(), Arc<Failure>>;

/// What a round left of a patch.
enum Fate {
    Settled(Patched),
    Again(Duration),
}

impl Container {
    /// Patches documents independently of each other; one answer each, in the same order.
    ///
    /// Requests go out side by side, at most eight at a time. Where a range is
    /// gone, its patches are spread over the ranges that took its place.
    pub async fn patch_many(&self, patches: &[Patching]) -> Vec<Patched> {
        let mut fates: Vec<Fate> = patches.iter().map(|_| Fate::Again(Duration::ZERO)).collect();
        let started = Instant::now();
        let mut attempts = 0;
        while let Some(pause) = longest_pause(&fates) {
            tokio::time::sleep(pause).await;
            attempts += 1;
            let (elapsed, jitter) = (started.elapsed(), fastrand::f64());
            // Token and caches are the business of each request, not of the rounds.
            let so_far = SoFar { attempts, elapsed, renewed: true, by_token: false, jitter };
            self.round(patches, &mut fates, so_far).await;
        }
        fates.into_iter().filter_map(Fate::settled).collect()
    }

    /// Sends what is still to do, and notes what came of it.
    async fn round(&self, patches: &[Patching], fates: &mut [Fate], so_far: SoFar) {
        let todo: Vec<usize> = (0..)
            .zip(fates.iter())
            .filter_map(|(at, fate)| matches!(fate, Fate::Again(_)).then_some(at))
            .collect();
        let layout = match self.layout().await {
            Ok(layout) => layout,
            Err(failure) => return settle(fates, &todo, failure),
        };
        let Spread { chunks, unfit } = spread(patches, &todo, &layout.ranges);
        for (at, failure) in unfit {
            settle(fates, &[at], failure);
        }
        let rid = layout.rid.as_deref();
        let mut waiting = chunks.into_iter();
        let mut running = FuturesUnordered::new();
        loop {
            let free = REQUESTS_MAX.saturating_sub(running.len());
            running.extend(waiting.by_ref().take(free).map(|c| self.send_chunk(c, rid, so_far)));
            let Some(done) = running.next().await else { break };
            for (at, fate) in done {
                note(fates, at, fate);
            }
        }
    }

    async fn send_chunk(
        &self,
        chunk: Chunk,
        container_rid: Option<&str>,
        so_far: SoFar,
    ) -> Vec<(usize, Fate)> {
        let Chunk { range, body, places, guarded } = chunk;
        let of = InRange { range: &range, container_rid };
        match self.send_bulk(of, body, guarded).await {
            Ok((steps, open)) => {
                if steps.iter().any(|step| step.status == GONE) {
                    self.forget_ranges();
                }
                let fates = steps.iter().map(|step| self.fate_of(step, open, so_far));
                places.into_iter().zip(fates).collect()
            }
            Err(failure) if failure.is_range_gone() && self.may_go_on(so_far) => {
                places.into_iter().map(|at| (at, Fate::Again(backoff(so_far)))).collect()
            }
            Err(failure) => {
                let shared = Arc::new(failure);
                let fate = || Fate::Settled(Err(Arc::clone(&shared)));
                places.into_iter().map(|at| (at, fate())).collect()
            }
        }
    }

    async fn send_bulk(
        &self,
        of: InRange<'_>,
        body: Body,
        guarded: bool,
    ) -> Result<(Vec<Step>, bool), Failure> {
        let operations = body.len();
        let request = Request::bulk(&self.at, of, body.finish())?.wanting(Want::Nothing);
        let request = if guarded { request } else { request.doubling() };
        let reply = self.send(&request).await?;
        Ok((parse(&reply.body, operations)?, reply.open))
    }

    /// What the answer to one patch means for it. The verdict is that of a request.
    fn fate_of(&self, step: &Step, open: bool, so_far: SoFar) -> Fate {
        if step.is_success() {
            return Fate::Settled(Ok(()));
        }
        let refusal = step.refusal();
        let how = (Route::Range, Repeat::Harmless);
        match after(Came::Refusal(&refusal), how, so_far, self.client.patience()) {
            Next::Again(pause) | Next::Elsewhere(pause) | Next::AskAccount(pause) => {
                Fate::Again(pause)
            }
            Next::Stop | Next::Renew if refusal.status == GONE && self.may_go_on(so_far) => {
                Fate::Again(backoff(so_far))
            }
            Next::Stop | Next::Renew => {
                let open = open || leaves_open(&refusal);
                Fate::Settled(Err(Arc::new(Failure::refused(refusal, open))))
            }
        }
    }

    fn may_go_on(&self, so_far: SoFar) -> bool {
        let patience = self.client.patience();
        so_far.attempts < patience.attempts_max && so_far.elapsed < patience.total_max
    }
}

impl Fate {
    fn settled(self) -> Option<Patched> {
        match self {
            Self::Settled(patched) => Some(patched),
            Self::Again(_) => None,
        }
    }
}

/// How long to wait for those that are to be sent again; none where all are settled.
fn longest_pause(fates: &[Fate]) -> Option<Duration> {
    let pauses = fates.iter().filter_map(|fate| match fate {
        Fate::Again(pause) => Some(*pause),
        Fate::Settled(_) => None,
    });
    pauses.max()
}

fn settle(fates: &mut [Fate], places: &[usize], failure: Failure) {
    let shared = Arc::new(failure);
    for at in places {
        note(fates, *at, Fate::Settled(Err(Arc::clone(&shared))));
    }
}

fn note(fates: &mut [Fate], at: usize, fate: Fate) {
    if let Some(place) = fates.get_mut(at) {
        *place = fate;
    }
}

const GONE: u16 = 410;
/// Enough to keep some ranges busy; more would only wait for request units.
const REQUESTS_MAX: usize = 8;
