//! Point operations over the wire: statuses, headers, bodies.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn an_answer_carries_what_sdks_read_from_headers() {
    let server = Server::start().await;
    let made = server.put("p", "1").await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("etag"), made.json()["_etag"].as_str().unwrap());
    assert_eq!(made.header("x-ms-session-token"), "0:-1#1");
    assert_eq!((made.header("lsn"), made.header("x-ms-item-lsn")), ("1", "1"));
    assert_eq!(made.header("x-ms-documentdb-partitionkeyrangeid"), "0");
    assert_eq!(made.header("content-type"), "application/json");
    assert!(0.0 < made.header("x-ms-request-charge").parse::<f64>().unwrap());
    let id = "6f1c";
    let read = server.item("GET", "1").key("p").header("x-ms-activity-id", id).send().await;
    assert_eq!((read.status, read.header("x-ms-activity-id")), (200, id));
    assert_eq!(read.header("x-ms-request-charge"), "1.00");
    assert_eq!(read.json(), made.json());
}

#[tokio::test]
async fn every_write_answers_its_status() {
    let server = Server::start().await;
    let order = json!({"id": "1", "partitionKey": "p"});
    assert_eq!(server.put("p", "1").await.status, 201);
    assert_eq!(server.put("p", "1").await.status, 409);
    assert_eq!(server.item("PUT", "1").key("p").json(&order).send().await.status, 200);
    let upsert = server.post(&order).key("p").header("x-ms-documentdb-is-upsert", "True");
    assert_eq!(upsert.send().await.status, 200);
    let gone = server.item("DELETE", "1/").key("p").send().await;
    assert_eq!((gone.status, gone.body.len(), gone.header("lsn")), (204, 0, "4"));
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 404);
    assert_eq!(server.item("TRACE", "1").key("p").send().await.status, 405);
}

#[tokio::test]
async fn patches_are_taken_in_both_shapes_and_all_content_types() {
    let server = Server::start().await;
    server.put("p", "1").await;
    let operations = json!([{"op": "incr", "path": "/n", "value": 1}]);
    let wrapped = json!({"operations": operations, "condition": "from c where c.n = 1"});
    let kinds = ["application/json-patch+json", "application/json_patch+json", "application/json"];
    for kind in kinds {
        let patch = server.item("PATCH", "1").key("p").json(&operations);
        assert_eq!(patch.header("content-type", kind).send().await.status, 200);
        let conditional = server.item("PATCH", "1").key("p").json(&wrapped).send().await;
        let expected = if kind == kinds[0] { 200 } else { 412 };
        assert_eq!(conditional.status, expected, "{kind}");
    }
    assert_eq!(server.item("GET", "1").key("p").send().await.json()["n"], 4);
}

#[tokio::test]
async fn all_items_of_a_partition_key_are_removed_by_one_request() {
    let server = Server::start().await;
    for (pk, id) in [("p", "1"), ("p", "2"), ("q", "1")] {
        server.put(pk, id).await;
    }
    let path = "/dbs/shop/colls/orders/operations/partitionkeydelete";
    let link = "dbs/shop/colls/orders";
    let ask = |method| server.ask(method, path);
    let keyless = ask("POST").send_signed_as("colls", link).await;
    assert_eq!(keyless.status, 400);
    assert_eq!(ask("GET").key("p").send_signed_as("colls", link).await.status, 405);
    let deleted = ask("POST").key("p").send_signed_as("colls", link).await;
    assert_eq!((deleted.status, deleted.body.len()), (200, 0));
    assert_eq!(deleted.header("x-ms-session-token"), "0:-1#4");
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 404);
    assert_eq!(server.item("GET", "1").key("q").send().await.status, 200);
}

#[tokio::test]
async fn who_prefers_minimal_gets_the_etag_and_no_document() {
    let server = Server::start().await;
    let order = json!({"id": "1", "partitionKey": "p"});
    let made = server.post(&order).key("p").header("prefer", "return=minimal").send().await;
    assert_eq!((made.status, made.body.len()), (201, 0));
    assert!(!made.header("etag").is_empty());
    let read = server.item("GET", "1").key("p").header("prefer", "return=minimal").send().await;
    assert_eq!(read.json()["id"], "1");
}

#[tokio::test]
async fn preconditions_are_checked_over_the_wire() {
    let server = Server::start().await;
    let etag = server.put("p", "1").await.header("etag").to_owned();
    let known = server.item("GET", "1").key("p").header("if-none-match", &etag).send().await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, etag.as_str()));
    let stale = server.item("DELETE", "1").key("p").header("if-match", "\"x\"").send().await;
    assert_eq!((stale.status, &stale.json()["code"]), (412, &"PreconditionFailed".into()));
    let good = server.item("DELETE", "1").key("p").header("if-match", &etag).send().await;
    assert_eq!(good.status, 204);
}

#[tokio::test]
async fn a_bad_request_says_what_is_wrong() {
    let server = Server::start().await;
    let cases: [(&str, &[u8], &str); 6] = [
        ("p", b"{", "JSON"),
        ("p", b"[]", "object"),
        ("p", br#"{"partitionKey":"p"}"#, "'id' is missing"),
        ("p", br#"{"id":7,"partitionKey":"p"}"#, "not a string"),
        ("p", br#"{"id":"1","partitionKey":"p","ttl":0}"#, "ttl is 0"),
        ("p", b"\x80\xE1\xD4", "0xD4 at byte 2"),
    ];
    for (pk, body, wanted) in cases {
        let answer = server.ask("POST", DOCS).key(pk).bytes(body).send().await;
        assert_eq!(answer.status, 400, "{wanted}");
        assert!(answer.message().contains(wanted), "{}", answer.message());
    }
    let keyless = server.post(&json!({"id": "1"})).send().await;
    assert!(keyless.message().contains("x-ms-documentdb-partitionkey"), "{}", keyless.message());
    let other = server.post(&json!({"id": "1", "partitionKey": "q"})).key("p").send().await;
    assert_eq!((other.status, other.substatus()), (400, "1001"));
}

#[tokio::test]
async fn an_item_over_two_megabytes_is_too_large() {
    let server = Server::start().await;
    let order = |bytes: usize| json!({"id": "1", "partitionKey": "p", "x": "y".repeat(bytes)});
    let megabytes = 1024 * 1024;
    assert_eq!(server.post(&order(2 * megabytes)).key("p").send().await.status, 413);
    assert_eq!(server.post(&order(5 * megabytes)).key("p").send().await.status, 413);
    assert_eq!(server.post(&order(megabytes)).key("p").send().await.status, 201);
}

#[tokio::test]
async fn a_session_ahead_of_what_is_stored_is_404_1002() {
    let server = Server::start().await;
    server.put("p", "1").await;
    let read = |token: &'static str| {
        server.item("GET", "1").key("p").header("x-ms-session-token", token).send()
    };
    assert_eq!(read("0:-1#1").await.status, 200);
    let ahead = read("0:-1#2").await;
    assert_eq!((ahead.status, ahead.substatus()), (404, "1002"));
}

#[tokio::test]
async fn keys_and_ids_of_any_script_are_kept_apart() {
    let server = Server::start().await;
    let order = json!({"id": "ß 1+%", "partitionKey": "ключ"});
    let header = r#"["\u043a\u043b\u044e\u0447"]"#;
    let key = "x-ms-documentdb-partitionkey";
    assert_eq!(server.post(&order).header(key, header).send().await.status, 201);
    let read = server.item("GET", "%C3%9F%201%2B%25").header(key, header).send().await;
    assert_eq!(read.json()["partitionKey"], "ключ");
}

#[tokio::test]
async fn undefined_null_and_text_are_three_keys() {
    let server = Server::start().await;
    let key = "x-ms-documentdb-partitionkey";
    let cases = [
        ("[{}]", json!({"id": "1"})),
        ("[null]", json!({"id": "1", "partitionKey": null})),
        (r#"["null"]"#, json!({"id": "1", "partitionKey": "null"})),
    ];
    for (header, order) in &cases {
        assert_eq!(server.post(order).header(key, header).send().await.status, 201, "{header}");
    }
    for (header, order) in &cases {
        let read = server.item("GET", "1").header(key, header).send().await.json();
        assert_eq!(read.get("partitionKey"), order.get("partitionKey"), "{header}");
    }
}

#[tokio::test]
async fn an_item_expires_when_the_clock_gets_there() {
    let server = Server::start().await;
    let order = json!({"id": "1", "partitionKey": "p", "ttl": 60});
    server.post(&order).key("p").send().await;
    server.clock.advance(Duration::from_secs(50));
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 200);
    server.clock.advance(Duration::from_secs(11));
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 404);
}

#[tokio::test]
async fn state_counts_requests_and_items_exactly() {
    let server = Server::start().await;
    server.put("p", "1").await;
    server.put("p", "2").await;
    server.item("GET", "1").key("p").send().await;
    server.item("GET", "9").key("p").send().await;
    let state = server.cosmos.state();
    let orders = &state["databases"]["shop"]["containers"]["orders"];
    assert_eq!(orders["items"], 2);
    assert_eq!(orders["ranges"][0]["lsn"], 2);
    assert_eq!((server.count("create"), server.count("read"), server.count("query")), (2, 2, 0));
    assert_eq!(orders["requests"]["read"]["charge"], 2.0);
}

#[tokio::test]
async fn a_body_in_the_binary_encoding_is_stored_and_read_as_text() {
    let server = Server::start().await;
    // {"id": "a", "partitionKey": "p", "n": 300}
    let body = b"\x80\xED\x17\x03\x2C\x81a\x8CpartitionKey\x81p\x81n\xC9\x2C\x01";
    let made = server.ask("POST", DOCS).key("p").bytes(body.as_slice()).send().await;
    assert_eq!((made.status, &made.json()["n"]), (201, &json!(300)));
    let replaced = server.item("PUT", "a").key("p").bytes(body.as_slice()).send().await;
    assert_eq!(replaced.status, 200);
    let read = server.item("GET", "a").key("p").send().await;
    assert!(
        read.body.starts_with(b"{\"id\":\"a\",\"partitionKey\":\"p\",\"n\":300,"),
        "{:?}",
        read.body
    );
}
