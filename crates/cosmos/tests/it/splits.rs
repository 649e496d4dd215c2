//! Ranges: loaded once, drained to the end, forgotten when they are gone.

use cosmos::{Batch, Kind, Outcome, PartitionKey, Query, Why, Within};

use crate::peer::{ONE_RANGE, Peer, TWO_RANGES, ranges, reply};

#[tokio::test]
async fn ranges_are_read_until_the_service_says_that_is_all() {
    let more = reply(200, TWO_RANGES).with("etag", "\"s\"");
    let peer = Peer::start([reply(200, ONE_RANGE).with("etag", "\"r\""), more]).await;
    peer.then([reply(304, "").with("etag", "\"s\"")]);
    let container = peer.container();
    let ids: Vec<_> = container.ranges().await.unwrap().into_iter().map(|r| r.id).collect();
    assert_eq!(ids, ["1", "2"], "the parent that a later page replaced is gone");
    let known: Vec<_> = peer.asked().iter().map(|a| a.header("if-none-match").to_owned()).collect();
    assert_eq!(known, ["", "\"r\"", "\"s\""]);
}

#[tokio::test]
async fn many_callers_cause_one_load() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    let container = peer.container();
    let loads = (0..20).map(|_| container.ranges());
    futures_util::future::try_join_all(loads).await.unwrap();
    assert_eq!(container.client().meter().read(Kind::Ranges).requests, 2);
}

#[tokio::test]
async fn a_read_by_key_outlives_a_split() {
    let peer = Peer::start([reply(410, "").sub(1002), reply(200, "{}")]).await;
    assert!(peer.container().read(&PartitionKey::new("o"), "o").await.unwrap().is_some());
}

#[tokio::test]
async fn a_read_and_a_batch_wait_until_a_split_is_complete() {
    let completing = || reply(410, "").sub(1007);
    let peer = Peer::start([completing(), completing(), reply(200, "{}")]).await;
    let container = peer.container();
    assert!(container.read(&PartitionKey::new("o"), "o").await.unwrap().is_some());
    peer.then([completing(), reply(410, "").sub(1002), reply(200, r#"[{"statusCode":201}]"#)]);
    let mut batch = Batch::new(PartitionKey::new("o"));
    batch.create(&serde_json::json!({"id": "o"})).unwrap();
    assert!(matches!(container.execute(batch).await.unwrap(), Outcome::Done(_)));
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn a_read_by_range_tells_its_caller_of_a_split() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([reply(410, "").sub(1002)]);
    peer.then(ranges(TWO_RANGES));
    let container = peer.container();
    let query = Query::new("SELECT * FROM c");
    let failure = container.query(&query, Within::Range("0"), None, None).await.unwrap_err();
    assert!(matches!(failure.why, Why::RangeGone));
    assert_eq!(container.ranges().await.unwrap().len(), 2, "and knows the new ones");
}

#[tokio::test]
async fn a_container_made_anew_is_found_once() {
    let gone = || reply(404, "").sub(1003);
    let peer = Peer::start([gone(), reply(200, "{}"), gone(), gone()]).await;
    let container = peer.container();
    assert!(container.read(&PartitionKey::new("o"), "o").await.unwrap().is_some());
    let failure = container.read(&PartitionKey::new("o"), "o").await.unwrap_err();
    assert!(matches!(failure.why, Why::NoContainer), "{failure}");
    assert_eq!(peer.left(), 0);
}
