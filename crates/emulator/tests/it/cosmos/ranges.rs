//! Partition key ranges over the wire: the drain to 304, splits and merges.

use super::*;
use std::time::Duration;

const RANGES: &str = "/dbs/shop/colls/orders/pkranges";
const RANGE: &str = "x-ms-documentdb-partitionkeyrangeid";

#[tokio::test]
async fn ranges_are_drained_until_304_and_a_split_renews_them() {
    let server = Server::start().await;
    let drain = |etag: String| {
        server
            .ask("GET", RANGES)
            .header("a-im", "Incremental Feed")
            .header("if-none-match", &etag)
            .send()
    };
    let first = server.ask("GET", RANGES).send().await;
    let ranges = first.json()["PartitionKeyRanges"].clone();
    assert_eq!(ranges.as_array().unwrap().len(), 1);
    let fields = ["id", "minInclusive", "maxExclusive", "parents", "status"];
    let said: Vec<&Value> = fields.iter().map(|field| &ranges[0][field]).collect();
    assert_eq!(said, [&json!("0"), &json!(""), &json!("FF"), &json!([]), &json!("online")]);
    let etag = first.header("etag").to_owned();
    let known = drain(etag.clone()).await;
    assert_eq!((known.status, known.header("etag")), (304, etag.as_str()));
    assert_eq!(server.cosmos.split("shop", "orders").unwrap(), ["1", "2"]);
    assert_eq!(drain(etag).await.json()["_count"], 2);
}

#[tokio::test]
async fn more_throughput_begins_with_more_ranges_and_too_much_is_refused() {
    let server = Server::start().await;
    let definition = json!({"id": "c", "partitionKey": {"paths": ["/pk"], "version": 2}});
    let create = |units: &str| {
        let create = server.ask("POST", "/dbs/shop/colls").json(&definition);
        create.header("x-ms-offer-throughput", units).send()
    };
    let refused = create("1000001").await;
    assert_eq!(refused.status, 400);
    assert!(refused.message().contains("1000000"), "{}", refused.message());
    assert_eq!(create("12000").await.status, 201);
    let ranges = server.ask("GET", "/dbs/shop/colls/c/pkranges").send().await.json();
    assert_eq!(ranges["PartitionKeyRanges"][1]["minInclusive"], "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    for pk in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let item = json!({"id": "1", "pk": pk});
        let made = server.ask("POST", "/dbs/shop/colls/c/docs").key(pk).json(&item).send().await;
        assert_eq!(made.status, 201);
    }
    let mut found = 0;
    for range in ["0", "1"] {
        let docs = server.ask("GET", "/dbs/shop/colls/c/docs").header(RANGE, range);
        let count = docs.send().await.documents().len();
        assert_ne!(count, 0, "{range}");
        found += count;
    }
    assert_eq!(found, 8);
}

#[tokio::test]
async fn after_a_split_the_parent_is_gone_and_its_token_lives_on() {
    let server = Server::start().await;
    for n in 0..10 {
        server.put(&format!("k{n}"), "x").await;
    }
    let page = server.feed().header(RANGE, "0").header("x-ms-max-item-count", "4").send().await;
    let children = server.cosmos.split("shop", "orders").unwrap();
    let gone = server.feed().header(RANGE, "0").send().await;
    assert_eq!((gone.status, gone.substatus()), (410, "1002"));
    let mut rest = 0;
    for child in &children {
        let feed = server.feed().header(RANGE, child);
        let feed = feed.header("if-none-match", page.header("etag")).send().await;
        rest += if feed.status == 304 { 0 } else { feed.documents().len() };
    }
    assert_eq!(rest, 6);
    let merged = server.cosmos.merge("shop", "orders").unwrap();
    assert_eq!(merged, ["3"]);
    assert_eq!(server.feed().header(RANGE, "3").send().await.documents().len(), 10);
}

#[tokio::test]
async fn only_what_exists_is_split_or_merged() {
    let server = Server::start().await;
    let missing = server.cosmos.split("shop", "nothing").unwrap_err();
    assert!(missing.to_string().contains("shop/nothing"), "{missing}");
    let single = server.cosmos.merge("shop", "orders").unwrap_err();
    assert!(single.to_string().contains("only one"), "{single}");
}

#[tokio::test]
async fn while_a_split_takes_its_time_the_range_answers_1007_and_then_1002() {
    let server = Server::start().await;
    server.put("k", "a").await;
    let splitting =
        server.cosmos.split_within(("shop", "orders"), Some(0), Duration::from_mins(1)).unwrap();
    assert_eq!(splitting, "0");
    let read = || server.ask("GET", "/dbs/shop/colls/orders/docs/a").key("k").send();
    let write = server.ask("POST", "/dbs/shop/colls/orders/docs").key("k");
    let write = write.json(&json!({"id": "b", "partitionKey": "k"})).send().await;
    for answer in [read().await, write, server.feed().send().await] {
        assert_eq!((answer.status, answer.substatus()), (410, "1007"));
    }
    let again = server.cosmos.split("shop", "orders").unwrap_err();
    assert!(again.to_string().contains("being split already"), "{again}");
    let ranges = server.ask("GET", RANGES).send().await.json()["PartitionKeyRanges"].clone();
    assert_eq!((ranges.as_array().unwrap().len(), &ranges[0]["id"]), (1, &json!("0")));

    server.clock.advance(Duration::from_mins(1));
    assert_eq!(read().await.status, 200);
    let gone = server.feed().header(RANGE, "0").send().await;
    assert_eq!((gone.status, gone.substatus()), (410, "1002"));
    assert_eq!(server.ask("GET", RANGES).send().await.json()["_count"], 2);
}
