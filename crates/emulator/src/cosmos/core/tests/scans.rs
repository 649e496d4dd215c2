//! Scans: paged in the order of creation, right across inserts, deletes, splits and merges.

use super::*;
use crate::cosmos::core::{Position, Search};
use proptest::prelude::*;

fn page(
    container: &mut Container,
    scope: &Scope,
    from: Option<&Position>,
    items_max: usize,
) -> (Vec<String>, Option<Position>) {
    let search = Search { scope, wanted: &[] };
    let page = container.scan(search, from, items_max, NOW).unwrap();
    (ids(page.found.into_iter().map(|(_, body)| body)), page.next)
}

/// A token as it goes over the wire and comes back.
fn told(position: Option<Position>) -> Option<Position> {
    position.map(|position| position.to_string().parse().unwrap())
}

#[test]
fn items_come_in_the_order_of_their_creation() {
    let mut container = container(json!({}));
    for (pk, id) in [("q", "z"), ("p", "y"), ("q", "x")] {
        put(&mut container, pk, id);
    }
    perform(&mut container, "q", &upsert(r#"{"id":"z","pk":"q","n":1}"#)).unwrap();
    assert_eq!(
        page(&mut container, &Scope::All, None, 10),
        (vec!["z".into(), "y".into(), "x".into()], None)
    );
    let q = Scope::Key(key(&container, "q"));
    assert_eq!(page(&mut container, &q, None, 10).0, ["z", "x"]);
}

#[test]
fn every_item_is_seen_once_though_others_come_and_go_and_ranges_change() {
    let mut container = container(json!({}));
    for n in 0..40 {
        put(&mut container, &format!("k{n}"), &n.to_string());
    }
    let mut seen = Vec::new();
    let mut from = None;
    let mut round = 0;
    loop {
        let (ids, next) = page(&mut container, &Scope::All, from.as_ref(), 3);
        seen.extend(ids);
        from = told(next);
        if from.is_none() {
            break;
        }
        match round {
            1 | 3 => drop(container.split(None).unwrap()),
            5 => drop(container.merge().unwrap()),
            _ => {}
        }
        round += 1;
    }
    seen.sort_by_key(|id| id.parse::<u32>().unwrap());
    assert_eq!(seen, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_key_is_scanned_in_pages_of_its_own_items_only() {
    let mut container = container(json!({}));
    for n in 0..5 {
        put(&mut container, "p", &n.to_string());
        put(&mut container, "q", &n.to_string());
    }
    let p = Scope::Key(key(&container, "p"));
    let (first, next) = page(&mut container, &p, None, 2);
    let (second, next) = page(&mut container, &p, told(next).as_ref(), 2);
    let (third, next) = page(&mut container, &p, told(next).as_ref(), 2);
    assert_eq!([first, second, third].concat(), ["0", "1", "2", "3", "4"]);
    assert_eq!(next, None);
}

/// The ids that start so, as a scan and as the feed find them, in pages of so many.
fn found(
    container: &mut Container,
    scope: &Scope,
    (start, items_max): (char, usize),
) -> [Vec<String>; 2] {
    let (mut scanned, mut from) = (Vec::new(), None);
    loop {
        let (ids, next) = page(container, scope, from.as_ref(), items_max);
        scanned.extend(ids);
        from = next;
        if from.is_none() {
            let fed = drain(container, scope, items_max).concat();
            return [scanned, fed].map(|mut ids| {
                ids.retain(|id| id.starts_with(start));
                ids
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_key_is_read_in_the_same_order_however_much_it_holds(
        steps in prop::collection::vec((0..10_u8, 0..40_u32), 1..60),
    ) {
        let mut container = container(json!({}));
        // Some more than are sorted for each page, so that the key's order comes and goes.
        for n in 0..110 {
            put(&mut container, "p", &format!("p{n}"));
            put(&mut container, "q", &format!("q{n}"));
        }
        for (what, n) in steps {
            let text = json!({"id": format!("p{n}"), "pk": "p"}).to_string();
            match what {
                0 => drop(container.split(None)),
                1 => drop(container.merge()),
                2..6 => {
                    let document = Document::parse(text.as_bytes()).unwrap();
                    let upsert = Operation::Upsert(document, no_conditions());
                    perform(&mut container, "p", &upsert).unwrap();
                }
                _ => drop(perform(&mut container, "p", &delete(&format!("p{n}")))),
            }
            let p = Scope::Key(key(&container, "p"));
            let all = found(&mut container, &Scope::All, ('p', usize::MAX));
            prop_assert_eq!(found(&mut container, &p, ('p', 7)), all);
        }
    }
}

#[test]
fn a_prefix_of_a_hierarchical_key_reads_everything_below() {
    let levels =
        json!({"partitionKey": {"paths": ["/t", "/u"], "kind": "MultiHash", "version": 2}});
    let mut container = container(levels);
    for (tenant, user) in [("x", "1"), ("y", "1"), ("x", "2")] {
        let text = json!({"id": format!("{tenant}{user}"), "t": tenant, "u": user}).to_string();
        let key = container.shape().key.parse_key(&json!([tenant, user]).to_string()).unwrap();
        let document = Document::parse(text.as_bytes()).unwrap();
        container.perform(&key, &Operation::Create(document, no_conditions()), NOW).unwrap();
    }
    let x = Scope::Key(container.shape().key.parse_key(r#"["x"]"#).unwrap());
    assert_eq!(page(&mut container, &x, None, 10).0, ["x1", "x2"]);
    let partial = container.shape().key.parse_key(r#"["x"]"#).unwrap();
    assert_eq!(status(&container.perform(&partial, &read("x1"), NOW)), 400);
}

#[test]
fn what_is_no_position_is_refused() {
    for text in ["", "1", "--", "00-FF-", "00-FF-x", "00-FF-1-2", "0-FF-1"] {
        assert_eq!(text.parse::<Position>().unwrap_err().status(), 400, "{text}");
    }
}
