//! Whatever is done in whatever order: no message is lost, none is held twice at once, and each
//! further delivery of a message shows a higher delivery count, unless its session was given back.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Act {
    Send(u8),
    Receive(u32),
    Complete(usize),
    Abandon(usize),
    Defer(usize),
    DeadLetter(usize),
    Reopen,
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0_u8..3).prop_map(Act::Send),
        4 => (0_u32..4).prop_map(Act::Receive),
        3 => any::<usize>().prop_map(Act::Complete),
        2 => any::<usize>().prop_map(Act::Abandon),
        1 => any::<usize>().prop_map(Act::Defer),
        1 => any::<usize>().prop_map(Act::DeadLetter),
        1 => Just(Act::Reopen),
        1 => (1_u64..70).prop_map(Act::Pass),
    ]
}

/// What the test knows must be so.
#[derive(Default)]
struct Model {
    sent: u64,
    completed: u64,
    locked: Vec<Delivery>,
    counts: BTreeMap<i64, u32>,
}

impl Model {
    fn received(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            let (sequence, count) = (delivery.stamp.sequence, delivery.stamp.delivery_count);
            let before = self.counts.insert(sequence, count);
            assert!(before.is_none_or(|before| before < count), "{sequence}: {before:?} {count}");
            self.locked.push(delivery);
        }
    }

    fn any_locked(&mut self, index: usize) -> Option<Delivery> {
        let index = index.checked_rem(self.locked.len())?;
        Some(self.locked.swap_remove(index))
    }
}

fn check(sessions: bool, acts: Vec<Act>) {
    let settings = Settings { requires_session: sessions, ..Settings::default() };
    let mut bench = Bench::queue(settings);
    let open = |bench: &mut Bench| if sessions { bench.hold("q", "s") } else { bench.open("q") };
    let mut consumer = open(&mut bench);
    let mut model = Model::default();
    for act in acts {
        match act {
            Act::Send(count) => {
                let batch = (0..count).map(|_| Sample::new("m").session("s").message());
                bench.send("q", batch);
                model.sent += u64::from(count);
            }
            Act::Receive(count) => model.received(bench.receive(consumer, count)),
            Act::Complete(index) => settle(&mut bench, &mut model, index, Settlement::Complete),
            Act::Abandon(index) => {
                settle(&mut bench, &mut model, index, Settlement::Abandon(Vec::new()));
            }
            Act::Defer(index) => {
                settle(&mut bench, &mut model, index, Settlement::Defer(Vec::new()));
            }
            Act::DeadLetter(index) => {
                let (reason, description, properties) = (None, None, Vec::new());
                let dead = Settlement::DeadLetter { reason, description, properties };
                settle(&mut bench, &mut model, index, dead);
            }
            Act::Reopen => {
                bench.broker.close(consumer, bench.now);
                if sessions {
                    // What was delivered in a session that is given back does not count.
                    model.counts.clear();
                }
                consumer = open(&mut bench);
            }
            Act::Pass(seconds) => {
                bench.pass(seconds);
                if bench.effects().contains(&Effect::SessionLost(consumer)) {
                    consumer = open(&mut bench);
                }
            }
        }
        conserved(&bench, &model);
    }
}

fn settle(bench: &mut Bench, model: &mut Model, index: usize, settlement: Settlement) {
    let Some(delivery) = model.any_locked(index) else { return };
    let complete = settlement == Settlement::Complete;
    if bench.settle("q", &delivery, settlement).is_ok() && complete {
        model.completed += 1;
    }
}

fn conserved(bench: &Bench, model: &Model) {
    let there = ["active", "deferred", "deadLetter"].map(|what| bench.count("q", what));
    assert_eq!(there.iter().sum::<u64>() + model.completed, model.sent);
    let held: BTreeSet<_> = model.locked.iter().map(|delivery| delivery.token).collect();
    assert_eq!(held.len(), model.locked.len(), "a token was given twice");
}

proptest! {
    #[test]
    fn nothing_is_lost_without_sessions(acts in proptest::collection::vec(act(), 0..120)) {
        check(false, acts);
    }

    #[test]
    fn nothing_is_lost_with_sessions(acts in proptest::collection::vec(act(), 0..120)) {
        check(true, acts);
    }
}
