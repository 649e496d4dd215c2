//! What a request costs does not depend on how many items there are.
//!
//! Measured as processor time of this thread, which grows with no other load of the machine. A
//! look at every item would make the large container forty times as dear as the small one.

use super::*;
use crate::cosmos::{core::Search, query};
use nix::time::{ClockId, clock_gettime};
use serde_json::Map;
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

/// A container of so many items, one written in each second up to `NOW`, each in a key of its own
/// or all in the one given.
fn filled(count: i64, one_key: Option<&str>) -> Container {
    let mut container = container(json!({}));
    for age in (0..count).rev() {
        let name = age.to_string();
        let pk = one_key.unwrap_or(&name);
        let document = json!({"id": name, "pk": pk}).to_string();
        let document = Document::parse(document.as_bytes()).unwrap();
        let key = key(&container, pk);
        let create = Operation::Create(document, no_conditions());
        container.perform(&key, &create, NOW - age).unwrap();
    }
    container
}

fn cost(mut container: Container, work: impl Fn(&mut Container, i64)) -> Duration {
    let times = (0..RUNS).map(|_| {
        let before = cpu();
        (0..REQUESTS).for_each(|turn| work(&mut container, turn));
        cpu().saturating_sub(before)
    });
    times.min().unwrap()
}

#[track_caller]
fn check(work: impl Fn(&mut Container, i64)) {
    check_in(None, work);
}

#[track_caller]
fn check_in(one_key: Option<&str>, work: impl Fn(&mut Container, i64)) {
    let [few, many] = [FEW, MANY].map(|count| cost(filled(count, one_key), &work));
    assert!(many < few * DEARER_MAX, "{few:?} among {FEW}, {many:?} among {MANY}");
}

fn page(container: &mut Container, scope: &Scope, (start, since): (Start, Option<i64>)) {
    let request = FeedRequest { mode: Mode::Latest, start, since, items_max: 10 };
    let page = container.feed(scope, &request, NOW).unwrap();
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
    check(|container, turn| {
        page(container, &Scope::All, (Start::After(format!("\"{turn}\"")), None));
    });
}

#[test]
fn a_page_of_the_feed_of_one_key_costs_the_same_however_much_the_key_holds() {
    check_in(Some("p"), |container, turn| {
        let scope = Scope::Key(key(container, "p"));
        page(container, &scope, (Start::After(format!("\"{turn}\"")), None));
    });
}

#[test]
fn a_page_of_a_query_of_one_key_costs_the_same_however_much_the_key_holds() {
    let query = query::parse("SELECT * FROM c WHERE c.id = '7'").unwrap();
    let wanted = query.requirements(&Map::new());
    check_in(Some("p"), |container, _| {
        let scope = Scope::Key(key(container, "p"));
        let search = Search { scope: &scope, wanted: &[] };
        let first = container.scan(search, None, 10, NOW).unwrap();
        let second = container.scan(search, first.next.as_ref(), 10, NOW).unwrap();
        assert_eq!((first.found.len(), second.found.len()), (10, 10));
        let search = Search { scope: &scope, wanted: &wanted };
        assert_eq!(container.scan(search, None, 10, NOW).unwrap().found.len(), 1);
    });
}

#[test]
fn a_feed_from_a_point_in_time_begins_there() {
    check(|container, turn| {
        page(container, &Scope::All, (Start::Beginning, Some(NOW - 10 - turn)));
    });
}
