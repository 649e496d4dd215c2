//! Splits and merges: nothing lost, parents gone, their tokens good on the children.

use super::*;
use crate::cosmos::core::epk::Epk;
use crate::cosmos::core::{SplitError, Throughput};

const KEYS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn filled() -> Container {
    let mut container = container(json!({}));
    for pk in KEYS {
        put(&mut container, pk, pk);
    }
    container
}

/// The ids that a scope's feed holds behind a token.
fn behind(container: &mut Container, scope: &Scope, token: &str) -> Vec<String> {
    let page = feed_from(container, scope, Start::After(token.to_owned()), 100).unwrap();
    let mut ids = ids(page.entries.into_iter().map(|entry| entry.body));
    ids.sort_unstable();
    ids
}

fn gone(container: &mut Container, range: u32) -> bool {
    let answer = feed_from(container, &Scope::Range(range), Start::Beginning, 1);
    answer.is_err_and(|refusal| (refusal.status(), refusal.substatus()) == (410, 1002))
}

#[test]
fn a_container_of_much_throughput_begins_with_ranges_of_even_width() {
    let hash = |version| json!({"paths": ["/pk"], "kind": "Hash", "version": version});
    let levels = json!({"paths": ["/pk", "/id"], "kind": "MultiHash", "version": 2});
    for (key, first) in [(hash(1), None), (hash(2), Some("15555555")), (levels, Some("15555555"))] {
        let definition = json!({"id": "c", "partitionKey": key});
        let rid = ContainerRid { database: DatabaseRid(1), number: 2 };
        let throughput = Throughput::autoscale(json!({"maxThroughput": 30_000})).unwrap();
        let mut container = Container::new(definition, rid, Some(throughput), NOW).unwrap();
        let (ranges, _) = container.describe_ranges();
        assert_eq!(ranges.len(), 3);
        let text = |at: usize, name: &str| ranges[at][name].as_str().unwrap().to_owned();
        assert_eq!([text(0, "minInclusive"), text(2, "maxExclusive")], ["", "FF"]);
        for (at, id) in ["0", "1", "2"].into_iter().enumerate() {
            assert_eq!((text(at, "id"), &ranges[at]["parents"]), (id.to_owned(), &json!([])));
        }
        for at in [1, 2] {
            assert_eq!(text(at - 1, "maxExclusive"), text(at, "minInclusive"));
        }
        let border = text(1, "minInclusive");
        assert!(first.is_none_or(|first| border.starts_with(first)), "{border}");
        for number in 0..60 {
            let text = json!({"id": "1", "pk": number.to_string()}).to_string();
            let document = Document::parse(text.as_bytes()).unwrap();
            let key = container.shape().key.of(&document);
            let create = Operation::Create(document, no_conditions());
            container.perform(&key, &create, NOW).unwrap();
        }
        let state = container.state(NOW);
        let counts = state["ranges"].as_array().unwrap().iter();
        assert!(counts.clone().all(|range| 5 < range["items"].as_u64().unwrap()), "{state}");
        assert_eq!(drain(&mut container, &Scope::All, 100)[0].len(), 60);
        container.split(Some(1)).unwrap();
        container.merge().unwrap();
        assert_eq!(drain(&mut container, &Scope::All, 100)[0].len(), 60);
    }
}

#[test]
fn a_split_divides_the_items_and_names_the_parent() {
    let mut container = filled();
    let [left, right] = container.split(None).unwrap();
    assert_eq!([left, right], [1, 2]);
    assert!(gone(&mut container, 0));
    let (ranges, _) = container.describe_ranges();
    let bounds =
        |at: usize| (ranges[at]["minInclusive"].clone(), ranges[at]["maxExclusive"].clone());
    let middle: Value = "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF".into();
    assert_eq!(bounds(0), ("".into(), middle.clone()));
    assert_eq!(bounds(1), (middle, "FF".into()));
    assert_eq!((&ranges[0]["parents"], &ranges[1]["parents"]), (&json!(["0"]), &json!(["0"])));
    let mut all = behind(&mut container, &Scope::Range(left), "0");
    let others = behind(&mut container, &Scope::Range(right), "0");
    assert!(!all.is_empty() && !others.is_empty());
    all.extend(others);
    all.sort_unstable();
    assert_eq!(all, KEYS);
}

#[test]
fn the_parents_token_is_good_on_both_children() {
    let mut container = filled();
    let page = feed_from(&mut container, &Scope::Range(0), Start::Beginning, 5).unwrap();
    let seen = ids(page.entries.iter().map(|entry| entry.body.clone()));
    let children = container.split(None).unwrap();
    let mut rest: Vec<String> = children
        .into_iter()
        .flat_map(|child| behind(&mut container, &Scope::Range(child), &page.token))
        .collect();
    rest.extend(seen);
    rest.sort_unstable();
    assert_eq!(rest, KEYS);
}

#[test]
fn a_token_of_the_whole_container_survives_split_and_merge() {
    let mut container = filled();
    let page = feed_from(&mut container, &Scope::All, Start::Beginning, 100).unwrap();
    container.split(None).unwrap();
    put(&mut container, "a", "1");
    let split = feed_from(&mut container, &Scope::All, Start::After(page.token), 100).unwrap();
    assert_eq!(ids(split.entries.into_iter().map(|entry| entry.body)), ["1"]);
    container.merge().unwrap();
    put(&mut container, "l", "2");
    // The halves stood at different transactions: from the lower one on, some may come again.
    let behind = behind(&mut container, &Scope::All, &split.token);
    assert_eq!(behind.last().map(String::as_str), Some("2"));
}

#[test]
fn a_merge_loses_nothing_of_the_half_that_was_read_less_far() {
    let mut container = filled();
    let [left, right] = container.split(None).unwrap();
    let mut read = |id| {
        let page = feed_from(&mut container, &Scope::Range(id), Start::Beginning, 1).unwrap();
        page.token.trim_matches('"').to_owned()
    };
    let (behind_one, behind_other) = (read(left), read(right));
    let rest = |container: &mut Container, token: &str| behind(container, &Scope::All, token);
    let token = format!("\"{left}:{behind_one},{right}:{behind_other}\"");
    let mut before = rest(&mut container, &token);
    container.merge().unwrap();
    let after = rest(&mut container, &token);
    before.retain(|id| !after.contains(id));
    assert_eq!(before, Vec::<String>::new());
}

#[test]
fn a_merge_keeps_both_parents_items_and_tokens() {
    let mut container = filled();
    let [left, right] = container.split(None).unwrap();
    for id in ["1", "2", "3"] {
        put(&mut container, "a", id);
        put(&mut container, "b", id);
    }
    let token = |container: &mut Container, id| {
        feed_from(container, &Scope::Range(id), Start::Now, 1).unwrap().token
    };
    let tokens = [token(&mut container, left), token(&mut container, right)];
    let middle = container.ranges()[0].high.clone();
    let merged = container.merge().unwrap();
    assert!(gone(&mut container, left) && gone(&mut container, right));
    let (ranges, _) = container.describe_ranges();
    assert_eq!(ranges[0]["parents"], json!(["0", "1", "2"]));
    assert_eq!(container.state(NOW)["items"], KEYS.len() + 6);

    put(&mut container, "a", "new");
    put(&mut container, "b", "new");
    let halves = [
        Scope::Within(merged, Epk::first(), middle.clone()),
        Scope::Within(merged, middle, Epk::end()),
    ];
    let news: usize = halves
        .iter()
        .zip(&tokens)
        .map(|(half, token)| behind(&mut container, half, token).len())
        .sum();
    assert_eq!(news, 2);
}

#[test]
fn session_tokens_of_parents_bind_the_children() {
    let mut container = filled();
    let old = container.stamp(&Scope::All).unwrap().session;
    assert_eq!(old, "0:-1#12");
    container.split(None).unwrap();
    container.check_session(&Scope::All, &old).unwrap();
    let ahead = container.check_session(&Scope::All, "0:-1#13").unwrap_err();
    assert_eq!((ahead.status(), ahead.substatus()), (404, 1002));
    assert_eq!(container.stamp(&Scope::All).unwrap().session, "1:-1#12,2:-1#12");
}

#[test]
fn the_fullest_range_is_split_and_the_emptiest_pair_merged() {
    let mut container = filled();
    for _ in 0..3 {
        container.split(None).unwrap();
    }
    let state = container.state(NOW);
    let counts: Vec<u64> =
        state["ranges"].as_array().unwrap().iter().map(|r| r["items"].as_u64().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<u64>()), (4, KEYS.len() as u64));
    for _ in 0..3 {
        container.merge().unwrap();
    }
    assert_eq!(container.merge(), Err(SplitError::OnlyOne));
    assert_eq!(container.state(NOW)["items"], KEYS.len());
}

#[test]
fn a_version_1_container_splits_too() {
    let mut container = container(json!({"partitionKey": {"paths": ["/pk"]}}));
    for pk in KEYS {
        put(&mut container, pk, pk);
    }
    let [left, right] = container.split(None).unwrap();
    let count = |container: &mut Container, id| behind(container, &Scope::Range(id), "0").len();
    let counts = (count(&mut container, left), count(&mut container, right));
    assert_eq!(counts.0 + counts.1, KEYS.len());
    assert!(0 < counts.0 && 0 < counts.1, "{counts:?}");
}
