//! The change feed: order, whole transactions, tokens, time, and where it starts.

use super::*;

fn batch(container: &mut Container, pk: &str, ids: &[&str]) {
    let documents: Vec<String> =
        ids.iter().map(|id| json!({"id": id, "pk": pk}).to_string()).collect();
    let operations: Vec<Operation<'_>> = documents
        .iter()
        .map(|text| Operation::Upsert(Document::parse(text.as_bytes()).unwrap(), no_conditions()))
        .collect();
    let key = key(container, pk);
    assert!(container.batch(&key, &operations, NOW).unwrap().committed);
}

#[test]
fn a_transaction_is_never_torn_however_small_the_page() {
    let mut container = container(json!({}));
    batch(&mut container, "p", &["a", "b", "c"]);
    batch(&mut container, "q", &["d"]);
    batch(&mut container, "p", &["e", "f"]);
    let pages = drain(&mut container, &Scope::All, 1);
    assert_eq!(pages, [vec!["a", "b", "c"], vec!["d"], vec!["e", "f"]]);
    assert_eq!(drain(&mut container, &Scope::All, 4), [vec!["a", "b", "c", "d"], vec!["e", "f"]]);
}

#[test]
fn an_item_stands_where_it_was_last_written_and_not_after_its_deletion() {
    let mut container = container(json!({}));
    for id in ["a", "b", "c"] {
        put(&mut container, "p", id);
    }
    perform(&mut container, "p", &upsert(r#"{"id":"a","pk":"p"}"#)).unwrap();
    perform(&mut container, "p", &delete("b")).unwrap();
    assert_eq!(drain(&mut container, &Scope::All, 10), [["c", "a"]]);
}

#[test]
fn from_now_on_only_what_comes_is_seen() {
    let mut container = container(json!({}));
    put(&mut container, "p", "old");
    let now = feed_from(&mut container, &Scope::All, Start::Now, 10).unwrap();
    assert_eq!((now.entries.len(), now.token.as_str()), (0, "\"1\""));
    put(&mut container, "p", "new");
    let next = feed_from(&mut container, &Scope::All, Start::After(now.token), 10).unwrap();
    assert_eq!(ids(next.entries.into_iter().map(|entry| entry.body)), ["new"]);
}

#[test]
fn a_token_can_be_replayed() {
    let mut container = container(json!({}));
    put(&mut container, "p", "a");
    let first = feed_from(&mut container, &Scope::All, Start::Beginning, 10).unwrap();
    put(&mut container, "p", "b");
    let after = Start::After(first.token);
    let once = feed_from(&mut container, &Scope::All, after.clone(), 10).unwrap();
    assert_eq!(feed_from(&mut container, &Scope::All, after, 10).unwrap(), once);
}

#[test]
fn a_point_in_time_leaves_out_what_is_older() {
    let mut container = container(json!({}));
    let p = key(&container, "p");
    for (id, at) in [("a", 0), ("b", 10), ("c", 20)] {
        let text = json!({"id": id, "pk": "p"}).to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        container.perform(&p, &Operation::Create(document, no_conditions()), NOW + at).unwrap();
    }
    let since = |seconds| FeedRequest {
        mode: Mode::Latest,
        start: Start::Beginning,
        since: Some(NOW + seconds),
        items_max: 10,
    };
    let mut from = |seconds| {
        let page = container.feed(&Scope::All, &since(seconds), NOW + 30).unwrap();
        ids(page.entries.into_iter().map(|entry| entry.body))
    };
    assert_eq!(from(0), ["a", "b", "c"]);
    assert_eq!(from(10), ["b", "c"]);
    assert_eq!(from(11), ["c"]);
    assert!(from(21).is_empty());
}

#[test]
fn one_key_has_a_feed_of_its_own() {
    let mut container = container(json!({}));
    batch(&mut container, "p", &["a", "b"]);
    batch(&mut container, "q", &["c"]);
    batch(&mut container, "p", &["d", "a"]);
    let scope = Scope::Key(key(&container, "p"));
    assert_eq!(drain(&mut container, &scope, 1), [vec!["b"], vec!["d", "a"]]);
}

#[test]
fn what_expired_is_not_in_the_feed() {
    let mut container = container(json!({}));
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","ttl":5}"#)).unwrap();
    let request =
        FeedRequest { mode: Mode::Latest, start: Start::Beginning, since: None, items_max: 10 };
    let mut count = |at| container.feed(&Scope::All, &request, at).unwrap().entries.len();
    assert_eq!((count(NOW + 4), count(NOW + 5)), (1, 0));
}

#[test]
fn what_is_no_token_is_refused() {
    let mut container = container(json!({}));
    for token in ["", "\"x\"", "\"1:\"", "\"-1\"", "\"1,x\""] {
        let start = Start::After(token.to_owned());
        let refusal = feed_from(&mut container, &Scope::All, start, 10).unwrap_err();
        assert_eq!(refusal.status(), 400, "{token}");
    }
}
