//! The local Azure as a process: the ready line, control, taken ports, and stopping.

use crate::support::{PATIENCE, Process, call, command};
use http::StatusCode;
use nix::{sys::signal::Signal, unistd::Pid};
use serde_json::{Value, json};
use std::{net::TcpListener, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    time::timeout,
};

const ANY_PORTS: [&str; 6] =
    ["--cosmos", "127.0.0.1:0", "--servicebus", "127.0.0.1:0", "--control", "127.0.0.1:0"];

#[tokio::test]
async fn faults_are_set_listed_and_cleared() {
    let emulator = Process::start(&ANY_PORTS).await;
    let faults = format!("{}/faults", emulator.at("control"));
    let rule = json!({"target":"cosmos","operation":"batch","action":"throttle","count":2});

    let set = call("POST", &faults, &rule.to_string()).await;
    assert_eq!((set.status(), json(set.body())), (StatusCode::OK, json!({ "faults": [rule] })));
    call("DELETE", &faults, "").await;
    assert_eq!(json(call("GET", &faults, "").await.body()), json!({ "faults": [] }));
}

#[tokio::test]
async fn the_clock_moves_forward_by_what_was_asked() {
    let emulator = Process::start(&ANY_PORTS).await;
    let control = emulator.at("control");
    let before = now(&call("GET", &format!("{control}/state"), "").await);
    let after =
        now(&call("POST", &format!("{control}/clock/advance"), r#"{"seconds":86400}"#).await);
    assert!(before + jiff::SignedDuration::from_hours(24) <= after, "{before} {after}");
}

#[tokio::test]
async fn splitting_what_does_not_exist_says_so() {
    let emulator = Process::start(&[&ANY_PORTS[..], &["--empty"]].concat()).await;
    let url = format!("{}/cosmos/shop/orders/split", emulator.at("control"));
    let answer = call("POST", &url, "").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(json(answer.body())["error"].is_string(), "{}", answer.body());
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let (cosmos, control) = (taken(), taken());
    let args = ["--cosmos", &cosmos.1, "--servicebus", "127.0.0.1:0", "--control", &control.1];
    let output = command(&args).output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "a ready line without being ready");
    for wanted in [&cosmos.1, &control.1, "--cosmos 127.0.0.1:0", "--control 127.0.0.1:0"] {
        assert!(log.contains(wanted), "{wanted} is missing in: {log}");
    }
}

#[tokio::test]
async fn who_connects_when_no_descriptor_is_left_is_served_once_others_have_gone() {
    let limited = r#"ulimit -n 48; exec "$0" "$@""#;
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_emulator")]).args(ANY_PORTS);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut emulator = Process::of(&mut shell).await;
    let mut log = BufReader::new(emulator.child.stderr.take().unwrap()).lines();
    for part in ["control", "admin", "cosmos"] {
        let url = emulator.at(part);
        let mut crowd = Vec::new();
        for _ in 0..100 {
            let connected = TcpStream::connect(url.trim_start_matches("http://")).await;
            crowd.push(connected.unwrap());
        }
        let mut told = String::new();
        while !told.contains("cannot accept a connection") {
            told = timeout(PATIENCE, log.next_line()).await.unwrap().unwrap().unwrap();
        }
        drop(crowd);
        assert!(call("GET", url, "").await.status().is_client_error(), "{part}");
    }
}

#[tokio::test]
async fn a_stop_signal_ends_it_cleanly() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut emulator = Process::start(&ANY_PORTS).await;
        let pid = emulator.child.id().unwrap().try_into().unwrap();
        nix::sys::signal::kill(Pid::from_raw(pid), signal).unwrap();
        let status = timeout(PATIENCE, emulator.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("bound").to_string();
    (listener, at)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("a JSON body")
}

fn now(answer: &http::Response<String>) -> jiff::Timestamp {
    let body = json(answer.body());
    let now = body.get("now").and_then(Value::as_str).expect("it tells the time");
    now.parse().expect("an instant")
}

#[tokio::test]
async fn listening_off_loopback_is_said_in_the_log_and_loopback_is_not() {
    use tokio::io::AsyncReadExt as _;
    for (option, at, warned) in [
        ("--cosmos", "0.0.0.0:0", true),
        ("--servicebus", "0.0.0.0:0", true),
        ("--cosmos", "127.0.0.1:0", false),
    ] {
        let position = ANY_PORTS.iter().position(|arg| *arg == option).unwrap();
        let mut args = ANY_PORTS;
        args[position + 1] = at;
        let mut emulator = Process::of(&mut command(&args)).await;
        emulator.child.start_kill().unwrap();
        let mut log = String::new();
        emulator.child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        let is_said = log.lines().any(|line| {
            line.contains("WARN")
                && line.contains(option)
                && line.contains("reachable from the network")
        });
        assert_eq!(is_said, warned, "{option} {at}: {log}");
    }
}

#[tokio::test]
async fn control_off_loopback_is_refused_with_what_would_be_right() {
    let mut args = ANY_PORTS;
    args[5] = "0.0.0.0:8090";
    let output = command(&args).output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "a ready line without being ready");
    for wanted in ["--control 0.0.0.0:8090", "not a loopback address", "127.0.0.1:8090"] {
        assert!(log.contains(wanted), "{wanted} is missing in: {log}");
    }
}
