//! The binary as a process: what it says, where it listens, and with which code it ends.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";
/// Nothing listens on port 1 of loopback.
const NO_STORE: [(&str, &str); 2] =
    [("COSMOS_ENDPOINT", "http://127.0.0.1:1"), ("COSMOS_KEY", KEY)];

#[derive(Debug, Deserialize)]
struct Line {
    level: String,
    message: String,
    address: Option<SocketAddr>,
    span: Option<Span>,
}

/// What every line of a request's way carries.
#[derive(Debug, Deserialize, PartialEq)]
struct Span {
    trace_id: String,
    invocation_id: String,
    method: String,
    path: String,
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(vars: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
        command.env_clear().envs(vars.iter().copied());
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary is built with the tests");
        let stdout = child.stdout.take().expect("it is piped");
        Self { child, lines: BufReader::new(stdout).lines() }
    }

    async fn line(&mut self) -> Option<Line> {
        let line = timeout(Duration::from_secs(30), self.lines.next_line()).await;
        let line = line.expect("it says something").expect("UTF-8")?;
        Some(serde_json::from_str(&line).expect("each line is JSON"))
    }

    /// The first line that begins like this.
    async fn line_of(&mut self, beginning: &str) -> Line {
        loop {
            let line = self.line().await.expect("it says so before it ends");
            if line.message.starts_with(beginning) {
                return line;
            }
        }
    }

    async fn address(&mut self) -> SocketAddr {
        let line = self.line().await.expect("a first line");
        line.address.expect("the first line says where it listens")
    }

    async fn end(mut self) -> Option<i32> {
        let status = timeout(Duration::from_secs(30), self.child.wait()).await;
        status.expect("it ends").expect("it can be waited for").code()
    }

    async fn stop(self) -> Option<i32> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).expect("it runs");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("it is ours");
        self.end().await
    }
}

#[tokio::test]
async fn every_mistake_is_a_line_and_the_exit_code_is_1() {
    let vars = [("COSMOS_KEY", "secret!"), ("LISTEN", "nowhere")];
    let mut process = Process::start(&vars);
    let mut said = Vec::new();
    while let Some(line) = process.line().await {
        assert_eq!(line.level, "ERROR");
        said.push(line.message);
    }
    let names: Vec<_> = said.iter().filter_map(|said| said.split(' ').next()).collect();
    assert_eq!(names, ["COSMOS_ENDPOINT", "COSMOS_KEY", "LISTEN"]);
    assert!(!said.concat().contains("secret!"));
    assert_eq!(process.end().await, Some(1));
}

#[tokio::test]
async fn it_listens_and_answers_before_there_is_a_store() {
    let mut process = Process::start(&[&NO_STORE[..], &[("LISTEN", "127.0.0.1:0")]].concat());
    let mut stream = TcpStream::connect(process.address().await).await.unwrap();
    stream.write_all(&crate::world::wire("GET /")).await.unwrap();
    let answer = crate::world::read_answer(&mut stream).await;
    assert!(answer.starts_with("200 OK"), "{answer}");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test]
async fn why_there_is_no_store_is_said() {
    let mut process = Process::start(&[&NO_STORE[..], &[("LISTEN", "127.0.0.1:0")]].concat());
    let line = process.line_of("not ready: store: unavailable: ").await;
    assert_eq!(line.level, "ERROR");
}

/// 0 would tell the host that the app is finished for good.
#[tokio::test]
async fn behind_the_functions_host_it_listens_on_loopback_and_never_ends_with_0() {
    let vars = [("FUNCTIONS_CUSTOMHANDLER_PORT", "0"), ("LISTEN", "0.0.0.0:0")];
    let mut process = Process::start(&[&NO_STORE[..], &vars].concat());
    assert!(process.address().await.ip().is_loopback());
    assert_eq!(process.stop().await, Some(200));
}

#[tokio::test]
async fn a_taken_address_is_said_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut process = Process::start(&[&NO_STORE[..], &[("LISTEN", &address)]].concat());
    let line = process.line().await.unwrap();
    assert!(line.message.contains("set LISTEN to another address"), "{line:?}");
    assert_eq!(process.end().await, Some(1));
}

#[tokio::test]
async fn a_requests_log_lines_carry_its_trace_and_invocation_and_no_key() {
    let mut process = Process::start(&[&NO_STORE[..], &[("LISTEN", "127.0.0.1:0")]].concat());
    let mut stream = TcpStream::connect(process.address().await).await.unwrap();
    let request = "GET /api/orders/o?code=KEY\nX-Functions-Key: KEY\n\
                   X-Azure-Functions-InvocationId: i-7\n\
                   traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    stream.write_all(&crate::world::wire(request)).await.unwrap();
    let line = process.line_of("store: unavailable: ").await;
    let span = Span {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        invocation_id: "i-7".into(),
        method: "GET".into(),
        path: "/api/orders/o".into(),
    };
    assert_eq!(line.span, Some(span));
}

#[tokio::test]
async fn a_variable_that_is_no_text_is_refused_and_not_passed_over() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
    command.env_clear().env("COSMOS_ENDPOINT", "https://a.documents.azure.com");
    command.env("COSMOS_KEY", std::ffi::OsStr::from_bytes(&[0xff]));
    let mut process = Process::of(command);
    let line = process.line().await.expect("it says what is wrong");
    assert!(line.message.starts_with("COSMOS_KEY is not base64"), "{}", line.message);
    assert_eq!(process.end().await, Some(1));
}

#[tokio::test]
async fn arguments_are_answered_with_what_configures_it() {
    for argument in ["--help", "serve"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
        command.env_clear().arg(argument);
        let output = command.output().await.expect("it starts");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("no arguments") && said.contains("COSMOS_ENDPOINT"), "{said}");
    }
}
