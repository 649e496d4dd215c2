//! The change feed over the wire: tokens as `etag`, 304, formats, scopes.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn the_feed_is_followed_by_its_etag_until_304() {
    let server = Server::start().await;
    for id in ["a", "b", "c"] {
        server.put("p", id).await;
    }
    let first = server.feed().header("x-ms-max-item-count", "2").send().await;
    assert_eq!((first.status, first.ids()), (200, vec!["a".into(), "b".into()]));
    assert_eq!(first.documents()[1]["_lsn"], 2);
    let next = server.feed().header("if-none-match", first.header("etag")).send().await;
    assert_eq!(next.ids(), ["c"]);
    let token = next.header("etag").to_owned();
    let idle = server.feed().header("if-none-match", &token).send().await;
    assert_eq!((idle.status, idle.body.len(), idle.header("etag")), (304, 0, token.as_str()));
    assert_eq!(idle.header("x-ms-continuation"), "");
}

#[tokio::test]
async fn from_now_is_304_and_then_what_comes() {
    let server = Server::start().await;
    server.put("p", "old").await;
    let now = server.feed().header("if-none-match", "*").send().await;
    assert_eq!(now.status, 304);
    server.put("p", "new").await;
    let next = server.feed().header("if-none-match", now.header("etag")).send().await;
    assert_eq!(next.ids(), ["new"]);
}

#[tokio::test]
async fn documents_are_wrapped_in_the_newer_wire_format() {
    let server = Server::start().await;
    server.put("p", "a").await;
    let format = "x-ms-cosmos-changefeed-wire-format-version";
    let page = server.feed().header(format, "2021-09-15").send().await;
    let entry = &page.documents()[0];
    assert_eq!(entry["current"]["id"], "a");
    assert_eq!(
        (&entry["metadata"]["lsn"], entry["metadata"].get("operationType")),
        (&1.into(), None)
    );
    assert_eq!(entry["metadata"]["crts"], entry["current"]["_ts"]);
}

#[tokio::test]
async fn if_modified_since_leaves_out_what_is_older() {
    let server = Server::start().await;
    server.put("p", "old").await;
    server.clock.advance(Duration::from_hours(1));
    server.put("p", "new").await;
    let half = now() + Duration::from_mins(30);
    let since = httpdate::fmt_http_date(half);
    let page = server.feed().header("if-modified-since", &since).send().await;
    assert_eq!(page.ids(), ["new"]);
    let bad = server.feed().header("if-modified-since", "yesterday").send().await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn the_feed_can_be_narrowed_to_a_key_a_range_and_an_interval() {
    let server = Server::start().await;
    server.put("p", "a").await;
    server.put("q", "b").await;
    assert_eq!(server.feed().key("q").send().await.ids(), ["b"]);
    let range = "x-ms-documentdb-partitionkeyrangeid";
    assert_eq!(server.feed().header(range, "0").send().await.ids(), ["a", "b"]);
    let gone = server.feed().header(range, "1").send().await;
    assert_eq!((gone.status, gone.substatus()), (410, "1002"));

    let middle = "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
    let within = |low: &str, high: &str| {
        let narrowed = server.feed().header(range, "0").header("x-ms-start-epk", low);
        narrowed.header("x-ms-end-epk", high).send()
    };
    let (left, right) = (within("", middle).await, within(middle, "FF").await);
    let ids = |answer: &Answer| if answer.status == 304 { Vec::new() } else { answer.ids() };
    let mut both = [ids(&left), ids(&right)].concat();
    both.sort_unstable();
    assert_eq!(both, ["a", "b"]);
    assert_eq!(within("0", "FF").await.status, 400);
}

#[tokio::test]
async fn other_modes_and_bad_tokens_are_refused_by_name() {
    let server = Server::start().await;
    let full = server.ask("GET", DOCS).header("a-im", "Whole Feed").send().await;
    assert_eq!(full.status, 400);
    assert!(full.message().contains("Full-Fidelity Feed"), "{}", full.message());
    let spelled = server.ask("GET", DOCS).header("a-im", "Incremental feed").send().await;
    assert_eq!(spelled.status, 304);
    assert_eq!(server.feed().header("if-none-match", "\"x\"").send().await.status, 400);
    assert_eq!(server.feed().header("x-ms-max-item-count", "0").send().await.status, 400);
}

#[tokio::test]
async fn all_versions_and_deletes_tell_what_was_done() {
    let server = Server::start().await;
    let full = |token: &str| {
        let ask = server.ask("GET", DOCS).header("a-im", "Full-Fidelity Feed");
        ask.header("if-none-match", token).send()
    };
    server.put("p", "before").await;
    let now = full("*").await;
    assert_eq!(now.status, 304);
    server.put("p", "a").await;
    let path = format!("{DOCS}/a");
    let changed = json!({"id": "a", "partitionKey": "p", "n": 1});
    server.ask("PUT", &path).key("p").json(&changed).send().await;
    assert_eq!(server.ask("DELETE", &path).key("p").send().await.status, 204);
    let page = full(now.header("etag")).await;
    let entries = page.documents();
    let what = |at: usize| {
        let metadata = &entries[at]["metadata"];
        (metadata["operationType"].clone(), metadata["previousImageLSN"].clone())
    };
    assert_eq!(what(0), (json!("create"), json!(null)));
    assert_eq!(what(1), (json!("replace"), json!(2)));
    assert_eq!(what(2), (json!("delete"), json!(3)));
    assert_eq!(
        (&entries[0]["current"]["id"], &entries[1]["current"]["n"]),
        (&"a".into(), &1.into())
    );
    assert_eq!((&entries[2]["current"], &entries[2]["previous"]["n"]), (&json!({}), &1.into()));
    let metadata = &entries[2]["metadata"];
    let whose = (&metadata["id"], &metadata["partitionKey"], &metadata["timeToLiveExpired"]);
    assert_eq!(whose, (&json!("a"), &json!(["p"]), &json!(false)));
    let beginning = server.ask("GET", DOCS).header("a-im", "Full-Fidelity Feed").send().await;
    assert_eq!(beginning.status, 400);
}
