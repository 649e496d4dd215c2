//! The disk is full: nothing more is acknowledged, it is said why, and nothing is lost.

use super::{
    administration::{Asked, ask},
    *,
};
use crate::{
    servicebus::soon,
    servicebus_client::{Client as Amqp, message},
};
use fe2o3_amqp::types::messaging::Outcome;
use tokio::io::{AsyncBufReadExt, BufReader};

/// As large as a file may become: a few of the documents below.
const BLOCKS: &str = "8192";

/// An emulator whose store cannot grow beyond a bound.
async fn start_bounded(data: &Path) -> Process {
    let emulator = env!("CARGO_BIN_EXE_emulator");
    let bounded = format!(r#"trap "" XFSZ; ulimit -f {BLOCKS}; exec "$0" "$@""#);
    let mut shell = Command::new("sh");
    shell.args(["-c", &bounded, emulator]).args(args(data)).kill_on_drop(true);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Process::of(&mut shell).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_acknowledging_and_takes_nothing_away() {
    let data = tempfile::tempdir().expect("a folder");
    let mut emulator = start_bounded(data.path()).await;
    let orders = Orders::of(&emulator);
    let mut client = Amqp::connect_to(bus_of(&emulator)).await;
    let mut sender = client.sender("orders").await;
    let sent = soon(sender.send(message("s", 1))).await.expect("an outcome");
    assert!(matches!(sent, Outcome::Accepted(_)), "{sent:?}");
    let text = "x".repeat(200_000);
    let mut kept = 0;
    let refused = loop {
        match orders.create(&format!("o{kept}"), &text).await.expect("an answer") {
            201 => kept += 1,
            status => break status,
        }
        assert!(kept < 1_000, "the disk never was full");
    };
    assert_eq!(refused, 503);
    assert!(1 < kept, "{kept}");
    assert_eq!(orders.create("late", "x").await, Some(503));
    let made = ask(&emulator, Asked::Create, "late", "<QueueDescription/>").await;
    assert_eq!(made.status(), 503, "{}", made.body());
    let told = client.closed().await;
    assert!(told.contains("InternalError"), "{told}");
    let mut log = BufReader::new(emulator.child.stderr.take().expect("piped")).lines();
    let mut told = String::new();
    while !told.contains("cannot be written") {
        told = soon(log.next_line()).await.expect("text").expect("it logs");
    }
    assert!(told.contains(data.path().to_str().expect("text")), "{told}");
    kill(emulator).await;

    let emulator = start(data.path()).await;
    let orders = Orders::of(&emulator);
    for number in 0..kept {
        let id = format!("o{number}");
        let found = orders.of_key(("GET", &id), &id, &Value::Null).await.expect("an answer");
        assert_eq!(found.status, 200, "{id}");
    }
    assert_eq!(orders.create("again", &text).await, Some(201));
    assert_eq!(count(&emulator, "/servicebus/entities/orders/accepted").await, 1);
}
