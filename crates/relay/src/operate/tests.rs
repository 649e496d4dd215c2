//! What is wrong with an environment, and records that the tests of these commands are about.

use super::*;
use cosmos::Record;
use domain::{Entry, Envelope, EventId, EventState, Json};

/// The record of the event of this id, which occurred then; its document says `pending`.
pub(super) fn record(id: &str, occurred_at: Timestamp, state: EventState) -> Record {
    let EventId { key, sequence } = id.parse().unwrap();
    let envelope = Envelope {
        key: key.clone(),
        sequence,
        event_type: "E".into(),
        occurred_at,
        data: Json::from_valid("{}"),
        traceparent: None,
    };
    Record {
        id: id.to_owned(),
        key: key.to_string(),
        entry: Ok(Entry { envelope, state }),
        state: "pending".to_owned(),
        event_type: "E".to_owned(),
        first_parked_at: None,
        parked_at: None,
        attempts: 0,
        reason: None,
        ttl: None,
        notes: vec![],
    }
}

/// What is wrong with an environment that says only this.
async fn mistakes(command: Command, name: &str, value: &str) -> String {
    let get = |asked: &str| (asked == name).then(|| value.to_owned());
    let tools = Tools { get: &get, clock: || Timestamp::UNIX_EPOCH };
    match command.done(&tools).await {
        Err(Trouble::Environment(mistakes)) => mistakes.join("\n"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_mistake_of_the_environment_is_told_at_once_and_once() {
    let look = Look { json: false };
    for command in [Command::Status(look), Command::Check(look)] {
        let told = mistakes(command, "RELAY_RETENTION", "long").await;
        let count = |name: &str| told.matches(name).count();
        let counts = (count("COSMOS_ENDPOINT is not set"), count("SERVICEBUS_NAMESPACE: "));
        assert_eq!(counts, (1, 1), "{told}");
    }
    for command in [Command::Status(look), Command::Audit(look)] {
        let told = mistakes(command, "RELAY_RETENTION", "long").await;
        assert!(told.contains("COSMOS_ENDPOINT") && told.contains("RELAY_RETENTION"), "{told}");
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_set_up_is_a_wrong_question() {
    let get = |asked: &str| (asked == "RUST_LOG").then(|| "relay=loud".to_owned());
    let command = Command::Status(Look { json: true });
    assert_eq!(command.run(get, || Timestamp::UNIX_EPOCH).await, 2);
}
