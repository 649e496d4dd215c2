//! Each fault of Service Bus, set through the control port, met by transfers and attaches.

use crate::{servicebus::soon, servicebus_client::open, support::Local};
use fe2o3_amqp::{
    Sender,
    connection::ConnectionHandle,
    session::SessionHandle,
    types::messaging::{Message, Outcome, Properties},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A connection with a session.
struct Client {
    connection: ConnectionHandle<()>,
    session: SessionHandle<()>,
}

/// What a frame that met a fault came to.
#[derive(Debug, PartialEq)]
enum Came {
    /// As if there were no fault.
    Through,
    /// Refused with this among its words; link and connection are well.
    Refused(String),
    /// The link is gone, with this among the words.
    Detached(String),
    /// The connection is gone, with this among the words.
    Closed(String),
}

impl Client {
    async fn connect(local: &Local) -> Self {
        let (connection, session) = open(local.at.servicebus).await;
        Self { connection, session }
    }

    /// Attaches a link, and says what came of it.
    async fn attach(&mut self, name: &str) -> (Came, Option<Sender>) {
        let attaching = Sender::attach(&mut self.session, name, "orders");
        // The crate may wait for an answer that cannot come any more: the connection tells.
        let attached = tokio::select! {
            attached = soon(attaching) => attached,
            closed = self.connection.on_close() => return (Came::Closed(format!("{closed:?}")), None),
        };
        match attached {
            Ok(sender) => (Came::Through, Some(sender)),
            Err(error) => {
                let words = format!("{error:?}");
                let is_lost = words.contains("SessionStopped") || words.contains("IllegalSession");
                (if is_lost { self.lost(words).await } else { Came::Detached(words) }, None)
            }
        }
    }

    /// Sends a message, and says what came of it.
    async fn send(&mut self, sender: &mut Sender, id: &str) -> Came {
        let properties =
            Properties::builder().message_id(id.to_owned()).group_id("s".to_owned()).build();
        let message = Message::builder().properties(properties).value("body".to_owned()).build();
        let sent = tokio::select! {
            sent = soon(sender.send(message)) => sent,
            closed = self.connection.on_close() => return Came::Closed(format!("{closed:?}")),
        };
        match sent {
            Ok(Outcome::Accepted(_)) => Came::Through,
            Ok(outcome) => Came::Refused(format!("{outcome:?}")),
            Err(error) => {
                let words = format!("{error:?}");
                if words.contains("SessionStopped") {
                    self.lost(words).await
                } else {
                    Came::Detached(words)
                }
            }
        }
    }

    /// The connection is gone; it says why if the session did not.
    async fn lost(&mut self, words: String) -> Came {
        let closed = soon(self.connection.on_close()).await;
        Came::Closed(format!("{words} {closed:?}"))
    }
}

/// A fault, and what it does to a transfer and to an attach.
struct Action {
    name: &'static str,
    more: fn() -> Value,
    transfer: Came,
    attach: Came,
    /// Whether the message is stored all the same.
    is_stored: bool,
}

const DELAY: Duration = Duration::from_millis(20);
const ASKED: &str = "com.example:asked";

fn actions() -> Vec<Action> {
    let busy = || "com.microsoft:server-busy".to_owned();
    let asked = || ASKED.to_owned();
    let condition: fn() -> Value = || json!({"condition": ASKED});
    let nothing: fn() -> Value = || json!({});
    let action = |name, more, transfer, attach, is_stored| Action {
        name,
        more,
        transfer,
        attach,
        is_stored,
    };
    vec![
        action("server-busy", nothing, Came::Refused(busy()), Came::Detached(busy()), false),
        action("reject", condition, Came::Refused(asked()), Came::Detached(asked()), false),
        action("detach", condition, Came::Detached(asked()), Came::Detached(asked()), false),
        action("close", condition, Came::Closed(asked()), Came::Closed(asked()), false),
        action(
            "drop-after",
            nothing,
            Came::Closed(String::new()),
            Came::Closed(String::new()),
            true,
        ),
        action("delay", || json!({"delayMs": 20}), Came::Through, Came::Through, true),
    ]
}

impl Action {
    fn rule(&self, operation: &str, entity: Option<&str>) -> Value {
        let mut rule = json!({
            "target": "servicebus", "operation": operation, "action": self.name, "entity": entity,
        });
        let members = rule.as_object_mut().expect("an object");
        members.retain(|_, member| !member.is_null());
        members.extend((self.more)().as_object().expect("an object").clone());
        rule
    }
}

/// Whether it came as expected: the same kind, with these words.
fn check(told: &Value, came: &Came, expected: &Came) {
    let same = match (came, expected) {
        (Came::Through, Came::Through) => true,
        (Came::Refused(words), Came::Refused(part))
        | (Came::Detached(words), Came::Detached(part))
        | (Came::Closed(words), Came::Closed(part)) => words.contains(part.as_str()),
        _ => false,
    };
    assert!(same, "{told}: {came:?} instead of {expected:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_meets_a_transfer_once_and_the_next_goes_through() {
    let local = Local::start().await;
    for (number, action) in actions().iter().enumerate() {
        for (operation, entity) in [("transfer", Some("orders")), ("any", None)] {
            let mut client = Client::connect(&local).await;
            let (_, sender) = client.attach("first").await;
            let mut sender = sender.expect("it attaches");
            let before = local.count("/servicebus/entities/orders/accepted").await;
            let rule = action.rule(operation, entity);
            local.fault(&rule).await;
            let begun = Instant::now();
            let came = client.send(&mut sender, &format!("{number}.{operation}")).await;
            check(&rule, &came, &action.transfer);
            assert!(action.name != "delay" || DELAY <= begun.elapsed());
            assert_eq!(local.faults().await, json!([]), "{rule}");
            let stored = local.count("/servicebus/entities/orders/accepted").await - before;
            assert_eq!(stored, u64::from(action.is_stored), "{rule}");
            let mut next = Client::connect(&local).await;
            let (_, sender) = next.attach("next").await;
            let came = next.send(&mut sender.expect("it attaches"), "next").await;
            assert_eq!(came, Came::Through, "{rule}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_meets_an_attach_once_and_the_next_goes_through() {
    let local = Local::start().await;
    for action in &actions() {
        for (operation, entity) in [("attach", Some("orders")), ("any", None)] {
            let mut client = Client::connect(&local).await;
            let rule = action.rule(operation, entity);
            local.fault(&rule).await;
            let begun = Instant::now();
            let (came, _sender) = client.attach("first").await;
            check(&rule, &came, &action.attach);
            assert!(action.name != "delay" || DELAY <= begun.elapsed());
            assert_eq!(local.faults().await, json!([]), "{rule}");
            let (came, _sender) = Client::connect(&local).await.attach("next").await;
            assert_eq!(came, Came::Through, "{rule}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_counts_and_leaves_other_operations_and_entities_alone() {
    let local = Local::start().await;
    let mut client = Client::connect(&local).await;
    local.fault(&json!({"target": "servicebus", "entity": "invoices", "action": "close"})).await;
    local
        .fault(&json!({"target": "servicebus", "operation": "transfer", "action": "server-busy", "count": 2}))
        .await;
    let (came, sender) = client.attach("link").await;
    assert_eq!(came, Came::Through);
    let mut sender = sender.expect("it attaches");
    for expected in [true, true, false] {
        let came = client.send(&mut sender, "1").await;
        assert_eq!(matches!(came, Came::Refused(_)), expected, "{came:?}");
    }
    assert_eq!(local.faults().await[0]["entity"], "invoices");
}
