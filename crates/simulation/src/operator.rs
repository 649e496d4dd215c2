//! The operator: releases what is mended, skips what never will be, and has things sent again.

use crate::broker::Cure;
use crate::fate::Call;
use crate::port::Port;
use crate::relays::LIMITS;
use crate::world::State;
use domain::{Entry, EventId, EventState, Fault, Key, Reading, Timestamp};
use relay::{Relay, Source};
use std::time::Duration;
use tokio::time::sleep;

/// Looks after what is parked, now and then.
pub(crate) async fn operate(port: Port, clock: fn() -> Timestamp) {
    loop {
        let (pause, is_calm, replays, order) = {
            let mut state = port.world.state();
            let (pause, replays) = (state.draw(500, 12_000), state.happens(250));
            (pause, state.climate.is_calm, replays, state.draw(0, 5))
        };
        sleep(Duration::from_millis(pause)).await;
        if let Ok(parked) = port.parked().await {
            for (event, lsn) in parked {
                // Nobody is told what became of it: whoever wants to know looks again.
                let _ = port.rule(event, lsn).await;
            }
        }
        if replays && !is_calm {
            replay(&port, &format!("order-{order}"), clock()).await;
        }
    }
}

/// `relay replay --order`: what is processed goes to the broker again, from a relay of its own.
async fn replay(port: &Port, order: &str, now: Timestamp) {
    let Ok(key) = order.parse::<Key>() else { return };
    let Ok(processed) = port.processed(&key).await else { return };
    let relay = Relay::new(port.clone(), port.clone(), LIMITS);
    let readings = processed.into_iter().map(Reading::Event).collect();
    // A replay that ends early is told so, and may be run again.
    let _ = relay.round_in_time(readings, Source::Replay, now).await;
}

impl State {
    /// Decides on a parked event, unless it was written since it was read.
    fn rule(&mut self, event: &EventId, lsn: u64) {
        let Some(stored) = self.store.events.get(event) else { return };
        if stored.lsn != lsn || !matches!(stored.entry.state, EventState::Parked { .. }) {
            return;
        }
        let cure = self.broker.poison.get(event).copied();
        match cure {
            Some(Cure::Skip) => self.write(event, EventState::Skipped, None),
            Some(Cure::Never) if self.climate.is_calm || self.happens(700) => {}
            Some(Cure::Never) => self.write(event, EventState::Pending, None),
            // What was mended may have been parked by an old refusal once more.
            Some(Cure::Release) | None => {
                self.broker.poison.remove(event);
                self.write(event, EventState::Pending, None);
            }
        }
    }
}

impl Port {
    async fn parked(&self) -> Result<Vec<(EventId, u64)>, Fault> {
        let find = |state: &mut State, _| {
            let events = state.store.events.iter();
            let parked = events
                .filter(|(_, stored)| matches!(stored.entry.state, EventState::Parked { .. }));
            parked.map(|(event, stored)| (event.clone(), stored.lsn)).collect()
        };
        self.call(Call::Parked, find).await
    }

    async fn rule(&self, event: EventId, lsn: u64) -> Result<(), Fault> {
        let call = Call::Rule(event.clone());
        self.call(call, move |state, _| state.rule(&event, lsn)).await
    }

    async fn processed(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        let of = key.clone();
        let find = move |state: &mut State, _| {
            let entries = state.store.events.values().map(|stored| &stored.entry);
            let of_it = entries.filter(|entry| entry.envelope.key == of);
            of_it
                .filter(|entry| matches!(entry.state, EventState::Processed { .. }))
                .cloned()
                .collect()
        };
        self.call(Call::Processed(key.clone()), find).await
    }
}
