//! The Cosmos DB trigger over the emulator's own change feed: payload, checkpoints, retries,
//! splits, and what a killed host leaves behind.

use crate::support::{Account, App, Backend, PATIENCE, Process, call};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::time::Instant;

fn app(retry: Option<Value>) -> App {
    let mut function = json!({ "bindings": [
        { "type": "cosmosDBTrigger", "direction": "in", "name": "documents",
          "connection": "CosmosConnection", "databaseName": "%COSMOS_DATABASE%",
          "containerName": "orders", "leaseContainerPrefix": "relay-", "startFromBeginning": true,
          "feedPollDelay": 20, "leaseAcquireInterval": 100, "leaseExpirationInterval": 1000,
          "leaseRenewInterval": 200 },
    ]});
    if let (Some(retry), Some(function)) = (retry, function.as_object_mut()) {
        function.insert("retry".into(), retry);
    }
    App::new(json!({})).function("Relay", function)
}

async fn start(app: &App, account: &Account, backend: &Backend) -> Process {
    let mut command = app.command(backend, &[]);
    command.env("COSMOS_DATABASE", "shop");
    command.env("CosmosConnection__accountEndpoint", account.endpoint());
    Process::of(command.stderr(Stdio::inherit())).await
}

/// The ids of a page, which is encoded twice inside the payload.
fn ids(payload: &Value) -> Vec<String> {
    let data = payload.get("Data").and_then(|data| data.get("documents"));
    let outer = data.and_then(Value::as_str).expect("a text");
    let inner: String = serde_json::from_str(outer).expect("a text in a text");
    let documents: Vec<Value> = serde_json::from_str(&inner).expect("documents in it");
    let id = |document: &Value| document.get("id").and_then(Value::as_str).map(str::to_owned);
    documents.iter().filter_map(id).collect()
}

/// Waits until `wanted` holds of the lease documents.
async fn leases(account: &Account, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let leases = account.leases().await;
        if wanted(&leases) {
            return leases;
        }
        assert!(Instant::now() < deadline, "{leases:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn text<'a>(lease: &'a Value, name: &str) -> &'a str {
    lease.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn a_change_arrives_encoded_twice_and_is_checkpointed() {
    let account = Account::start().await;
    account.create("1").await;
    let mut backend = Backend::listen().await;
    let app = app(None);
    let _host = start(&app, &account, &backend).await;

    let call = backend.next().await;
    assert_eq!(call.path, "/Relay");
    assert_eq!(call.headers.get("content-length"), None, "the host sends chunks");
    assert_eq!(call.json()["Metadata"]["sys"]["MethodName"], "Relay");
    assert_eq!(call.json()["Metadata"].get("RetryContext"), None);
    assert_eq!(ids(&call.json()), ["1"]);
    call.answer(200, "{}");

    let has_token =
        |leases: &[Value]| leases.iter().any(|lease| !text(lease, "ContinuationToken").is_empty());
    let leases = leases(&account, has_token).await;
    let [lease] = leases.as_slice() else { panic!("{leases:#?}") };
    assert!(text(lease, "id").starts_with("relay-127.0.0.1_"), "{lease:#}");
    assert!(text(lease, "id").ends_with("..0"), "{lease:#}");
    assert_eq!((text(lease, "LeaseToken"), &lease["version"]), ("0", &json!(0)));
    assert!(!text(lease, "Owner").is_empty());
}

#[tokio::test]
async fn without_a_retry_policy_a_failed_page_is_skipped() {
    let account = Account::start().await;
    let mut backend = Backend::listen().await;
    let app = app(None);
    let _host = start(&app, &account, &backend).await;
    account.create("lost").await;
    backend.next().await.answer(500, "{}");
    account.create("next").await;
    let call = backend.next().await;
    assert_eq!(ids(&call.json()), ["next"]);
    call.answer(200, "{}");
}

#[tokio::test]
async fn with_a_retry_policy_a_failed_page_comes_again() {
    let account = Account::start().await;
    let mut backend = Backend::listen().await;
    let retry = json!({
        "strategy": "exponentialBackoff", "maxRetryCount": -1,
        "minimumInterval": "00:00:00", "maximumInterval": "00:00:01",
    });
    let app = app(Some(retry));
    let _host = start(&app, &account, &backend).await;
    account.create("1").await;
    backend.next().await.answer(503, "{}");
    backend.next().await.answer_as(200, "text/plain", "not JSON");
    let call = backend.next().await;
    assert_eq!(ids(&call.json()), ["1"]);
    let context = &call.json()["Metadata"]["RetryContext"];
    assert_eq!((&context["RetryCount"], &context["MaxRetryCount"]), (&json!(2), &json!(-1)));
    call.answer(200, "{}");
}

#[tokio::test]
async fn a_split_is_followed_from_where_the_parent_was() {
    let account = Account::start().await;
    let mut backend = Backend::listen().await;
    let app = app(None);
    let _host = start(&app, &account, &backend).await;
    account.create("before").await;
    backend.next().await.answer(200, "{}");
    leases(&account, |leases| leases.iter().all(|lease| lease["ContinuationToken"].is_string()))
        .await;

    let split = format!("{}/cosmos/shop/orders/split", account.emulator.at("control"));
    assert_eq!(call("POST", &split, "").await.status(), 200);
    let children = |leases: &[Value]| {
        leases.len() == 2 && leases.iter().all(|lease| lease["Owner"].is_string())
    };
    let children = leases(&account, children).await;
    assert!(children.iter().all(|lease| text(lease, "LeaseToken") != "0"), "{children:#?}");

    let mut expected: Vec<_> = (0..8).map(|n| format!("after-{n}")).collect();
    for id in &expected {
        account.create(id).await;
    }
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let call = backend.next().await;
        found.extend(ids(&call.json()));
        call.answer(200, "{}");
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "each once, and nothing from before");
}

#[tokio::test]
async fn a_retry_policy_that_is_used_up_skips_the_page() {
    let account = Account::start().await;
    let mut backend = Backend::listen().await;
    let retry =
        json!({ "strategy": "fixedDelay", "maxRetryCount": 1, "delayInterval": "00:00:00" });
    let app = app(Some(retry));
    let _host = start(&app, &account, &backend).await;
    account.create("lost").await;
    backend.next().await.answer(500, "{}");
    backend.next().await.answer(500, "{}");
    account.create("next").await;
    let call = backend.next().await;
    assert_eq!(ids(&call.json()), ["next"]);
    call.answer(200, "{}");
}

#[tokio::test]
async fn a_merge_is_followed_too() {
    let account = Account::start().await;
    let control = |verb| format!("{}/cosmos/shop/orders/{verb}", account.emulator.at("control"));
    assert_eq!(call("POST", &control("split"), "").await.status(), 200);
    let mut backend = Backend::listen().await;
    let app = app(None);
    let _host = start(&app, &account, &backend).await;
    let owned = |count: usize| {
        move |leases: &[Value]| {
            leases.len() == count && leases.iter().all(|lease| lease["Owner"].is_string())
        }
    };
    leases(&account, owned(2)).await;
    assert_eq!(call("POST", &control("merge"), "").await.status(), 200);
    leases(&account, owned(1)).await;
    account.create("after").await;
    let call = backend.next().await;
    assert_eq!(ids(&call.json()), ["after"]);
    call.answer(200, "{}");
}

#[tokio::test]
async fn two_hosts_share_the_leases() {
    let account = Account::start().await;
    let split = format!("{}/cosmos/shop/orders/split", account.emulator.at("control"));
    assert_eq!(call("POST", &split, "").await.status(), 200);
    let backend = Backend::listen().await;
    let app = app(None);
    let _first = start(&app, &account, &backend).await;
    let _second = start(&app, &account, &backend).await;
    let shared = |leases: &[Value]| match leases {
        [a, b] => a["Owner"].is_string() && b["Owner"].is_string() && a["Owner"] != b["Owner"],
        _ => false,
    };
    leases(&account, shared).await;
}

#[tokio::test]
async fn a_missing_account_is_waited_for() {
    let mut backend = Backend::listen().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = app(None);
    let mut command = app.command(&backend, &[]);
    command.env("COSMOS_DATABASE", "shop");
    command.env("CosmosConnection__accountEndpoint", format!("http://{free}"));
    let _host = Process::of(command.stderr(Stdio::inherit())).await;
    let account = Account::start_at(&free.to_string()).await;
    account.create("1").await;
    let call = backend.next().await;
    assert_eq!(ids(&call.json()), ["1"]);
    call.answer(200, "{}");
}

#[tokio::test]
async fn what_a_killed_host_was_doing_comes_again() {
    let account = Account::start().await;
    let mut backend = Backend::listen().await;
    let app = app(None);
    let mut host = start(&app, &account, &backend).await;
    account.create("1").await;
    let unanswered = backend.next().await;
    host.child.kill().await.unwrap();
    drop(unanswered);
    // Its lease expires after a second.
    let _next = start(&app, &account, &backend).await;
    let call = backend.next().await;
    assert_eq!(ids(&call.json()), ["1"]);
    call.answer(200, "{}");
}

#[tokio::test]
async fn a_stopped_host_gives_its_leases_back() {
    let account = Account::start().await;
    let backend = Backend::listen().await;
    let app = app(None);
    let mut host = start(&app, &account, &backend).await;
    leases(&account, |leases| leases.iter().any(|lease| lease["Owner"].is_string())).await;
    let pid = host.child.id().unwrap().try_into().unwrap();
    let pid = nix::unistd::Pid::from_raw(pid);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    host.child.wait().await.unwrap();
    assert!(account.leases().await.iter().all(|lease| lease["Owner"].is_null()));
}
