//! Requests pinned as the service expects them.

use expect_test::{Expect, expect};

use super::*;

fn at() -> Address {
    Address::new(&"shop".parse().unwrap(), &"orders".parse().unwrap())
}

fn key() -> PartitionKey {
    PartitionKey::new("A-17")
}

#[track_caller]
fn check(request: &Request, expected: Expect) {
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let signed = format!("signed: {:?} {:?}", request.resource, request.link);
    let how = format!("{:?} {:?} {:?}", request.access, request.repeat, request.scope);
    let body = String::from_utf8_lossy(&request.body);
    let text = format!(
        "{} {}\n{signed}\n{how}\n{}\n{body}\n",
        request.method,
        request.path,
        headers.join("\n")
    );
    expected.assert_eq(&text);
}

#[test]
fn a_batch_is_atomic_and_for_one_key() {
    let request = Request::batch(&at(), &key(), Bytes::from_static(b"[]")).unwrap();
    check(
        &request.wanting(Want::Nothing),
        expect![[r#"
        POST /dbs/shop/colls/orders/docs
        signed: "docs" "dbs/shop/colls/orders"
        Write Harmless Key(PartitionKey("A-17"))
        content-type: application/json
        prefer: return=minimal
        x-ms-cosmos-batch-atomic: True
        x-ms-cosmos-batch-continue-on-error: False
        x-ms-cosmos-batch-ordered: True
        x-ms-cosmos-is-batch-request: True
        x-ms-documentdb-partitionkey: ["A-17"]
        []
    "#]],
    );
}

#[test]
fn a_bulk_goes_on_after_errors_and_is_for_one_range() {
    let of = InRange { range: "3", container_rid: Some("rid=") };
    let request = Request::bulk(&at(), of, Bytes::from_static(b"[]")).unwrap();
    check(
        &request,
        expect![[r#"
        POST /dbs/shop/colls/orders/docs
        signed: "docs" "dbs/shop/colls/orders"
        Write Harmless Range("3")
        content-type: application/json
        x-ms-cosmos-batch-atomic: False
        x-ms-cosmos-batch-continue-on-error: True
        x-ms-cosmos-batch-ordered: True
        x-ms-cosmos-intended-collection-rid: rid=
        x-ms-cosmos-is-batch-request: True
        x-ms-documentdb-partitionkeyrangeid: 3
        []
    "#]],
    );
}

#[test]
fn a_read_names_the_document() {
    check(
        &Request::read(&at(), &key(), "A-17.1").unwrap(),
        expect![[r#"
        GET /dbs/shop/colls/orders/docs/A-17.1
        signed: "docs" "dbs/shop/colls/orders/docs/A-17.1"
        Read Harmless Key(PartitionKey("A-17"))
        x-ms-documentdb-partitionkey: ["A-17"]

    "#]],
    );
}

#[test]
fn a_replace_doubles_unless_it_is_guarded() {
    let body = Bytes::from_static(b"{}");
    let request = Request::replace((&at(), "A-17"), &key(), body).unwrap();
    assert_eq!(request.repeat, Repeat::Doubles);
    check(
        &request.if_match("\"e1\""),
        expect![[r#"
        PUT /dbs/shop/colls/orders/docs/A-17
        signed: "docs" "dbs/shop/colls/orders/docs/A-17"
        Write Harmless Key(PartitionKey("A-17"))
        content-type: application/json
        if-match: "e1"
        x-ms-documentdb-partitionkey: ["A-17"]
        {}
    "#]],
    );
}

#[test]
fn a_patch_has_its_own_content_type() {
    let body = Bytes::from_static(b"{\"operations\":[]}");
    let request = Request::patch((&at(), "A-17.1"), &key(), body).unwrap();
    check(
        &request.guarded(),
        expect![[r#"
        PATCH /dbs/shop/colls/orders/docs/A-17.1
        signed: "docs" "dbs/shop/colls/orders/docs/A-17.1"
        Write Harmless Key(PartitionKey("A-17"))
        content-type: application/json-patch+json
        x-ms-documentdb-partitionkey: ["A-17"]
        {"operations":[]}
    "#]],
    );
}

#[test]
fn a_query_says_that_it_is_one() {
    let paging = Paging { max: Some(100), continuation: Some("c1") };
    let body = Bytes::from_static(b"{\"query\":\"SELECT * FROM c\"}");
    check(
        &Request::query(&at(), body, paging).for_key(&key()),
        expect![[r#"
        POST /dbs/shop/colls/orders/docs
        signed: "docs" "dbs/shop/colls/orders"
        Read Harmless Key(PartitionKey("A-17"))
        content-type: application/query+json
        x-ms-continuation: c1
        x-ms-documentdb-isquery: True
        x-ms-documentdb-partitionkey: ["A-17"]
        x-ms-max-item-count: 100
        {"query":"SELECT * FROM c"}
    "#]],
    );
}

#[test]
fn a_feed_goes_on_from_the_etag() {
    let of = InRange { range: "0", container_rid: None };
    let paging = Paging { max: Some(100), continuation: Some("\"42\"") };
    check(
        &Request::feed(&at(), of, paging),
        expect![[r#"
        GET /dbs/shop/colls/orders/docs
        signed: "docs" "dbs/shop/colls/orders"
        Read Harmless Range("0")
        a-im: Incremental Feed
        if-none-match: "42"
        x-ms-documentdb-partitionkeyrangeid: 0
        x-ms-max-item-count: 100

    "#]],
    );
}

#[test]
fn ranges_are_asked_for_incrementally() {
    let known = HeaderValue::from_static("\"7\"");
    check(
        &Request::ranges(&at(), Some(&known)),
        expect![[r#"
        GET /dbs/shop/colls/orders/pkranges
        signed: "pkranges" "dbs/shop/colls/orders"
        Read Harmless None
        a-im: Incremental Feed
        if-none-match: "7"

    "#]],
    );
}

#[test]
fn what_is_too_large_does_not_leave() {
    let body = Bytes::from(vec![b' '; 2 * 1024 * 1024 + 1]);
    let failure = Request::batch(&at(), &key(), body).unwrap_err();
    assert_eq!(failure.to_string(), "2097153 bytes are more than a request takes");
    assert!(!failure.open);
}
