//! All versions and deletes: what is kept from when on, in which order, and for how long.

use super::*;
use crate::cosmos::core::Deed;

fn all(container: &mut Container, start: Start, now: i64) -> Result<FeedPage, Refusal> {
    all_of(container, &Scope::All, start, now)
}

fn all_of(
    container: &mut Container,
    scope: &Scope,
    start: Start,
    now: i64,
) -> Result<FeedPage, Refusal> {
    let request = FeedRequest { mode: Mode::All, start, since: None, items_max: 100 };
    container.feed(scope, &request, now)
}

/// From now on.
fn token(container: &mut Container) -> Start {
    Start::After(all(container, Start::Now, NOW).unwrap().token)
}

fn deeds(page: &FeedPage) -> Vec<Deed> {
    page.entries.iter().map(|entry| entry.deed.as_ref().unwrap().0).collect()
}

fn bodies(page: FeedPage) -> Vec<String> {
    ids(page.entries.into_iter().map(|entry| entry.body))
}

#[test]
fn every_version_comes_in_the_order_of_the_writes() {
    let mut container = container(json!({}));
    put(&mut container, "p", "before");
    let from = token(&mut container);
    put(&mut container, "p", "a");
    perform(&mut container, "p", &upsert(r#"{"id":"a","pk":"p","n":1}"#)).unwrap();
    perform(&mut container, "p", &delete("a")).unwrap();
    put(&mut container, "p", "a");
    let page = all(&mut container, from.clone(), NOW).unwrap();
    let expected = [Deed::Created, Deed::Replaced(2), Deed::Deleted(3), Deed::Created];
    assert_eq!(deeds(&page), expected);
    assert_eq!(page.entries.iter().map(|entry| entry.lsn).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(all(&mut container, from, NOW).unwrap(), page, "a token can be used again");
    let idle = all(&mut container, Start::After(page.token), NOW).unwrap();
    assert_eq!(idle.entries, []);
}

#[test]
fn a_transaction_shows_each_of_its_steps_and_is_never_torn() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    let key = key(&container, "p");
    let steps = [create(r#"{"id":"a","pk":"p"}"#), upsert(r#"{"id":"a","pk":"p","n":2}"#)];
    container.batch(&key, &steps, NOW).unwrap();
    put(&mut container, "p", "b");
    let request = FeedRequest { mode: Mode::All, start: from, since: None, items_max: 1 };
    let page = container.feed(&Scope::All, &request, NOW).unwrap();
    assert_eq!(deeds(&page), [Deed::Created, Deed::Replaced(1)]);
    assert!(!String::from_utf8_lossy(&page.entries[0].body).contains("\"n\":2"));
    assert_eq!(bodies(all(&mut container, Start::After(page.token), NOW).unwrap()), ["b"]);
}

#[test]
fn a_replace_under_another_id_is_one_change() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    put(&mut container, "p", "a");
    perform(&mut container, "p", &replace("a", r#"{"id":"b","pk":"p"}"#, no_conditions())).unwrap();
    let key = key(&container, "p");
    let there_and_back = [
        replace("b", r#"{"id":"c","pk":"p"}"#, no_conditions()),
        replace("c", r#"{"id":"b","pk":"p"}"#, no_conditions()),
        delete("b"),
        create(r#"{"id":"d","pk":"p"}"#),
    ];
    container.batch(&key, &there_and_back, NOW).unwrap();
    let page = all(&mut container, from, NOW).unwrap();
    let [batch, before] = [3, 2];
    let expected = [
        Deed::Created,
        Deed::Replaced(1),
        Deed::Replaced(before),
        Deed::Replaced(batch),
        Deed::Deleted(batch),
        Deed::Created,
    ];
    assert_eq!(deeds(&page), expected);
    assert_eq!(bodies(page), ["a", "b", "c", "b", "b", "d"]);
}

#[test]
fn the_deletion_of_a_key_shows_each_of_its_items() {
    let mut container = container(json!({}));
    put(&mut container, "p", "a");
    put(&mut container, "p", "b");
    let from = token(&mut container);
    let key = key(&container, "p");
    container.delete_key(&key, NOW).unwrap();
    let page = all(&mut container, from, NOW).unwrap();
    assert_eq!(deeds(&page), [Deed::Deleted(1), Deed::Deleted(2)]);
    assert_eq!(bodies(page), ["a", "b"]);
}

#[test]
fn what_was_rolled_back_is_not_in_it() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    let key = key(&container, "p");
    let steps = [create(r#"{"id":"a","pk":"p"}"#), delete("missing")];
    assert!(!container.batch(&key, &steps, NOW).unwrap().committed);
    assert_eq!(all(&mut container, from, NOW).unwrap().entries, []);
}

#[test]
fn an_item_that_expires_is_a_delete_of_its_own() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    perform(&mut container, "p", &create(r#"{"id":"a","pk":"p","ttl":5}"#)).unwrap();
    let page = all(&mut container, from, NOW + 60).unwrap();
    assert_eq!(deeds(&page), [Deed::Created, Deed::Expired(1)]);
    assert_eq!((page.entries[1].lsn, page.entries[1].at), (2, NOW + 5));
}

#[test]
fn it_starts_neither_from_the_beginning_nor_from_a_moment() {
    let mut container = container(json!({}));
    let refusal = all(&mut container, Start::Beginning, NOW).unwrap_err();
    assert_eq!(refusal.status(), 400);
    let start = Start::After("\"0\"".to_owned());
    let request = FeedRequest { mode: Mode::All, start, since: Some(NOW), items_max: 1 };
    assert_eq!(container.feed(&Scope::All, &request, NOW).unwrap_err().status(), 400);
}

#[test]
fn what_came_before_anybody_asked_is_refused_and_not_left_out() {
    let mut container = container(json!({}));
    put(&mut container, "p", "a");
    let refusal = all(&mut container, Start::After("\"0\"".to_owned()), NOW).unwrap_err();
    assert!(refusal.to_string().contains("behind 0"), "{refusal}");
}

#[test]
fn a_policy_keeps_it_from_the_creation_on_and_for_its_time() {
    let mut container = container(json!({"changeFeedPolicy": {"retentionDuration": 10}}));
    put(&mut container, "p", "a");
    let first = Start::After("\"0\"".to_owned());
    assert_eq!(bodies(all(&mut container, first.clone(), NOW + 600).unwrap()), ["a"]);
    assert_eq!(all(&mut container, first, NOW + 601).unwrap_err().status(), 400);
    assert_eq!(container.shape().echo()["changeFeedPolicy"]["retentionDuration"], 10);
}

#[test]
fn a_policy_is_a_number_of_minutes() {
    for minutes in [json!(-1), json!("10"), json!(43_201)] {
        let definition = json!({"id": "c", "partitionKey": {"paths": ["/pk"]},
            "changeFeedPolicy": {"retentionDuration": minutes}});
        let rid = ContainerRid { database: DatabaseRid(1), number: 2 };
        assert_eq!(Container::new(definition, rid, None, NOW).unwrap_err().status(), 400);
    }
}

#[test]
fn it_goes_on_across_a_split_and_a_merge() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    for n in 0..20 {
        put(&mut container, &format!("k{n}"), &format!("{n:02}"));
    }
    let children = container.split(None).unwrap();
    let part = |container: &mut Container, range| {
        bodies(all_of(container, &Scope::Range(range), from.clone(), NOW).unwrap())
    };
    let [left, right] = children.map(|range| part(&mut container, range));
    assert!(!left.is_empty() && !right.is_empty());
    let expected: Vec<String> = (0..20).map(|n| format!("{n:02}")).collect();
    let mut both = [left, right].concat();
    both.sort();
    assert_eq!(both, expected);
    container.merge().unwrap();
    assert_eq!(bodies(all(&mut container, from, NOW).unwrap()), expected);
}

#[test]
fn of_one_key_it_shows_only_that() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    put(&mut container, "p", "a");
    put(&mut container, "q", "b");
    let scope = Scope::Key(key(&container, "q"));
    assert_eq!(bodies(all_of(&mut container, &scope, from, NOW).unwrap()), ["b"]);
}

#[test]
fn it_is_bounded_and_the_oldest_goes_first() {
    let mut container = container(json!({}));
    let from = token(&mut container);
    let body = json!({"id": "a", "pk": "p", "text": "x".repeat(1_900_000)}).to_string();
    let writes = crate::cosmos::core::history::BYTES_MAX / 1_900_000 + 2;
    let key = key(&container, "p");
    for _ in 0..writes {
        let document = Document::parse(body.as_bytes()).unwrap();
        container.perform(&key, &Operation::Upsert(document, no_conditions()), NOW).unwrap();
    }
    assert_eq!(all(&mut container, from, NOW).unwrap_err().status(), 400);
    let late = Start::After(format!("\"{}\"", writes - 3));
    assert_eq!(all(&mut container, late, NOW).unwrap().entries.len(), 3);
}
