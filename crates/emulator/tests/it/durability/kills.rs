//! The emulator is killed at random instants under load, again and again, and goes on each time.

use super::{
    Orders, bus_of, count,
    items::{Reader, Writer},
    kill,
    messages::Letters,
    start,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 4;
const WRITERS: usize = 4;

/// Counts what was acknowledged, and wakes whoever waits for so many.
#[derive(Default)]
struct Acknowledged {
    count: AtomicUsize,
    changed: Notify,
}

impl Acknowledged {
    fn one_more(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    async fn reaches(&self, count: usize) {
        while self.count.load(Ordering::Relaxed) < count {
            self.changed.notified().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_takes_back_what_was_acknowledged_for_an_item() {
    let data = tempfile::tempdir().expect("a folder");
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let mut reader = Reader::default();
    for round in 0..ROUNDS {
        let emulator = start(data.path()).await;
        let orders = Orders::of(&emulator);
        for writer in &mut writers {
            writer.check(&orders).await;
        }
        reader.check(&orders, &writers).await;
        let progress = Arc::new(Acknowledged::default());
        let mut writing = JoinSet::new();
        for (at, writer) in writers.drain(..).enumerate() {
            let (orders, progress) = (orders.clone(), Arc::clone(&progress));
            writing.spawn(writer.write_on(at, orders, move || progress.one_more()));
        }
        let mut reading = JoinSet::new();
        reading.spawn(reader.read_on(orders));
        progress.reaches(fastrand::usize(1..150)).await;
        kill(emulator).await;
        let mut back = writing.join_all().await;
        back.sort_by_key(|(at, _)| *at);
        writers.extend(back.into_iter().map(|(_, writer)| writer));
        reader = reading.join_next().await.expect("a reader").expect("no panic");
        let acknowledged: usize = writers.iter().map(Writer::acknowledged).sum();
        assert!(round < acknowledged, "nothing was acknowledged");
    }
    let emulator = start(data.path()).await;
    let orders = Orders::of(&emulator);
    for writer in &mut writers {
        writer.check(&orders).await;
    }
    reader.check(&orders, &writers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_takes_back_what_was_acknowledged_for_a_message() {
    let data = tempfile::tempdir().expect("a folder");
    let mut letters: Vec<Letters> = (0..WRITERS).map(|at| Letters::of(&format!("s{at}"))).collect();
    for _ in 0..ROUNDS {
        let emulator = start(data.path()).await;
        let at = bus_of(&emulator);
        let progress = Arc::new(Acknowledged::default());
        let dead = CancellationToken::new();
        let mut exchanging = JoinSet::new();
        for session in letters.drain(..) {
            let progress = Arc::clone(&progress);
            let note = move || progress.one_more();
            exchanging.spawn(session.exchange_on(at, dead.clone(), note));
        }
        progress.reaches(fastrand::usize(1..150)).await;
        kill(emulator).await;
        dead.cancel();
        letters = exchanging.join_all().await;
        letters.sort_by(|one, other| one.session().cmp(other.session()));
    }
    let emulator = start(data.path()).await;
    let at = bus_of(&emulator);
    for session in &mut letters {
        session.repeat(at).await;
    }
    let active = count(&emulator, "/servicebus/entities/orders~1Subscriptions~1all/active").await;
    let bounds = letters.iter_mut().map(Letters::left);
    let (least, most) = bounds.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let active = usize::try_from(active).expect("a count");
    assert!(least <= active && active <= most, "{active} of {least} to {most}");
    assert!(letters.iter().all(|session| 0 < session.acknowledged()));
    let mut drained = 0;
    for session in &mut letters {
        drained += session.drain(at).await;
    }
    assert_eq!(drained, active);
}
