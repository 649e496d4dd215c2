//! Each fault of Cosmos DB, set through the control port, met by each kind of request.

use crate::{
    cosmos::{DOCS, now, signature},
    support::{Local, PATIENCE},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A kind of request: the fault's name for it, and how it is made of a number that tells one
/// attempt from another.
struct Operation {
    name: &'static str,
    writes: bool,
    request: fn(u32) -> Asked,
}

/// Method, whether it is on the one item `seed`, further headers, body.
type Asked = (&'static str, bool, &'static [(&'static str, &'static str)], Value);

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "batch",
        writes: true,
        request: |mark| {
            let headers =
                &[("x-ms-cosmos-is-batch-request", "True"), ("x-ms-cosmos-batch-atomic", "True")];
            let patch = json!({"operations": [{"op": "set", "path": "/mark", "value": mark}]});
            let patch = json!({"operationType": "Patch", "id": "seed", "resourceBody": patch});
            ("POST", false, headers, json!([patch]))
        },
    },
    Operation {
        name: "create",
        writes: true,
        request: |mark| {
            let headers = &[("x-ms-documentdb-is-upsert", "True")];
            ("POST", false, headers, json!({"id": "seed", "partitionKey": "p", "mark": mark}))
        },
    },
    Operation {
        name: "replace",
        writes: true,
        request: |mark| {
            ("PUT", true, &[], json!({"id": "seed", "partitionKey": "p", "mark": mark}))
        },
    },
    Operation {
        name: "patch",
        writes: true,
        request: |mark| {
            ("PATCH", true, &[], json!([{"op": "set", "path": "/mark", "value": mark}]))
        },
    },
    Operation { name: "read", writes: false, request: |_| ("GET", true, &[], Value::Null) },
    Operation {
        name: "query",
        writes: false,
        request: |_| {
            let headers =
                &[("x-ms-documentdb-isquery", "True"), ("content-type", "application/query+json")];
            ("POST", false, headers, json!({"query": "SELECT * FROM c", "parameters": []}))
        },
    },
    Operation {
        name: "feed",
        writes: false,
        request: |_| ("GET", false, &[("a-im", "Incremental Feed")], Value::Null),
    },
];

/// A fault, and whether what it meets happens and is answered.
struct Action {
    rule: fn() -> Value,
    happens: bool,
    /// Status and substatus; none if the connection is cut.
    answered: Option<(u16, &'static str)>,
}

const DELAY: Duration = Duration::from_millis(20);

const ACTIONS: &[Action] = &[
    Action {
        rule: || json!({"action": "throttle", "retryAfterMs": 7}),
        happens: false,
        answered: Some((429, "3200")),
    },
    Action {
        rule: || json!({"action": "status", "status": 449, "substatus": 5352}),
        happens: false,
        answered: Some((449, "5352")),
    },
    Action { rule: || json!({"action": "drop-before"}), happens: false, answered: None },
    Action { rule: || json!({"action": "drop-after"}), happens: true, answered: None },
    Action {
        rule: || json!({"action": "delay", "delayMs": 20}),
        happens: true,
        answered: Some((200, "")),
    },
];

impl Operation {
    /// Sends it; none if there is no answer.
    async fn send(&self, local: &Local, mark: u32) -> Option<Response<Bytes>> {
        send(local, (self.request)(mark)).await
    }
}

async fn send(local: &Local, (method, on_item, headers, body): Asked) -> Option<Response<Bytes>> {
    let path = if on_item { format!("{DOCS}/seed") } else { DOCS.to_owned() };
    let date = httpdate::fmt_http_date(now());
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", local.at.cosmos))
        .header("authorization", signature(method, &path, &date))
        .header("x-ms-date", date)
        .header("x-ms-documentdb-partitionkey", r#"["p"]"#);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = request.body(Full::new(body)).expect("a valid request");
    // A connection for each: none is cut but by the fault.
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
    let answered = tokio::time::timeout(PATIENCE, client.request(request));
    let (head, body) = answered.await.expect("no answer in time").ok()?.into_parts();
    let body = body.collect().await.expect("the body ends").to_bytes();
    Some(Response::from_parts(head, body))
}

/// What the last write that happened left.
async fn mark(local: &Local) -> u64 {
    let answer = send(local, ("GET", true, &[], Value::Null)).await.expect("an answer");
    let item: Value = serde_json::from_slice(answer.body()).expect("an item");
    item.get("mark").and_then(Value::as_u64).expect("a mark")
}

/// What a request that met the fault came to.
fn check(told: &str, action: &Action, answer: Option<&Response<Bytes>>) {
    let header = |answer: &Response<Bytes>, name: &str| {
        answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
    };
    match (action.answered, answer) {
        (None, None) => {}
        (Some((200, _)), Some(answer)) => assert!(answer.status().is_success(), "{told}"),
        (Some((status, substatus)), Some(answer)) => {
            assert_eq!(answer.status().as_u16(), status, "{told}");
            assert_eq!(header(answer, "x-ms-substatus").as_deref(), Some(substatus), "{told}");
            let wait = header(answer, "x-ms-retry-after-ms");
            assert_eq!(wait.as_deref(), (status == 429).then_some("7"), "{told}");
        }
        (expected, answer) => unreachable!("{told}: {expected:?}, but {answer:?}"),
    }
}

#[tokio::test]
async fn every_fault_meets_every_operation_as_often_as_it_says() {
    let local = Local::start().await;
    let seed = json!({"id": "seed", "partitionKey": "p", "mark": 0});
    send(&local, ("POST", false, &[], seed)).await.expect("an answer");
    let mut marks = 1..;
    let all = || OPERATIONS.iter().flat_map(|o| ACTIONS.iter().map(move |a| (o, a)));
    for (operation, action) in all() {
        for named in [operation.name, "any"] {
            let mut rule = (action.rule)();
            rule["target"] = "cosmos".into();
            rule["operation"] = named.into();
            rule["count"] = 2.into();
            local.fault(&rule).await;
            let told = format!("{} meets {rule}", operation.name);
            meet(&local, (operation, action), &told, marks.next().unwrap_or(0)).await;
            assert_eq!(local.faults().await[0]["count"], 1, "{told}");
            meet(&local, (operation, action), &told, marks.next().unwrap_or(0)).await;
            assert_eq!(local.faults().await, json!([]), "{told}");
            let answer = operation.send(&local, marks.next().unwrap_or(0)).await;
            assert!(answer.expect("an answer").status().is_success(), "{told}");
        }
    }
}

/// Lets a request meet a fault that is set.
async fn meet(local: &Local, (operation, action): (&Operation, &Action), told: &str, number: u32) {
    let before = mark_aside(local).await;
    let begun = Instant::now();
    check(told, action, operation.send(local, number).await.as_ref());
    assert!(!told.contains("delay") || DELAY <= begun.elapsed(), "{told}");
    let happened = operation.writes && action.happens;
    let expected = if happened { u64::from(number) } else { before };
    assert_eq!(mark_aside(local).await, expected, "{told}");
}

/// The mark, read while the faults are put aside: a read would use up one that meets it.
async fn mark_aside(local: &Local) -> u64 {
    let left = local.faults().await;
    local.forget().await;
    let mark = mark(local).await;
    for rest in left.as_array().expect("a list") {
        local.fault(rest).await;
    }
    mark
}

#[tokio::test]
async fn a_fault_leaves_other_operations_alone() {
    let local = Local::start().await;
    let seed = json!({"id": "seed", "partitionKey": "p", "mark": 0});
    send(&local, ("POST", false, &[], seed)).await.expect("an answer");
    for met in OPERATIONS {
        local
            .fault(&json!({"target": "cosmos", "operation": met.name, "action": "status", "status": 599}))
            .await;
        for other in OPERATIONS.iter().filter(|other| other.name != met.name) {
            let answer = other.send(&local, 1).await.expect("an answer");
            assert!(answer.status().is_success(), "{} met that of {}", other.name, met.name);
        }
        assert_eq!(met.send(&local, 1).await.expect("an answer").status().as_u16(), 599);
    }
}

#[tokio::test]
async fn faults_that_are_forgotten_meet_nothing() {
    let local = Local::start().await;
    local.fault(&json!({"target": "cosmos", "action": "drop-before", "count": 100})).await;
    local.forget().await;
    let seed = json!({"id": "seed", "partitionKey": "p", "mark": 0});
    let answer = send(&local, ("POST", false, &[], seed)).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 201);
}
