//! Lease documents on the wire: what is asked, what is written, and under which condition.

use std::sync::Arc;

use cosmos::{Client, Container, CosmosLeases, Credential, MasterKey};
use domain::ports::{Begin, Created, Deleted, Lag, Lease, Leases, NewLease, Part, Tag, Written};
use domain::{Fault, Json, Stretch};
use expect_test::expect;

use crate::forms::{now, page};
use crate::peer::{Asked, KEY, Peer, TWO_RANGES, patience, ranges, reply};

const RID: &str = "AQIDBIAAAAc=";
const BASE: &str = "outbox-alone-127.0.0.1_AQIDBA==_AQIDBIAAAAc=";
const DEFINITION: &str = r#"{"id":"leases","partitionKey":{"paths":["/id"],"version":2}}"#;

/// The leases of container `orders` in container `leases`, both of this peer.
fn leases(peer: &Peer) -> CosmosLeases {
    let credential = Credential::Key(KEY.parse::<MasterKey>().unwrap());
    let client = Client::new(peer.url().parse().unwrap(), credential, patience()).unwrap();
    let (client, shop) = (Arc::new(client), "shop".parse().unwrap());
    let container =
        |name: &str| Arc::new(Container::new(Arc::clone(&client), &shop, &name.parse().unwrap()));
    CosmosLeases::new(container("orders"), container("leases"))
}

/// The ranges of `orders`, which every call needs first: its resource id is in them.
async fn peer() -> Peer {
    Peer::start(ranges(&TWO_RANGES.replace("c1", RID))).await
}

fn part() -> Part {
    Part::Range { id: "1".into(), stretch: Some(Stretch::new("", "1F")) }
}

fn lease() -> Lease {
    Lease {
        part: part(),
        owner: Some("me".into()),
        continuation: Some("\"7\"".into()),
        written_at: now(),
        stored_at: now(),
        properties: Json::from_valid("{}"),
        tag: Tag("\"e1\"".into()),
    }
}

fn stored(token: &str, version: u32, (min, max): (&str, &str), continuation: &str) -> String {
    format!(
        r#"{{"id":"{BASE}..{token}","version":{version},"LeaseToken":"{token}","FeedRange":{{"Range":{{"min":"{min}","max":"{max}"}}}},"Owner":"me","ContinuationToken":{continuation},"timestamp":"2026-11-23T20:24:24.123456Z","properties":{{}},"Mode":"Incremental Feed","_etag":"\"e\"","_ts":7}}"#
    )
}

fn last(peer: &Peer) -> Asked {
    peer.asked().pop().unwrap()
}

#[tokio::test]
async fn a_new_lease_is_created_as_the_dotnet_sdk_writes_it_and_never_over_another() {
    let peer = peer().await;
    peer.then([reply(201, "{}"), reply(409, "{}")]);
    let leases = leases(&peer);
    let new = NewLease {
        part: part(),
        continuation: None,
        properties: Json::from_valid("{}"),
        at: now(),
    };
    assert_eq!(leases.create(new.clone()).await.unwrap(), Created::Done);
    let asked = last(&peer);
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("POST", "/dbs/shop/colls/leases/docs")
    );
    let key = format!("[\"{BASE}..1\"]");
    assert_eq!(asked.header("x-ms-documentdb-partitionkey"), key);
    assert_eq!(asked.header("x-ms-documentdb-is-upsert"), "");
    expect![[r#"{"id":"outbox-alone-127.0.0.1_AQIDBA==_AQIDBIAAAAc=..1","version":0,"LeaseToken":"1","FeedRange":{"Range":{"min":"","max":"1F"}},"Owner":null,"ContinuationToken":null,"timestamp":"2026-11-23T20:24:24.123456Z","properties":{},"Mode":"Incremental Feed"}"#]].assert_eq(&asked.body);
    assert_eq!(leases.create(new).await.unwrap(), Created::Exists);
}

#[tokio::test]
async fn every_write_names_the_version_it_was_decided_on() {
    let peer = peer().await;
    peer.then([reply(200, "").with("etag", "\"e2\""), reply(412, "{}"), reply(404, "{}")]);
    let leases = leases(&peer);
    assert_eq!(leases.write(&lease()).await.unwrap(), Written::Done(Tag("\"e2\"".into())));
    let asked = last(&peer);
    assert_eq!((asked.method.as_str(), asked.header("if-match")), ("PUT", "\"e1\""));
    assert!(asked.body.contains(r#""Owner":"me","ContinuationToken":"\"7\"""#), "{}", asked.body);
    assert_eq!(leases.write(&lease()).await.unwrap(), Written::Changed, "by another");
    assert_eq!(leases.write(&lease()).await.unwrap(), Written::Changed, "it is gone");
}

#[tokio::test]
async fn a_lease_is_deleted_only_as_it_was_read() {
    let peer = peer().await;
    peer.then([reply(204, ""), reply(412, "{}"), reply(404, "{}")]);
    let leases = leases(&peer);
    assert_eq!(leases.delete(&lease()).await.unwrap(), Deleted::Done);
    assert_eq!((last(&peer).method.as_str(), last(&peer).header("if-match")), ("DELETE", "\"e1\""));
    assert_eq!(leases.delete(&lease()).await.unwrap(), Deleted::Changed);
    assert_eq!(leases.delete(&lease()).await.unwrap(), Deleted::Done, "it is gone already");
}

#[tokio::test]
async fn leases_are_found_by_their_prefix_and_strangers_among_them_told_apart() {
    let peer = peer().await;
    peer.then(ranges(TWO_RANGES));
    let stranger = format!(r#"{{"id":"{BASE}..9","_etag":"e","_ts":1,"mine":true}}"#);
    let stretch = stored("1F-FF", 1, ("1F", "FF"), "\"\\\"9\\\"\"");
    peer.then([reply(200, &page(&[stored("1", 0, ("", "1F"), "null"), stranger]))]);
    peer.then([reply(200, &page(&[stretch]))]);
    let listed = leases(&peer).list().await.unwrap();
    let tokens: Vec<_> = listed.leases.iter().map(|lease| lease.part.token()).collect();
    assert_eq!(tokens, ["1", "1F-FF"]);
    let strangers: Vec<_> = listed.strangers.iter().map(|s| s.token.as_str()).collect();
    assert_eq!(strangers, ["9"]);
    let query = r#"{"query":"SELECT * FROM c WHERE STARTSWITH(c.id, @prefix)","parameters":[{"name":"@prefix","value":"PREFIX.."}]}"#;
    assert_eq!(last(&peer).body, query.replace("PREFIX", BASE));
}

#[tokio::test]
async fn the_first_host_creates_the_leases_and_the_others_wait() {
    let peer = Peer::start([reply(200, DEFINITION)]).await;
    peer.then(ranges(&TWO_RANGES.replace("c1", RID)));
    let leases = leases(&peer);
    peer.then([reply(404, "{}"), reply(201, "{}")]);
    assert_eq!(leases.begin().await.unwrap(), Begin::Mine);
    assert_eq!(last(&peer).body, format!(r#"{{"id":"{BASE}.lock","ttl":30}}"#));
    peer.then([reply(201, "{}"), reply(204, "")]);
    leases.begun().await.unwrap();
    let asked = peer.asked();
    assert_eq!(asked[asked.len() - 2].body, format!(r#"{{"id":"{BASE}.info"}}"#));
    peer.then([reply(200, DEFINITION), reply(404, "{}"), reply(409, "{}")]);
    assert_eq!(leases.begin().await.unwrap(), Begin::Others);
    peer.then([reply(200, DEFINITION), reply(200, "{}")]);
    assert_eq!(leases.begin().await.unwrap(), Begin::Done);
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn a_lease_container_that_is_missing_or_of_another_key_is_named_with_what_to_create() {
    let other = DEFINITION.replace("/id", "/partitionKey");
    let peer = Peer::start([reply(404, "{}"), reply(200, &other)]).await;
    let leases = leases(&peer);
    for expected in [
        "there is no container dbs/shop/colls/leases for leases; create it, partitioned by /id, or name another in COSMOS_LEASE_CONTAINER",
        "dbs/shop/colls/leases is partitioned by /partitionKey; leases need /id: make it anew, or name another in COSMOS_LEASE_CONTAINER",
    ] {
        let Err(Fault::Misconfigured { problem }) = leases.begin().await else {
            panic!("{expected}")
        };
        assert_eq!(problem, expected);
    }
}

const WHAT_TO_DO: &str =
    "; let whoever runs here read and write it, or name another in COSMOS_LEASE_CONTAINER";

#[tokio::test]
async fn a_lease_container_that_is_denied_is_named_with_what_to_allow() {
    let said = r#"{"code":"Forbidden","message":"no role"}"#;
    let peer = Peer::start([reply(403, said).with("x-ms-substatus", "5301")]).await;
    let Err(Fault::Misconfigured { problem }) = leases(&peer).begin().await else {
        panic!("it is no mistake of the set-up")
    };
    assert!(problem.starts_with("the container dbs/shop/colls/leases for leases: "), "{problem}");
    assert!(problem.contains("no role") && problem.ends_with(WHAT_TO_DO), "{problem}");
}

/// Which lease is how far behind.
fn behind(lags: &[Lag]) -> Vec<(&str, Option<u64>)> {
    lags.iter().map(|lag| (lag.token.as_str(), lag.behind)).collect()
}

#[tokio::test]
async fn a_lease_that_names_no_place_in_the_feed_hides_no_other() {
    let peer = peer().await;
    peer.then(ranges(TWO_RANGES));
    let garbage = stored("1", 0, ("", "1F"), "\"garbage\"");
    let sound = stored("2", 0, ("1F", "FF"), "\"\\\"9\\\"\"");
    peer.then([reply(200, &page(&[garbage, sound])), reply(200, &page(&[]))]);
    peer.then(ranges(&TWO_RANGES.replace("c1", RID)));
    let refused = reply(400, r#"{"code":"BadRequest","message":"garbage is no token"}"#);
    peer.then([refused, reply(304, "")]);
    let lags = leases(&peer).lags().await.unwrap();
    assert_eq!(behind(&lags), [("1", None), ("2", Some(0))]);
}

#[tokio::test]
async fn the_lag_is_the_difference_between_the_range_and_the_first_change_behind_the_lease() {
    let peer = peer().await;
    peer.then(ranges(TWO_RANGES));
    let first = stored("1", 0, ("", "1F"), "\"\\\"41\\\"\"");
    let narrow = stored("20-30", 1, ("20", "30"), "\"\\\"9\\\"\"");
    peer.then([reply(200, &page(&[first, narrow])), reply(200, &page(&[]))]);
    peer.then(ranges(&TWO_RANGES.replace("c1", RID)));
    let changed = reply(200, r#"{"Documents":[{"id":"a","_lsn":42}]}"#).with("etag", "\"42\"");
    peer.then([changed.with("x-ms-session-token", "1:-1#50"), reply(304, "")]);
    let lags = leases(&peer).lags().await.unwrap();
    assert_eq!(behind(&lags), [("1", Some(9)), ("20-30", Some(0))]);
    let asked = peer.asked();
    let (whole, narrow) = (&asked[asked.len() - 2], &asked[asked.len() - 1]);
    assert_eq!((whole.header("if-none-match"), whole.header("x-ms-start-epk")), ("\"41\"", ""));
    assert_eq!(narrow.header("x-ms-documentdb-partitionkeyrangeid"), "2");
    assert_eq!((narrow.header("x-ms-start-epk"), narrow.header("x-ms-end-epk")), ("20", "30"));
    assert_eq!(narrow.header("x-ms-read-key-type"), "EffectivePartitionKeyRange");
}
