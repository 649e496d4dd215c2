//! Transactional batches and bulk over the wire.

use super::*;

fn batch<'s>(server: &'s Server, pk: &str, operations: &Value) -> Ask<'s> {
    server
        .post(operations)
        .key(pk)
        .header("x-ms-cosmos-is-batch-request", "True")
        .header("x-ms-cosmos-batch-atomic", "True")
}

fn bulk<'s>(server: &'s Server, range: &str, operations: &Value) -> Ask<'s> {
    server
        .post(operations)
        .header("x-ms-cosmos-is-batch-request", "True")
        .header("x-ms-cosmos-batch-atomic", "False")
        .header("x-ms-cosmos-batch-continue-on-error", "True")
        .header("x-ms-documentdb-partitionkeyrangeid", range)
}

fn create(pk: &str, id: &str) -> Value {
    json!({"operationType": "Create", "resourceBody": {"id": id, "partitionKey": pk}})
}

fn statuses(answer: &Answer) -> Vec<u64> {
    let status = |result: &Value| result["statusCode"].as_u64().expect("a status");
    answer.json().as_array().expect("a list").iter().map(status).collect()
}

#[tokio::test]
async fn all_six_operations_work_in_one_batch() {
    let server = Server::start().await;
    let operations = json!([
        create("p", "1"),
        {"operationType": "Upsert", "resourceBody": {"id": "2", "partitionKey": "p"}},
        {"operationType": "Replace", "id": "2", "resourceBody": {"id": "2", "partitionKey": "p", "n": 1}},
        {"operationType": "Patch", "id": "2", "resourceBody": {
            "condition": "from c where c.n = 1",
            "operations": [{"op": "incr", "path": "/n", "value": 4}],
        }},
        {"operationType": "Read", "id": "2"},
        {"operationType": "Delete", "id": "1"},
    ]);
    let done = batch(&server, "p", &operations).send().await;
    assert_eq!((done.status, statuses(&done)), (200, vec![201, 201, 200, 200, 200, 204]));
    let results = done.json();
    assert_eq!(results[4]["resourceBody"]["n"], 5);
    assert_eq!(results[4]["eTag"], results[4]["resourceBody"]["_etag"]);
    assert_eq!(done.header("x-ms-session-token"), "0:-1#1");
    let parts: f64 = (0..6).map(|at| results[at]["requestCharge"].as_f64().unwrap()).sum();
    let whole: f64 = done.header("x-ms-request-charge").parse().unwrap();
    assert!((parts - whole).abs() < 0.1, "{parts} {whole}");
}

#[tokio::test]
async fn a_failed_batch_is_207_and_leaves_nothing() {
    let server = Server::start().await;
    let etag = server.put("p", "there").await.header("etag").to_owned();
    let stale = json!({"operationType": "Delete", "id": "there", "ifMatch": "\"stale\""});
    let operations = json!([create("p", "1"), stale, create("p", "2")]);
    let failed = batch(&server, "p", &operations).send().await;
    assert_eq!((failed.status, statuses(&failed)), (207, vec![424, 412, 424]));
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 404);
    assert_eq!(server.item("GET", "there").key("p").send().await.header("etag"), etag);
}

#[tokio::test]
async fn an_operation_of_another_key_fails_its_batch() {
    let server = Server::start().await;
    let failed = batch(&server, "p", &json!([create("p", "1"), create("q", "2")])).send().await;
    assert_eq!((failed.status, statuses(&failed)), (207, vec![424, 400]));
}

#[tokio::test]
async fn who_prefers_minimal_gets_etags_and_no_documents() {
    let server = Server::start().await;
    let operations = json!([create("p", "1")]);
    let done = batch(&server, "p", &operations).header("prefer", "return=minimal").send().await;
    let result = &done.json()[0];
    assert!(result["eTag"].is_string() && result.get("resourceBody").is_none(), "{result}");
}

#[tokio::test]
async fn the_limits_of_a_batch_are_kept_and_named() {
    let server = Server::start().await;
    let creates =
        |count: usize| (0..count).map(|n| create("p", &n.to_string())).collect::<Vec<_>>().into();
    let many = batch(&server, "p", &creates(101)).send().await;
    assert_eq!(many.status, 400);
    assert!(many.message().contains("101"), "{}", many.message());
    assert_eq!(batch(&server, "p", &creates(0)).send().await.status, 400);
    assert_eq!(batch(&server, "p", &creates(100)).send().await.status, 200);
    let large = json!([{"operationType": "Create", "resourceBody": {
        "id": "x", "partitionKey": "p", "x": "y".repeat(2 * 1024 * 1024),
    }}]);
    assert_eq!(batch(&server, "p", &large).send().await.status, 413);
    assert_eq!(server.cosmos.state()["databases"]["shop"]["containers"]["orders"]["items"], 100);
}

#[tokio::test]
async fn a_malformed_batch_does_nothing() {
    let server = Server::start().await;
    let bodies = [
        json!({}),
        json!([1]),
        json!([{"operationType": "Create"}]),
        json!([{"operationType": "Read"}]),
        json!([{"operationType": "Merge", "id": "1"}]),
        json!([create("p", "1"), {"operationType": "Patch", "id": "1", "resourceBody": []}]),
    ];
    for body in bodies {
        assert_eq!(batch(&server, "p", &body).send().await.status, 400, "{body}");
    }
    let keyless = server.post(&json!([create("p", "1")]));
    let keyless = keyless.header("x-ms-cosmos-is-batch-request", "True").send().await;
    assert_eq!(keyless.status, 400);
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 404);
}

#[tokio::test]
async fn of_racing_batches_on_one_id_exactly_one_wins() {
    let server = Server::start().await;
    let attempts = (0..8).map(|n| {
        let operations = json!([create("p", "same"), create("p", &format!("own{n}"))]);
        batch(&server, "p", &operations).send()
    });
    let answers = futures_util::future::join_all(attempts).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    assert_eq!(server.cosmos.state()["databases"]["shop"]["containers"]["orders"]["items"], 2);
}

#[tokio::test]
async fn bulk_marks_items_of_many_keys_and_goes_on_after_an_error() {
    let server = Server::start().await;
    for pk in ["a", "b", "c"] {
        server
            .post(&json!({"id": "1", "partitionKey": pk, "state": "pending"}))
            .key(pk)
            .send()
            .await;
    }
    let mark = |pk: &str, key: Value| {
        json!({"operationType": "Patch", "id": "1", "partitionKey": key, "resourceBody": {
            "condition": "from c where c.state = 'pending'",
            "operations": [{"op": "set", "path": "/state", "value": pk}],
        }})
    };
    let operations = json!([
        mark("a", r#"["a"]"#.into()),
        mark("a", r#"["a"]"#.into()),
        mark("x", r#"["x"]"#.into()),
        mark("c", json!(["c"])),
    ]);
    let done = bulk(&server, "0", &operations).send().await;
    assert_eq!((done.status, statuses(&done)), (207, vec![200, 412, 404, 200]));
    assert_eq!((server.count("bulk"), server.count("batch")), (1, 0));
    assert_eq!(server.item("GET", "1").key("c").send().await.json()["state"], "c");
    let gone = bulk(&server, "7", &operations).send().await;
    assert_eq!((gone.status, gone.substatus()), (410, "1002"));
}
