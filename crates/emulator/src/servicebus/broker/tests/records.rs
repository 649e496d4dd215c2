//! What the broker tells of itself is all there is to know: from it, the same broker comes back,
//! with every delivery that was under way counted as failed.

use super::*;
use crate::{
    servicebus::{
        filter::{Correlation, Filter, Predicate, Rule, SYSTEM},
        message::{Stamp, sample::Sample as Letter},
    },
    store::{Rows, sample::Sample},
};
use bytes::Bytes;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Send(u8, u8),
    Schedule(u8, u64),
    Cancel(i64),
    Receive(u8, u32),
    Settle(usize, u8),
    SetState(u8, Option<u8>),
    Rule(u8),
    Pass(u64),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let session = 0_u8..3;
    prop_oneof![
        5 => (session.clone(), 0_u8..40).prop_map(|(session, id)| Act::Send(session, id)),
        2 => (session.clone(), 1_u64..90).prop_map(|(session, after)| Act::Schedule(session, after)),
        1 => (1_i64..20).prop_map(Act::Cancel),
        4 => (session.clone(), 0_u32..4).prop_map(|(session, count)| Act::Receive(session, count)),
        4 => (any::<usize>(), 0_u8..5).prop_map(|(index, how)| Act::Settle(index, how)),
        1 => (session, any::<Option<u8>>()).prop_map(|(session, state)| Act::SetState(session, state)),
        1 => (0_u8..4).prop_map(Act::Rule),
        2 => (1_u64..80).prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ]
}

/// The broker under test, what it has told, and what its receivers hold.
struct Trial {
    bench: Bench,
    sample: Sample,
    locked: Vec<(QueueId, Delivery)>,
}

const SUBSCRIPTIONS: [&str; 2] = ["t/subscriptions/plain", "t/subscriptions/sessions"];

impl Trial {
    fn new() -> Self {
        let settings = Settings {
            deliveries_max: 3,
            time_to_live: Some(Duration::from_secs(100)),
            dead_letter_expired: true,
            ..Settings::default()
        };
        let subscription = |name: &str, requires_session| SubscriptionSpec {
            name: name.to_owned(),
            settings: Settings { requires_session, ..settings.clone() },
            rules: vec![Rule::default_one()],
        };
        let topology = topic(vec![subscription("plain", false), subscription("sessions", true)]);
        let sample = Sample::new();
        let mut bench = Bench::new(&Topology::default());
        bench.broker.record();
        let differing = bench.broker.provision(&topology, &sample.rows()).unwrap();
        assert_eq!(differing, Vec::<String>::new());
        sample.apply(bench.broker.take_changes());
        Self { bench, sample, locked: Vec::new() }
    }

    fn step(&mut self, act: Act) {
        match act {
            Act::Send(session, id) => {
                let message = Letter::new(&id.to_string()).session(&session.to_string());
                self.bench.send("t", [message.message()]);
            }
            Act::Schedule(session, after) => {
                let mut message = Letter::new("later").session(&session.to_string()).message();
                message.id = Arc::from(format!("later {after}"));
                message.scheduled = Some(later(self.bench.now, Duration::from_secs(after)));
                self.bench.send("t", [message]);
            }
            Act::Cancel(sequence) => {
                let target = self.bench.broker.target("t").unwrap();
                drop(self.bench.broker.cancel(target, &[sequence], self.bench.now));
            }
            Act::Receive(session, count) => self.receive(session, count),
            Act::Settle(index, how) => self.settle(index, how),
            Act::SetState(session, state) => self.set_state(session, state),
            Act::Rule(which) => self.toggle_rule(which),
            Act::Pass(seconds) => self.bench.pass(seconds),
            Act::Restart => self.restart(),
        }
        self.sample.apply(self.bench.broker.take_changes());
    }

    fn receive(&mut self, session: u8, count: u32) {
        let plain = self.bench.open(SUBSCRIPTIONS[0]);
        let queue = self.bench.id(SUBSCRIPTIONS[0]);
        self.locked.extend(self.bench.receive(plain, count).into_iter().map(|it| (queue, it)));
        let want = self.bench.want(SUBSCRIPTIONS[1]);
        let session = Arc::from(session.to_string());
        let opened = self.bench.broker.open_session(want, &session, self.bench.now);
        if let Ok(Accepted::Held(consumer, _)) = opened {
            let found = self.bench.receive(consumer, count);
            self.locked.extend(found.into_iter().map(|it| (want.queue, it)));
        }
    }

    fn settle(&mut self, index: usize, how: u8) {
        let Some(index) = index.checked_rem(self.locked.len()) else { return };
        let (queue, delivery) = self.locked.swap_remove(index);
        let properties = vec![("seen".to_owned(), Value::Int(index.try_into().unwrap_or(0)))];
        let settlement = match how {
            0 => Settlement::Complete,
            1 => Settlement::Abandon(properties),
            2 => Settlement::Defer(properties),
            3 => Settlement::Abandon(Vec::new()),
            _ => Settlement::DeadLetter {
                reason: Some("because".to_owned()),
                description: None,
                properties,
            },
        };
        drop(self.bench.broker.settle(queue, delivery.token, settlement, self.bench.now));
    }

    fn set_state(&mut self, session: u8, state: Option<u8>) {
        let queue = self.bench.id(SUBSCRIPTIONS[1]);
        let state = state.map(|byte| Bytes::from(vec![byte]));
        let session = Arc::from(session.to_string());
        let now = self.bench.now;
        drop(self.bench.broker.set_session_state((queue, ME), &session, state, now));
    }

    fn toggle_rule(&mut self, which: u8) {
        let queue = self.bench.id(SUBSCRIPTIONS[0]);
        let name = format!("rule {which}");
        if self.bench.broker.remove_rule(queue, &name).is_ok() {
            return;
        }
        let filter = match which {
            0 => Filter::False,
            1 => Filter::Sql(Predicate::parse("sys.MessageId LIKE '1%'").unwrap()),
            _ => Filter::Correlation(Correlation {
                system: SYSTEM.map(|(_, name, _)| (name == "Label").then(|| "x".to_owned())),
                properties: vec![("k".to_owned(), Value::Long(7))],
            }),
        };
        self.bench.broker.add_rule(queue, Rule { name, filter, action: None }).unwrap();
    }

    /// The emulator ends and starts again: what was under way is available, and has failed once.
    fn restart(&mut self) {
        let counts = self.counts();
        self.bench.broker = Broker::load(&self.sample.rows(), self.bench.now).unwrap();
        let again = self.counts();
        assert_eq!(again.len(), counts.len());
        for ((before, locked), (after, _)) in counts.values().zip(again.values()) {
            assert_eq!(before + u32::from(*locked), *after);
        }
        self.locked.clear();
    }

    /// The delivery count of every message, and whether it is locked, by queue and number.
    /// Dead letters count what they counted before, however they died.
    fn counts(&mut self) -> std::collections::BTreeMap<(String, i64), (u32, bool)> {
        let mut counts = std::collections::BTreeMap::new();
        for path in SUBSCRIPTIONS {
            for path in [path.to_owned(), format!("{path}/$deadletterqueue")] {
                let queue = self.bench.id(&path);
                let part = Part { sequence: 0, count: usize::MAX, session: None };
                let found = self.bench.broker.peek(queue, part, self.bench.now).unwrap();
                // What dies by this restart keeps its number, in another queue.
                let name = path.replace("/$deadletterqueue", "");
                let count = |stamp: Stamp| (stamp.delivery_count, stamp.locked_until.is_some());
                let found =
                    found.into_iter().map(|(_, it)| ((name.clone(), it.sequence), count(it)));
                counts.extend(found);
            }
        }
        counts
    }
}

/// All that a broker tells, stored afresh. Names of a configuration are told once.
fn told(broker: &mut Broker, rows: &Rows) -> Sample {
    broker.provision(&Topology::default(), rows).unwrap();
    Sample::with(broker.retell())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_changes_told_add_up_to_the_broker(acts in proptest::collection::vec(act(), 1..80)) {
        let mut trial = Trial::new();
        for act in acts {
            trial.step(act);
        }
        let rows = trial.sample.rows();
        prop_assert_eq!(trial.sample.dump(), told(&mut trial.bench.broker, &rows).dump());
        trial.step(Act::Restart);
        let rows = trial.sample.rows();
        prop_assert_eq!(trial.sample.dump(), told(&mut trial.bench.broker, &rows).dump());
    }
}

#[test]
fn a_configuration_names_an_entity_once() {
    let topology = Topology {
        queues: vec![queue("q", Settings::default()), queue("r", Settings::default())],
        topics: Topology::shop().topics,
    };
    let first = Topology { queues: vec![queue("q", Settings::default())], topics: Vec::new() };
    let sample = Sample::new();
    let mut broker = Broker::load(&sample.rows(), Timestamp::UNIX_EPOCH).unwrap();
    broker.provision(&first, &sample.rows()).unwrap();
    sample.apply(broker.take_changes());
    let mut broker = Broker::load(&sample.rows(), Timestamp::UNIX_EPOCH).unwrap();
    let mut other = topology.clone();
    other.queues[0].settings.deliveries_max = 99;
    assert_eq!(broker.provision(&other, &sample.rows()).unwrap(), ["q"]);
    sample.apply(broker.take_changes());
    let broker = Broker::load(&sample.rows(), Timestamp::UNIX_EPOCH).unwrap();
    for path in ["q", "r", "orders", "orders/subscriptions/all"] {
        broker.entity(path).unwrap();
    }
}
