//! What a request costs does not depend on how many items there are.
//!
//! Measured as processor time of this thread, which grows with no other load of the machine. A
//! look at every item would make the large container forty times as dear as the small one.

use super::*;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

const FEW: i64 = 500;
const MANY: i64 = 40 * FEW;
/// Requests measured at a time, and how often: the cheapest time counts.
const REQUESTS: i64 = 50;
const RUNS: usize = 5;
/// How much dearer the large container may be.
const DEARER_MAX: u32 = 8;

fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("threads have a clock").into()
}

/// A container of so many items, one written in each second up to `NOW`.
fn filled(count: i64) -> Container {
    let mut container = container(json!({}));
    for age in (0..count).rev() {
        let name = age.to_string();
        let document = json!({"id": name, "pk": name}).to_string();
        let document = Document::parse(document.as_bytes()).unwrap();
        let key = key(&container, &name);
        let create = Operation::Create(document, no_conditions());
        container.perform(&key, &create, NOW - age).unwrap();
    }
    container
}

fn cost(count: i64, work: impl Fn(&mut Container, i64)) -> Duration {
    let mut container = filled(count);
    let times = (0..RUNS).map(|_| {
        let before = cpu();
        (0..REQUESTS).for_each(|turn| work(&mut container, turn));
        cpu().saturating_sub(before)
    });
    times.min().unwrap()
}

#[track_caller]
fn check(work: impl Fn(&mut Container, i64)) {
    let (few, many) = (cost(FEW, &work), cost(MANY, &work));
    assert!(many < few * DEARER_MAX, "{few:?} among {FEW}, {many:?} among {MANY}");
}

fn page(container: &mut Container, start: Start, since: Option<i64>) {
    let request = FeedRequest { mode: Mode::Latest, start, since, items_max: 10 };
    let page = container.feed(&Scope::All, &request, NOW).unwrap();
    assert_eq!(page.entries.len(), 10);
}

#[test]
fn a_point_read_costs_the_same_among_any_number_of_items() {
    check(|container, turn| {
        let name = turn.to_string();
        assert_eq!(status(&perform(container, &name, &read(&name))), 200);
    });
}

#[test]
fn a_page_of_the_feed_costs_the_same_among_any_number_of_items() {
    check(|container, turn| page(container, Start::After(format!("\"{turn}\"")), None));
}

#[test]
fn a_feed_from_a_point_in_time_begins_there() {
    check(|container, turn| page(container, Start::Beginning, Some(NOW - 10 - turn)));
}
