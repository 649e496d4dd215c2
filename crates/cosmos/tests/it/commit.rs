//! `both-or-neither`, `no-answer-is-not-no`: one batch, and lost answers looked up.

use cosmos::{CosmosStore, Kind};
use domain::ports::{Aggregates, Basis, Tag};
use domain::{Change, Fault};
use expect_test::expect;

use crate::forms::{Counted, Counter, CounterForm, counter, document, event, now, started};
use crate::peer::{Answer, Peer, reply};

const CREATED: &str = r#"[{"statusCode":201,"requestCharge":6.29,"eTag":"\"e1\""},{"statusCode":201,"requestCharge":6.29,"eTag":"\"e2\""}]"#;
const TAKEN: &str =
    r#"[{"statusCode":409,"requestCharge":1.2},{"statusCode":424,"requestCharge":0}]"#;
const MISSING: &str = r#"[{"statusCode":404,"requestCharge":1}]"#;

fn stands(event: &str) -> String {
    format!(r#"[{{"statusCode":200,"requestCharge":1,"eTag":"\"e\"","resourceBody":{event}}}]"#)
}

fn store(peer: &Peer) -> CosmosStore<CounterForm> {
    CosmosStore::new(peer.container())
}

async fn commit(peer: &Peer, basis: Basis) -> Result<(), Fault> {
    store(peer).commit(started("o-1"), basis).await
}

#[tokio::test]
async fn both_or_neither() {
    let peer = Peer::start([reply(200, CREATED).with("x-ms-request-charge", "12.58")]).await;
    let store = store(&peer);
    store.commit(started("o-1"), Basis::New).await.unwrap();
    let asked = peer.asked();
    assert_eq!(asked.len(), 1, "one round trip, and no more");
    assert_eq!(asked[0].header("x-ms-documentdb-partitionkey"), r#"["o-1"]"#);
    assert_eq!(asked[0].header("x-ms-cosmos-batch-atomic"), "True");
    assert_eq!(asked[0].header("prefer"), "return=minimal");
    expect![[r#"[{"operationType":"Create","resourceBody":{"id":"o-1","partitionKey":"o-1","type":"counter","owner":"A-17","count":1,"version":1,"placedAt":"2026-11-23T20:24:24.123456Z"}},{"operationType":"Create","resourceBody":{"id":"o-1.1","partitionKey":"o-1","type":"event","state":"pending","sequence":1,"eventType":"Counted","occurredAt":"2026-11-23T20:24:24.123456Z","data":{"count":1}}}]"#]].assert_eq(&asked[0].body);
    let tally = store.container().client().meter().read(Kind::Batch);
    assert_eq!(tally.requests, 1);
    assert!((tally.charge - 12.58).abs() < 1e-9);
}

#[tokio::test]
async fn a_change_replaces_only_what_it_was_decided_on() {
    let refused = r#"[{"statusCode":412,"requestCharge":1},{"statusCode":424,"requestCharge":0}]"#;
    let peer = Peer::start([reply(207, refused)]).await;
    let basis = Basis::Loaded(Tag("\"e7\"".to_owned()));
    assert!(matches!(commit(&peer, basis).await, Err(Fault::Conflict)));
    let body = &peer.asked()[0].body;
    assert!(body.starts_with(r#"[{"operationType":"Replace","id":"o-1","resourceBody""#), "{body}");
    assert!(body.contains(r#""ifMatch":"\"e7\"""#), "{body}");
}

#[tokio::test]
async fn a_taken_id_is_a_conflict() {
    let peer = Peer::start([reply(207, TAKEN)]).await;
    assert!(matches!(commit(&peer, Basis::New).await, Err(Fault::Conflict)));
}

#[tokio::test]
async fn no_answer_is_not_no() {
    let ours = stands(&event("o-1", 1, "pending"));
    let peer = Peer::start([Answer::Silence, reply(207, TAKEN), reply(200, &ours)]).await;
    commit(&peer, Basis::New).await.unwrap();
    let asked = peer.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[2].body, r#"[{"operationType":"Read","id":"o-1.1"}]"#);
}

#[tokio::test]
async fn what_happened_counts_also_when_the_relay_was_there_already() {
    let ours = stands(&event("o-1", 1, "processed"));
    let peer = Peer::start([reply(503, ""), reply(207, TAKEN), reply(200, &ours)]).await;
    commit(&peer, Basis::New).await.unwrap();
}

#[tokio::test]
async fn an_event_of_another_writer_is_not_ours() {
    let other = event("o-1", 1, "pending").replace("24.123456Z", "24.123457Z");
    let peer = Peer::start([Answer::Silence, reply(207, TAKEN), reply(200, &stands(&other))]).await;
    assert!(matches!(commit(&peer, Basis::New).await, Err(Fault::Conflict)));
}

#[tokio::test]
async fn what_is_not_there_did_not_happen() {
    let down = (0..4).map(|_| reply(503, ""));
    let peer = Peer::start(down.chain([reply(207, MISSING)])).await;
    assert!(matches!(commit(&peer, Basis::New).await, Err(Fault::Unavailable(_))));
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn what_is_not_there_yet_may_still_be_on_its_way() {
    let silence = (0..4).map(|_| Answer::Silence);
    let peer = Peer::start(silence.chain([reply(207, MISSING)])).await;
    let fault = commit(&peer, Basis::New).await.unwrap_err();
    assert!(fault.may_have_happened(), "{fault}");
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn only_where_nobody_answers_at_all_it_stays_open() {
    let peer = Peer::start((0..8).map(|_| Answer::Silence)).await;
    let fault = commit(&peer, Basis::New).await.unwrap_err();
    assert!(fault.may_have_happened(), "{fault}");
}

#[tokio::test]
async fn what_is_too_large_is_rejected_before_it_is_sent() {
    let peer = Peer::start([]).await;
    let large = Counter { owner: "x".repeat(2 * 1024 * 1024), ..counter("o-1") };
    let fault = store(&peer).commit(Change::new(large, Counted(1), now()), Basis::New).await;
    assert!(matches!(fault, Err(Fault::Rejected { .. })));
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn what_was_committed_is_loaded_with_its_tag() {
    let found = document("o-1", "2026-11-23T20:24:24.123456Z");
    let peer = Peer::start([reply(200, &found).with("etag", "\"e9\""), reply(404, "")]).await;
    let store = store(&peer);
    let key = "o-1".parse().unwrap();
    let stored = store.load(&key).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.tag), (counter("o-1"), Tag("\"e9\"".to_owned())));
    assert_eq!(store.load(&key).await.unwrap(), None);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_said_to_be() {
    let other = document("o-1", "x").replace("\"counter\"", "\"order\"");
    let peer = Peer::start([reply(200, &other).with("etag", "\"e\"")]).await;
    let fault = store(&peer).load(&"o-1".parse().unwrap()).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        r#"misconfigured: the document o-1 cannot be read: the type is "order" instead of "counter""#
    );
}

#[tokio::test]
async fn a_batch_refused_for_a_throttled_operation_is_sent_again() {
    let throttled = r#"[{"statusCode":424},{"statusCode":429,"substatusCode":3200,"retryAfterMilliseconds":2}]"#;
    let peer = Peer::start([reply(207, throttled), reply(200, CREATED)]).await;
    commit(&peer, Basis::New).await.unwrap();
    assert_eq!(peer.asked().len(), 2);
}

#[tokio::test]
async fn throttled_to_the_end_says_how_long_to_stay_away() {
    let throttled = reply(429, "").with("x-ms-retry-after-ms", "60000");
    let peer = Peer::start([throttled]).await;
    let fault = commit(&peer, Basis::New).await.unwrap_err();
    let Fault::Throttled { after } = fault else { panic!("{fault}") };
    assert_eq!(after, Some(std::time::Duration::from_mins(1)));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_looked_up_too() {
    let ours = stands(&event("o-1", 1, "pending"));
    let peer = Peer::start([reply(200, "<html>"), reply(200, &ours)]).await;
    commit(&peer, Basis::New).await.unwrap();
}
