//! The handler's process: its environment and log, its ends, and that it never outlives its host.

use crate::support::{App, Backend, PATIENCE, Process, call};
use nix::{errno::Errno, sys::signal::Signal, unistd::Pid};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::Instant,
};

fn any_function() -> Value {
    json!({ "bindings": [
        { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous" },
        { "type": "http", "direction": "out", "name": "res" },
    ]})
}

fn app() -> App {
    App::new(json!({})).function("F", any_function())
}

fn pid(ready: &Value) -> Pid {
    let pid = ready.get("handlerPid").and_then(Value::as_i64).expect("the handler's pid");
    Pid::from_raw(pid.try_into().expect("a pid"))
}

async fn until_gone(pid: Pid) {
    let deadline = Instant::now() + PATIENCE;
    // What nobody has waited for yet has ended all the same.
    let is_zombie = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| stat.contains(") Z "))
    };
    while nix::sys::signal::kill(pid, None) != Err(Errno::ESRCH) && !is_zombie() {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_handlers_lines_are_sorted_by_stream_and_word() {
    let backend = Backend::listen().await;
    let app = app();
    let mut command = app.command(&backend, &[]);
    let mut host = command.env("HANDLER_EXIT", "0").spawn().unwrap();
    let mut log = BufReader::new(host.stderr.take().unwrap()).lines();
    let mut found = Vec::new();
    while found.len() < 3 {
        let line = tokio::time::timeout(PATIENCE, log.next_line()).await.unwrap().unwrap();
        let line = line.expect("the host ended");
        let level = ["INFO", "WARN", "ERROR"].into_iter().find(|level| line.contains(level));
        let text = ["started as", "this is a Warning", "this is worse"];
        found.extend(text.iter().find(|text| line.contains(*text)).map(|text| (level, *text)));
    }
    found.sort_unstable();
    let expect = [
        (Some("ERROR"), "this is worse"),
        (Some("INFO"), "started as"),
        (Some("WARN"), "this is a Warning"),
    ];
    assert_eq!(found, expect);
}

#[tokio::test]
async fn three_errors_stop_the_host() {
    let backend = Backend::listen().await;
    let output = app().command(&backend, &[]).env("HANDLER_EXIT", "7").output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(log.matches("started as").count(), 3, "{log}");
    assert!(log.contains("failed 3 times within 30 minutes"), "{log}");
    assert!(log.contains("the last time: the handler ended with exit code 7"), "{log}");
}

#[tokio::test]
async fn a_handler_that_does_not_listen_is_an_error() {
    let backend = Backend::listen().await;
    let app =
        App::new(json!({ "initializationTimeout": "00:00:00.2" })).function("F", any_function());
    let output = app.command(&backend, &[]).env("HANDLER_SILENT", "1").output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        log.contains("did not answer GET / at FUNCTIONS_CUSTOMHANDLER_PORT within 200ms"),
        "{log}"
    );
}

#[tokio::test]
async fn a_missing_executable_is_named() {
    let backend = Backend::listen().await;
    let app = app().host(json!({
        "customHandler": { "description": { "defaultExecutablePath": "no-such-handler" } }
    }));
    let output = app.command(&backend, &[]).output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(log.contains("no-such-handler"), "{log}");
}

#[tokio::test]
async fn a_killed_handler_is_started_again() {
    let mut backend = Backend::listen().await;
    let app = app();
    let host = app.start(&backend, &[]).await;
    let first = pid(&host.ready);
    nix::sys::signal::kill(first, Signal::SIGKILL).unwrap();
    until_gone(first).await;
    let status = format!("{}/admin/host/status", host.at("functions"));
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "it is not started again");
        let body: Value = serde_json::from_str(call("GET", &status, "").await.body()).unwrap();
        if body["state"] == "Running" && body["handler"]["starts"] == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let url = format!("{}/api/F", host.at("functions"));
    let (answer, ()) =
        tokio::join!(call("GET", &url, ""), async { backend.next().await.answer(200, "{}") });
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_function_that_takes_too_long_costs_the_handler() {
    let mut backend = Backend::listen().await;
    let app = app().host(json!({ "functionTimeout": "00:00:00.2" }));
    let host = app.start(&backend, &[]).await;
    let first = pid(&host.ready);
    let url = format!("{}/api/F", host.at("functions"));
    // Answered with nothing, which hangs as on Azure.
    let (answer, ()) =
        tokio::join!(call("GET", &url, ""), async { backend.next().await.answer(200, "") });
    assert_eq!(answer.status(), 500);
    until_gone(first).await;
}

#[tokio::test]
async fn a_handler_never_outlives_its_host() {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let backend = Backend::listen().await;
        let app = app();
        let mut command = app.command(&backend, &[]);
        let mut host = Process::of(command.stderr(Stdio::inherit())).await;
        let id = host.child.id().unwrap().try_into().unwrap();
        nix::sys::signal::kill(Pid::from_raw(id), signal).unwrap();
        let status = tokio::time::timeout(PATIENCE, host.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.success(), signal == Signal::SIGTERM, "{signal}: {status}");
        until_gone(pid(&host.ready)).await;
    }
}
