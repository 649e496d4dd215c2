//! HTTP triggers, admin routes and mistakes of an app, as a client and an author meet them.

use crate::support::{App, Backend, Process, call, send};
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

fn http(route: &str, level: &str) -> Value {
    json!({ "bindings": [
        { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level,
          "methods": ["get", "post"], "route": route },
        { "type": "http", "direction": "out", "name": "res" },
    ]})
}

#[tokio::test]
async fn a_proxied_request_arrives_as_it_was_sent() {
    let mut backend = Backend::listen().await;
    let app = App::new(json!({ "enableProxyingHttpRequest": true }))
        .function("Orders", http("orders/{id}", "anonymous"));
    let host = app.start(&backend, &[]).await;
    let url = format!("{}/api/orders/a%20b?x=1&y=", host.at("functions"));

    let (answer, ()) = tokio::join!(call("POST", &url, "hello"), async {
        let call = backend.next().await;
        assert_eq!((call.method.as_str(), &*call.path), ("POST", "/api/orders/a%20b?x=1&y="));
        assert_eq!(call.body, "hello");
        let header = |name| call.headers.get(name).and_then(|value| value.to_str().ok());
        assert!(header("x-azure-functions-invocationid").is_some());
        assert_eq!(header("x-ms-invocation-id"), header("x-azure-functions-invocationid"));
        assert!(header("x-azure-functions-hostversion").is_some_and(|at| at.starts_with("4.")));
        call.answer_as(418, "text/teapot", "short and stout");
    });
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.headers()["content-type"], "text/teapot");
    assert_eq!(answer.body(), "short and stout");
}

#[tokio::test]
async fn without_proxying_a_request_arrives_as_json() {
    let mut backend = Backend::listen().await;
    let app = App::new(json!({})).function("Orders", http("orders/{id:int}", "anonymous"));
    let host = app.start(&backend, &[]).await;
    let url = format!("{}/api/orders/7?x=1", host.at("functions"));

    let (answer, ()) = tokio::join!(call("POST", &url, "hello"), async {
        let call = backend.next().await;
        assert_eq!((call.method.as_str(), &*call.path), ("POST", "/Orders"));
        assert_eq!(call.headers.get("content-length"), None, "the host sends chunks");
        assert_eq!(call.headers["content-type"], "application/json; charset=utf-8");
        let request = &call.json()["Data"]["req"];
        assert_eq!(request["Body"], "hello");
        assert_eq!(request["Params"], json!({ "id": "7" }));
        assert_eq!(request["Query"], json!({ "x": "1" }));
        call.answer(
            200,
            r#"{"Outputs":{"res":{"statusCode":"201","headers":{"x-a":"b"},"body":{"ok":true}}}}"#,
        );
    });
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["x-a"], "b");
    assert_eq!(answer.body(), r#"{"ok":true}"#);
}

#[tokio::test]
async fn a_forwarded_request_keeps_its_path() {
    let mut backend = Backend::listen().await;
    let app = App::new(json!({ "enableForwardingHttpRequest": true }))
        .function("Orders", http("orders/{id}", "anonymous"));
    let host = app.start(&backend, &[]).await;
    let url = format!("{}/api/orders/7?x=1", host.at("functions"));
    let (answer, ()) = tokio::join!(call("POST", &url, "hello"), async {
        let call = backend.next().await;
        assert_eq!((&*call.path, &*call.body), ("/api/orders/7?x=1", "hello"));
        call.answer(201, "{}");
    });
    assert_eq!(answer.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn what_no_route_takes_is_not_found() {
    let backend = Backend::listen().await;
    let app = App::new(json!({ "enableProxyingHttpRequest": true }))
        .host(json!({ "extensions": { "http": { "routePrefix": "" } } }))
        .function("Orders", http("orders/{id:int}", "anonymous"));
    let host = app.start(&backend, &[]).await;
    for (method, path) in [("GET", "/api/orders/7"), ("GET", "/orders/x"), ("PUT", "/orders/7")] {
        let answer = call(method, &format!("{}{path}", host.at("functions")), "").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}

#[tokio::test]
async fn keys_are_asked_for_when_told_to() {
    let mut backend = Backend::listen().await;
    let app = App::new(json!({ "enableProxyingHttpRequest": true }))
        .function("Keyed", http("keyed", "function"));
    let keys = ["--master-key", "m", "--function-key", "f"];
    let host = app.start(&backend, &keys).await;
    let (keyed, status) = (
        format!("{}/api/keyed", host.at("functions")),
        format!("{}/admin/host/status", host.at("functions")),
    );
    assert_eq!(call("GET", &keyed, "").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(with_key(&status, "f").await, StatusCode::UNAUTHORIZED);
    assert_eq!(with_key(&status, "m").await, StatusCode::OK);
    let (opened, ()) =
        tokio::join!(with_key(&keyed, "f"), async { backend.next().await.answer(200, "{}") });
    assert_eq!(opened, StatusCode::OK);
}

async fn with_key(url: &str, key: &str) -> StatusCode {
    let request = Request::get(url).header("x-functions-key", key);
    send(request.body(Full::default()).expect("a request")).await.status()
}

#[tokio::test]
async fn a_timer_is_run_by_hand() {
    let mut backend = Backend::listen().await;
    let timer = json!({ "bindings": [
        { "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "%WHEN%" },
    ]});
    let app = App::new(json!({})).function("Sweep", timer);
    let mut command = app.command(&backend, &[]);
    command.env("WHEN", "0 0 0 1 1 *");
    let host = Process::of(&mut command).await;
    assert_eq!(host.ready["loaded"], json!(["Sweep"]));

    let url = format!("{}/admin/functions/Sweep", host.at("functions"));
    assert_eq!(call("POST", &url, "").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(call("POST", &url, r#"{"input":""}"#).await.status(), StatusCode::ACCEPTED);
    let run = backend.next().await;
    assert_eq!(run.path, "/Sweep");
    let timer = &run.json()["Data"]["timer"];
    assert_eq!(timer["IsPastDue"], false);
    assert!(timer["ScheduleStatus"]["Next"].as_str().unwrap().contains("-01-01T00:00:00+00:00"));
    run.answer(200, "{}");
}

#[tokio::test]
async fn a_disabled_function_is_left_alone() {
    let backend = Backend::listen().await;
    let app = App::new(json!({ "enableProxyingHttpRequest": true }))
        .function("On", http("on", "anonymous"))
        .function("Off", http("off", "anonymous"));
    let mut command = app.command(&backend, &[]);
    command.env("AzureWebJobs_Off_Disabled", "true");
    let host = Process::of(&mut command).await;
    assert_eq!(host.ready["loaded"], json!(["On"]));
    let off = format!("{}/api/off", host.at("functions"));
    assert_eq!(call("GET", &off, "").await.status(), StatusCode::NOT_FOUND);
    let listed = call("GET", &format!("{}/admin/functions", host.at("functions")), "").await;
    let listed: Value = serde_json::from_str(listed.body()).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["isDisabled"]), (&json!("Off"), &json!(true)));
}

#[tokio::test]
async fn a_timer_may_run_at_the_start_and_then_by_its_schedule() {
    let mut backend = Backend::listen().await;
    let timer = json!({ "bindings": [
        { "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "* * * * * *",
          "runOnStartup": true },
    ]});
    let app = App::new(json!({})).function("Sweep", timer);
    let _host = app.start(&backend, &[]).await;
    let first = backend.next().await;
    let status = |run: &Value| run["Data"]["timer"]["ScheduleStatus"].clone();
    assert_eq!(status(&first.json())["Last"], "0001-01-01T00:00:00+00:00");
    first.answer(200, r#"{"Logs":["swept"]}"#);
    let second = backend.next().await;
    assert_ne!(status(&second.json())["Last"], "0001-01-01T00:00:00+00:00");
    second.answer(200, "{}");
}

#[tokio::test]
async fn settings_come_from_a_file_too() {
    let backend = Backend::listen().await;
    let timer = json!({ "bindings": [
        { "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "%WHEN%" },
    ]});
    let app = App::new(json!({})).function("Sweep", timer);
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    std::fs::write(path, r#"{"IsEncrypted":false,"Values":{"WHEN":"01:00:00"}}"#).unwrap();
    let host = app.start(&backend, &["--settings", path]).await;
    assert_eq!(host.ready["loaded"], json!(["Sweep"]));
}

#[tokio::test]
async fn all_mistakes_are_reported_at_once() {
    let backend = Backend::listen().await;
    let app = App::new(json!({ "enableProxying": true, "initializationTimeout": "30" }))
        .function(
            "Timer",
            json!({ "bindings": [
                { "type": "timerTrigger", "direction": "in", "name": "t", "schedule": "* * *" },
            ]}),
        )
        .function(
            "Feed",
            json!({ "bindings": [
            { "type": "cosmosDBTrigger", "direction": "in", "name": "d",
              "connection": "Missing", "databaseName": "%NOT_SET%", "collectionName": "c" },
        ], "retry": { "strategy": "fixedDelay", "maxRetryCount": -1 } }),
        );
    let output = app.command(&backend, &[]).output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    for wanted in [
        "host.json: customHandler.enableProxying: there is no such property",
        "host.json: customHandler.initializationTimeout: \"30\" is not a time span",
        "Timer/function.json: bindings[0].schedule: `* * *` is neither six fields",
        "Feed/function.json: bindings[0].connection: neither setting Missing nor",
        "Feed/function.json: bindings[0].databaseName: %NOT_SET% names an app setting",
        "Feed/function.json: bindings[0].containerName: it is required",
        "Feed/function.json: bindings[0].collectionName: that is the name of version 3",
        "Feed/function.json: retry.delayInterval: it is required",
    ] {
        assert!(log.contains(wanted), "{wanted} is missing in: {log}");
    }
}
