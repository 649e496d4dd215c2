//! Faults on demand: what they do to requests, and that they leave others alone.

use super::*;

fn set(server: &Server, mut rule: Value) {
    let members = rule.as_object_mut().expect("an object");
    members.insert("target".to_owned(), "cosmos".into());
    server.faults.add(serde_json::from_value(rule).expect("a valid rule"));
}

#[tokio::test]
async fn a_throttle_is_429_3200_with_the_time_to_wait() {
    let server = Server::start().await;
    set(&server, json!({"operation": "create", "action": "throttle", "retryAfterMs": 7}));
    let throttled = server.put("p", "1").await;
    assert_eq!((throttled.status, throttled.substatus()), (429, "3200"));
    assert_eq!(throttled.header("x-ms-retry-after-ms"), "7");
    assert_eq!(server.put("p", "1").await.status, 201);
}

#[tokio::test]
async fn a_status_is_answered_without_doing_anything() {
    let server = Server::start().await;
    set(&server, json!({"operation": "any", "action": "status", "status": 410, "substatus": 1002}));
    let failed = server.put("p", "1").await;
    assert_eq!((failed.status, failed.substatus(), server.count("create")), (410, "1002", 0));
}

#[tokio::test]
async fn a_rule_meets_its_operation_only() {
    let server = Server::start().await;
    server.put("p", "1").await;
    let requests = [
        ("batch", server.post(&json!([])).key("p").header("x-ms-cosmos-is-batch-request", "True")),
        (
            "replace",
            server.item("PUT", "1").key("p").json(&json!({"id": "1", "partitionKey": "p"})),
        ),
        ("patch", server.item("PATCH", "1").key("p").json(&json!([]))),
        ("query", server.query("SELECT * FROM c").key("p")),
        ("feed", server.feed()),
        ("read", server.item("GET", "1").key("p")),
    ];
    for (operation, request) in requests {
        set(&server, json!({"operation": operation, "action": "status", "status": 599}));
        assert_ne!(server.put("p", "2").await.status, 599, "{operation}");
        assert_eq!(request.send().await.status, 599, "{operation}");
    }
}

#[tokio::test]
async fn dropped_before_it_did_not_happen_and_dropped_after_it_did() {
    let server = Server::start().await;
    for (action, there) in [("drop-before", 404), ("drop-after", 200)] {
        set(&server, json!({"operation": "create", "action": action}));
        let order = json!({"id": action, "partitionKey": "p"});
        server.post(&order).key("p").send_or_be_cut().await.unwrap_err();
        let read = server.item("GET", action).key("p").send().await;
        assert_eq!(read.status, there, "{action}");
    }
}

#[tokio::test]
async fn a_delay_only_delays() {
    let server = Server::start().await;
    set(&server, json!({"operation": "create", "action": "delay", "delayMs": 30}));
    let begun = std::time::Instant::now();
    assert_eq!(server.put("p", "1").await.status, 201);
    assert!(30 <= begun.elapsed().as_millis());
}
