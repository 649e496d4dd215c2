//! The topic: takes a batch whole or not at all, and drops what it took within the window.

use crate::fate::Call;
use crate::port::Port;
use crate::world::{State, Wrong};
use domain::ports::Publisher;
use domain::{Envelope, EventId, Fault};
use std::collections::BTreeMap;
use std::time::Duration;

/// A topic that detects duplicates.
#[derive(Debug)]
pub(crate) struct Broker {
    /// When it took each message id: a repeat within the window is settled, and dropped.
    taken: BTreeMap<EventId, Duration>,
    /// What it refuses for its content, and what an operator does about that in the end.
    pub(crate) poison: BTreeMap<EventId, Cure>,
    pub(crate) window: Duration,
    pub(crate) batch_max: usize,
}

/// What becomes of a message that the broker refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cure {
    /// The broker is taught to take it, and it is released.
    Release,
    /// It is skipped.
    Skip,
    /// Nobody does anything, or in vain.
    Never,
}

impl Broker {
    pub(crate) fn draw(rng: &mut fastrand::Rng) -> Self {
        let window = Duration::from_secs(if rng.u8(0..4) == 0 { 20 } else { 600 });
        let batch_max = rng.usize(1..=4);
        Self { taken: BTreeMap::new(), poison: BTreeMap::new(), window, batch_max }
    }
}

impl State {
    fn take(&mut self, events: &[EventId]) -> Result<usize, Fault> {
        let fits = self.broker.batch_max.min(events.len());
        let (batch, _) = events.split_at(fits);
        if let Some(poisoned) = batch.iter().find(|event| self.broker.poison.contains_key(event)) {
            return Err(Fault::Rejected { reason: format!("{poisoned} is poison") });
        }
        let now = self.elapsed();
        for event in batch {
            if self.wrong == Some(Wrong::SettledAndLost) && self.happens(50) {
                continue;
            }
            let window = self.broker.window;
            let last = self.broker.taken.get(event).copied();
            let is_repeat = last.is_some_and(|last| now < last + window);
            if !is_repeat || self.wrong == Some(Wrong::NoDuplicateDetection) {
                self.broker.taken.insert(event.clone(), now);
                self.delivered(event);
            }
        }
        Ok(batch.len())
    }
}

impl Publisher for Port {
    async fn publish(&self, events: &[Envelope]) -> Result<usize, Fault> {
        let events: Vec<_> = events.iter().map(Envelope::id).collect();
        let call = Call::Publish(events.clone());
        self.call(call, move |state, _| state.take(&events)).await?
    }

    async fn ready(&self) -> Result<(), Fault> {
        Ok(())
    }
}
