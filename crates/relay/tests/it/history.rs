//! Random histories: pages that are late, repeated or torn, two relays, crashes, lost answers,
//! poison. At the end, once all is well, everything that can be told has been told, in order.

use crate::world::{Mishap, World, now};
use domain::EventState;
use proptest::prelude::*;
use relay::{Relay, Source};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// The next event of an order is committed.
    Commit { order: usize },
    /// A relay gets a page of these events, whatever became of them.
    Page { relay: usize, from: usize, count: usize },
    /// A relay repeats its last page.
    Repeat { relay: usize },
    /// A relay sweeps.
    Sweep { relay: usize },
    /// A call goes wrong some time from now.
    Plan { call: usize, mishap: Mishap },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let mishap = prop::sample::select(crate::world::MISHAPS.to_vec());
    let step = prop_oneof![
        4 => (0..3_usize).prop_map(|order| Step::Commit { order }),
        4 => (0..2_usize, 0..12_usize, 1..6_usize)
            .prop_map(|(relay, from, count)| Step::Page { relay, from, count }),
        1 => (0..2_usize).prop_map(|relay| Step::Repeat { relay }),
        1 => (0..2_usize).prop_map(|relay| Step::Sweep { relay }),
        2 => (0..6_usize, mishap).prop_map(|(call, mishap)| Step::Plan { call, mishap }),
    ];
    prop::collection::vec(step, 1..60)
}

struct History {
    world: World,
    relays: [Relay<World, World>; 2],
    pages: [Vec<domain::Reading>; 2],
    counts: [u32; 3],
    is_poisoned: bool,
}

impl History {
    fn new(is_poisoned: bool) -> Self {
        let world = World::default();
        world.batch_max(3);
        if is_poisoned {
            world.poison("o0.3");
        }
        let relays = [world.relay(), world.relay()];
        Self { world, relays, pages: [vec![], vec![]], counts: [0; 3], is_poisoned }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Commit { order } => {
                self.counts[order] += 1;
                self.world.put(&format!("o{order}.{}", self.counts[order]), EventState::Pending);
            }
            Step::Page { relay, from, count } => {
                let feed = self.world.feed();
                self.pages[relay] = feed.into_iter().skip(from).take(count).collect();
                self.round(relay, Source::Feed).await;
            }
            Step::Repeat { relay } => self.round(relay, Source::Feed).await,
            Step::Sweep { relay } => {
                self.pages[relay] = self.world.overdue();
                self.round(relay, Source::Store).await;
            }
            Step::Plan { call, mishap } => self.world.plan(call, mishap),
        }
        self.world.assert_sound();
    }

    async fn round(&mut self, relay: usize, source: Source) {
        let page = self.pages[relay].clone();
        let has_crashed = tokio::select! {
            biased;
            () = self.world.crashed() => true,
            _ = self.relays[relay].round(page, source, now()) => false,
        };
        if has_crashed {
            self.relays[relay] = self.world.relay();
        }
    }

    /// All is well from now on: the plan's leftovers are used up, and a sweep finds the rest.
    async fn settle(&mut self) {
        for _ in 0..20 {
            self.step(Step::Sweep { relay: 0 }).await;
        }
    }

    fn assert_told(&self) {
        for (order, count) in self.counts.iter().enumerate() {
            for sequence in 1..=*count {
                let event = format!("o{order}.{sequence}");
                let state = self.world.state_of(&event);
                match (order == 0 && self.is_poisoned, sequence) {
                    (true, 3) => assert!(matches!(state, EventState::Parked { .. }), "{event}"),
                    (true, 4..) => assert_eq!(state, EventState::Pending, "{event}"),
                    _ => assert!(matches!(state, EventState::Processed { .. }), "{event}"),
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn in_order_per_order_in_every_history(
        steps in steps(),
        is_poisoned: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut history = History::new(is_poisoned);
            for step in steps {
                history.step(step).await;
            }
            history.settle().await;
            history.assert_told();
        });
    }
}
