//! What a message costs does not depend on how many others there are.
//!
//! Measured as processor time of this thread, which grows with no other load of the machine. A
//! look at every message or session would make the large broker fifty times as dear as the small
//! one; what remains (trees a little deeper, caches that miss) makes it two or three times as dear.

use super::*;
use nix::time::{ClockId, clock_gettime};

const FEW: usize = 1_000;
const MANY: usize = 50 * FEW;
/// Messages that are measured at a time: few of those that are there.
const TAKEN: u32 = 100;
/// The cheapest of so many measurements counts.
const RUNS: usize = 5;
/// How much dearer the large broker may be.
const DEARER_MAX: u32 = 10;

fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("threads have a clock").into()
}

/// What `work` costs in a broker with so many messages, each in a session of its own if it has
/// sessions.
fn cost(mut bench: Bench, count: usize, work: impl Fn(&mut Bench)) -> Duration {
    let sample = |number: usize| {
        let id = number.to_string();
        Sample::new(&id).session(&id).message()
    };
    bench.send("q", (0..count).map(sample));
    let times = (0..RUNS).map(|_| {
        let before = cpu();
        work(&mut bench);
        cpu().saturating_sub(before)
    });
    times.min().expect("it was measured")
}

#[track_caller]
fn check(bench: impl Fn() -> Bench, work: impl Fn(&mut Bench)) {
    let few = cost(bench(), FEW, &work);
    let many = cost(bench(), MANY, &work);
    assert!(many < few * DEARER_MAX, "{few:?} among {FEW}, {many:?} among {MANY}");
}

fn plain() -> Bench {
    Bench::queue(Settings::default())
}

#[test]
fn taking_and_settling_cost_the_same_in_any_backlog() {
    check(plain, |bench| {
        let consumer = bench.open("q");
        for _ in 0..TAKEN {
            let delivery = bench.one(consumer);
            bench.complete("q", &delivery);
        }
        bench.broker.close(consumer, bench.now);
    });
}

#[test]
fn the_end_of_a_lock_costs_the_same_in_any_backlog() {
    check(plain, |bench| {
        let consumer = bench.open("q");
        bench.receive(consumer, TAKEN);
        bench.pass(3_600);
        bench.broker.close(consumer, bench.now);
    });
}

#[test]
fn a_page_of_session_ids_costs_the_same_among_any_number_of_sessions() {
    check(Bench::sessions, |bench| {
        let queue = bench.id("q");
        for page in 0..10 {
            let page = (page * 10, 10);
            let found = bench.broker.session_ids(queue, None, page, bench.now);
            assert_eq!(found.expect("it is there").len(), 10);
        }
    });
}

#[test]
fn a_list_of_sessions_goes_on_at_the_same_cost_however_far_it_has_come() {
    let mut bench = Bench::sessions();
    let sample = |number: usize| Sample::new("").session(&number.to_string()).message();
    bench.send("q", (0..MANY).map(sample));
    let queue = bench.id("q");
    let mut ten_pages = |from: usize| {
        let mut page = |skip| bench.broker.session_ids(queue, None, (skip, 10), bench.now);
        page(from).expect("it is there");
        let before = cpu();
        for turn in 1..=10 {
            assert_eq!(page(from + turn * 10).expect("it is there").len(), 10);
        }
        cpu().saturating_sub(before)
    };
    let [near, far] = [0, MANY / 2]
        .map(|from| (0..RUNS).map(|_| ten_pages(from)).min().expect("it was measured"));
    assert!(far < near * DEARER_MAX, "{near:?} at the beginning, {far:?} in the middle");
}

#[test]
fn the_next_session_costs_the_same_among_any_number_of_sessions() {
    check(Bench::sessions, |bench| {
        for _ in 0..TAKEN {
            let (want, now) = (bench.want("q"), bench.now);
            let accepted = bench.broker.open_next_session(want, now, now);
            let Ok(Accepted::Held(consumer, _)) = accepted else { unreachable!("none is free") };
            let delivery = bench.one(consumer);
            bench.complete("q", &delivery);
            bench.broker.close(consumer, now);
        }
    });
}
