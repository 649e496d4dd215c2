//! Messages of 1 KB through topic `orders` and its subscription with sessions.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::ports::Publisher as _;
use domain::{Envelope, Json, Sequence, Timestamp};
use e2e::emulator::{Emulator, Setup};
use e2e::http;
use e2e::identity::SERVICEBUS;
use serde_json::{Value, json};
use servicebus::{
    Account, Entity, MessageReceiver, Received, ServiceBusConsumer, ServiceBusPublisher,
};
use std::path::Path;
use std::time::{Duration, Instant};

/// How large a body is: a JSON text in quotes.
const BODY_BYTES: usize = 1024;
/// Longer than any message takes to come while there are some.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at the state.
const BETWEEN: Duration = Duration::from_millis(5);

/// Starts an emulator whose sessions stay locked for five minutes: on a busy machine a receiver
/// may need more than the usual one. What it holds is kept in `data`, or in memory only.
pub(crate) async fn start(logs: &Path, data: Option<&Path>) -> Result<Emulator> {
    let subscription = json!({
        "Name": "all",
        "Properties": {"RequiresSession": true, "LockDuration": "PT5M"},
    });
    let topic = json!({
        "Name": "orders",
        "Properties": {
            "RequiresDuplicateDetection": true,
            "DuplicateDetectionHistoryTimeWindow": "PT5M",
        },
        "Subscriptions": [subscription],
    });
    let namespace = json!({"Name": "sbemulatorns", "Topics": [topic]});
    let config = logs.join("config.json");
    std::fs::write(&config, json!({"UserConfig": {"Namespaces": [namespace]}}).to_string())?;
    let emulator =
        Emulator::start(Setup { config: Some(&config), data, ..Setup::default() }, logs).await?;
    make_room(&emulator).await?;
    Ok(emulator)
}

/// Lets the topic hold a million messages: by itself a topic takes a gigabyte.
async fn make_room(emulator: &Emulator) -> Result<()> {
    let claims = json!({"aud": SERVICEBUS, "exp": i32::MAX});
    let [head, claims] = [json!({"alg": "none"}), claims]
        .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let topic = "<entry><content><TopicDescription>\
        <DuplicateDetectionHistoryTimeWindow>PT5M</DuplicateDetectionHistoryTimeWindow>\
        <MaxSizeInMegabytes>5120</MaxSizeInMegabytes>\
        <RequiresDuplicateDetection>true</RequiresDuplicateDetection>\
        </TopicDescription></content></entry>";
    let request = http::client().put(format!("{}/orders", emulator.admin));
    let request = request.bearer_auth(format!("{head}.{claims}.")).header("if-match", "*");
    let answer = request.body(topic).send().await?;
    let (status, told) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "the topic stays small: {status} {told}");
    Ok(())
}

/// The topic's two ends.
#[derive(Clone)]
pub(crate) struct Topic {
    account: Account,
}

impl Topic {
    /// That of an emulator.
    pub(crate) fn of(emulator: &Emulator) -> Result<Self> {
        Ok(Self { account: Account::from_connection_string(&emulator.servicebus)? })
    }

    /// A connection to send over.
    pub(crate) fn publisher(&self) -> Result<ServiceBusPublisher> {
        Ok(ServiceBusPublisher::new(self.account.clone(), "orders", "/bench")?)
    }

    /// A connection to receive over.
    pub(crate) async fn consumer(&self) -> Result<ServiceBusConsumer> {
        let subscription = Entity::subscription("orders", "all");
        Ok(ServiceBusConsumer::open(&self.account, &subscription).await?)
    }
}

/// The messages of a session with these numbers, from 1.
pub(crate) fn envelopes(
    session: &str,
    numbers: std::ops::RangeInclusive<u32>,
) -> Result<Vec<Envelope>> {
    let data = format!("\"{}\"", "x".repeat(BODY_BYTES - 2));
    let envelope = |number| {
        Ok(Envelope {
            key: session.parse()?,
            sequence: Sequence::new(number).context("sequences begin at 1")?,
            event_type: "OrderPlaced".into(),
            occurred_at: Timestamp::UNIX_EPOCH,
            data: Json::from_valid(data.clone()),
            traceparent: None,
        })
    };
    numbers.map(envelope).collect()
}

/// Sends messages of one session, as many at once as fit.
pub(crate) async fn send(publisher: &ServiceBusPublisher, messages: &[Envelope]) -> Result<()> {
    let mut rest = messages;
    while !rest.is_empty() {
        let taken = publisher.publish(rest).await?;
        rest = rest.get(taken..).context("more was taken than was sent")?;
    }
    Ok(())
}

/// Receives so many messages, locked.
pub(crate) async fn receive(from: &mut MessageReceiver, count: usize) -> Result<Vec<Received>> {
    let mut received = Vec::with_capacity(count);
    while received.len() < count {
        let some = from.receive(count - received.len(), PATIENCE).await?;
        ensure!(!some.is_empty(), "{} of {count} messages came", received.len());
        received.extend(some);
    }
    Ok(received)
}

/// Settles messages; the broker has heard it when this or a later call on the link returns.
pub(crate) async fn complete(on: &MessageReceiver, messages: &[Received]) -> Result<()> {
    for message in messages {
        on.complete(message).await?;
    }
    Ok(())
}

/// Receives and settles so many messages, `together` of them at most before each settling.
pub(crate) async fn drain(from: &mut MessageReceiver, count: usize, together: usize) -> Result<()> {
    let mut left = count;
    while 0 < left {
        let taken = receive(from, left.min(together)).await?;
        complete(from, &taken).await?;
        left -= taken.len();
    }
    Ok(())
}

/// Waits until the subscription holds this many messages.
pub(crate) async fn until_left(emulator: &Emulator, left: u32) -> Result<()> {
    let started = Instant::now();
    loop {
        let state = emulator.state().await?;
        let active = state.pointer("/servicebus/entities/orders~1Subscriptions~1all/active");
        let active = active.and_then(Value::as_u64).context("no count of messages in /state")?;
        if active == u64::from(left) {
            return Ok(());
        }
        ensure!(started.elapsed() < PATIENCE, "{active} messages are there, and not {left}");
        tokio::time::sleep(BETWEEN).await;
    }
}
