//! A store and a broker in memory, whose calls fail as planned.

mod leases;
mod ports;

pub(crate) use leases::{LeaseCall, Store};

use domain::ports::{FeedRange, Mark, MarkAs, Marked};
use domain::{Entry, Envelope, EventId, EventState, Fault, Json, Key, Reading, Stretch, Timestamp};
use relay::{Limits, Relay};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The process dies before anything happened.
    CrashBefore,
    /// The process dies half-way through a bulk call.
    CrashHalfway,
    /// The process dies after it happened, before it hears of it.
    CrashAfter,
    /// Nothing happens, and the caller is told so.
    Away,
    /// It happens, and the answer is lost.
    Silence,
    /// Nothing happens, and nothing is ever heard of it.
    Hang,
}

pub(crate) const MISHAPS: [Mishap; 5] =
    [Mishap::CrashBefore, Mishap::CrashHalfway, Mishap::CrashAfter, Mishap::Away, Mishap::Silence];

/// A call of a relay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    Unpublished(Key),
    Pending,
    Publish(Vec<EventId>),
    Mark(Vec<EventId>),
    Feed(String),
}

/// A shared world; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct World(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    crashed: Notify,
}

#[derive(Debug, Default)]
struct State {
    stored: BTreeMap<EventId, Stored>,
    taken: Vec<EventId>,
    poison: BTreeSet<EventId>,
    batch_max: Option<usize>,
    plan: BTreeMap<usize, Mishap>,
    calls: Vec<Call>,
    is_dead: bool,
    written: Vec<EventId>,
    ranges: Vec<FeedRange>,
    problem: Option<String>,
    leases: Store,
}

#[derive(Debug, Clone)]
struct Stored {
    entry: Entry,
    ttl: Option<Duration>,
}

pub(crate) fn id(text: &str) -> EventId {
    text.parse().unwrap()
}

pub(crate) fn ids(texts: &[&str]) -> Vec<EventId> {
    texts.iter().map(|text| id(text)).collect()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

pub(crate) fn entry(event: &str, state: EventState) -> Entry {
    let EventId { key, sequence } = id(event);
    let envelope = Envelope {
        key,
        sequence,
        event_type: "Happened".into(),
        occurred_at: now(),
        data: Json::from_valid("{}"),
        traceparent: None,
    };
    Entry { envelope, state }
}

pub(crate) fn pending(event: &str) -> Reading {
    Reading::Event(entry(event, EventState::Pending))
}

pub(crate) fn processed(event: &str) -> Reading {
    Reading::Event(entry(event, EventState::Processed { at: now() }))
}

impl World {
    /// A world with these events pending.
    pub(crate) fn with_pending(events: &[&str]) -> Self {
        let world = Self::default();
        for event in events {
            world.put(event, EventState::Pending);
        }
        world
    }

    /// A relay that was just started in this world.
    pub(crate) fn relay(&self) -> Relay<Self, Self> {
        let limits = Limits { retention: RETENTION, in_flight: 4 };
        Relay::new(self.clone(), self.clone(), limits)
    }

    pub(crate) fn put(&self, event: &str, state: EventState) {
        let stored = Stored { entry: entry(event, state), ttl: None };
        let mut state = self.state();
        state.stored.insert(id(event), stored);
        state.written.push(id(event));
    }

    /// An event that the feed will never tell of.
    pub(crate) fn put_unseen(&self, event: &str) {
        let stored = Stored { entry: entry(event, EventState::Pending), ttl: None };
        self.state().stored.insert(id(event), stored);
    }

    /// The store is not ready any more.
    pub(crate) fn break_store(&self, problem: &str) {
        self.state().problem = Some(problem.into());
    }

    /// The feed consists of these ranges from now on, one, two or four: each a name, and the names of
    /// its parents. Of two, the first holds the keys up to `m`; of four, the first and the last one
    /// hold keys.
    pub(crate) fn ranges(&self, ranges: &[(&str, &[&str])]) {
        let borders: &[_] = match ranges.len() {
            1 => &["", "FF"],
            2 => &["", "20", "FF"],
            _ => &["", "10", "20", "30", "FF"],
        };
        let stretches = borders.iter().zip(&borders[1..]);
        let range = |((id, parents), (min, max)): (&(&str, &[&str]), (&&str, &&str))| FeedRange {
            id: (*id).into(),
            stretch: Stretch::new(*min, *max),
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
        };
        self.state().ranges = ranges.iter().zip(stretches).map(range).collect();
    }

    /// Waits until something is so, for less than the minute after which a sweep would mend it.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        self.within(Duration::from_secs(30), what, is_so).await;
    }

    /// Waits until something is so, at most this long.
    pub(crate) async fn within(&self, most: Duration, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(most, async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        assert!(waited.await.is_ok(), "never came to be: {what}");
    }

    /// The broker will refuse this event for ever.
    pub(crate) fn poison(&self, event: &str) {
        self.state().poison.insert(id(event));
    }

    /// The broker takes at most this many events in one batch.
    pub(crate) fn batch_max(&self, most: usize) {
        self.state().batch_max = Some(most);
    }

    /// The call of this number (0 is the first one from now) goes wrong.
    pub(crate) fn plan(&self, call: usize, mishap: Mishap) {
        let mut state = self.state();
        let made = state.calls.len();
        state.plan.insert(made + call, mishap);
    }

    /// Everything in the store, as a feed from the beginning would show it.
    pub(crate) fn feed(&self) -> Vec<Reading> {
        let entry = |stored: &Stored| Reading::Event(stored.entry.clone());
        self.state().stored.values().map(entry).collect()
    }

    /// The pending events, as a sweep would find them.
    pub(crate) fn overdue(&self) -> Vec<Reading> {
        let mut readings = self.feed();
        readings.retain(|reading| {
            matches!(reading, Reading::Event(Entry { state: EventState::Pending, .. }))
        });
        readings
    }

    pub(crate) fn state_of(&self, event: &str) -> EventState {
        self.state().stored.get(&id(event)).unwrap().entry.state.clone()
    }

    /// What the broker took, repeats and all.
    pub(crate) fn taken(&self) -> Vec<EventId> {
        self.state().taken.clone()
    }

    /// What a consumer behind duplicate detection sees.
    pub(crate) fn received(&self) -> Vec<EventId> {
        let mut seen = BTreeSet::new();
        self.taken().into_iter().filter(|event| seen.insert(event.clone())).collect()
    }

    /// The calls made since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    pub(crate) fn calls_made(&self) -> usize {
        self.state().calls.len()
    }

    /// The process died; whoever ran it starts another one.
    pub(crate) async fn crashed(&self) {
        self.0.crashed.notified().await;
        self.state().is_dead = false;
    }

    /// What holds at any instant, whatever happened.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let received = self.received();
        let state = self.state();
        for (event, Stored { entry, ttl }) in &state.stored {
            let is_processed = matches!(entry.state, EventState::Processed { .. });
            assert_eq!(ttl.is_some(), is_processed, "{event}: ttl only with processed");
            assert!(!is_processed || received.contains(event), "{event}: marked, never published");
        }
        for (place, event) in received.iter().enumerate() {
            let before = &received[..place];
            let must_precede = |(earlier, stored): &(&EventId, &Stored)| {
                earlier.key == event.key
                    && earlier.sequence < event.sequence
                    && stored.entry.state != EventState::Skipped
            };
            for (earlier, _) in state.stored.iter().filter(must_precede) {
                assert!(before.contains(earlier), "{event} overtook {earlier}: {received:?}");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// One call: notes it, lets it go wrong as planned, else lets it happen.
    async fn call<T>(
        &self,
        call: Call,
        act: impl Fn(&mut State, usize) -> T + Send,
        size: usize,
    ) -> Result<T, Fault> {
        tokio::task::yield_now().await;
        let mishap = self.state().note(call);
        match mishap {
            None => Ok(act(&mut self.state(), size)),
            Some(Mishap::Hang) => std::future::pending().await,
            Some(Mishap::Away) => Err(Fault::Unavailable("planned".into())),
            Some(Mishap::Silence) => {
                act(&mut self.state(), size);
                Err(Fault::Unanswered("planned".into()))
            }
            Some(Mishap::CrashBefore) => self.die().await,
            Some(Mishap::CrashHalfway) => {
                act(&mut self.state(), size / 2);
                self.die().await
            }
            Some(Mishap::CrashAfter) => {
                act(&mut self.state(), size);
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.state().is_dead = true;
        self.0.crashed.notify_one();
        std::future::pending().await
    }
}

const RETENTION: Duration = Duration::from_hours(168);

impl State {
    fn note(&mut self, call: Call) -> Option<Mishap> {
        let number = self.calls.len();
        self.calls.push(call);
        // A dead process makes no more calls that reach anything.
        if self.is_dead { Some(Mishap::CrashBefore) } else { self.plan.remove(&number) }
    }

    fn take(&mut self, events: &[EventId]) -> Result<usize, Fault> {
        let fits = self.batch_max.unwrap_or(usize::MAX).min(events.len());
        let (batch, _) = events.split_at(fits);
        if let Some(poisoned) = batch.iter().find(|event| self.poison.contains(event)) {
            return Err(Fault::Rejected { reason: format!("{poisoned} is poison") });
        }
        self.taken.extend(batch.iter().cloned());
        Ok(batch.len())
    }

    fn write(&mut self, mark: &Mark) -> Marked {
        self.written.push(mark.event.clone());
        let stored = self.stored.get_mut(&mark.event).unwrap();
        if stored.entry.state != EventState::Pending {
            return Marked::NotPending;
        }
        match &mark.verdict {
            MarkAs::Processed { retention } => {
                stored.entry.state = EventState::Processed { at: mark.at };
                stored.ttl = Some(*retention);
            }
            MarkAs::Parked { reason } => {
                let reason = reason.clone();
                stored.entry.state = EventState::Parked { at: mark.at, reason };
            }
        }
        Marked::Done
    }
}
