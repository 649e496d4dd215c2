//! The subscription of the peer: hands out the scripted messages, and notes how each was settled.

use std::time::Duration;

use fe2o3_amqp::Sender;
use fe2o3_amqp_types::messaging::annotations::OwnedKey;
use fe2o3_amqp_types::messaging::{
    ApplicationProperties, Data, Header, Message, MessageAnnotations, Properties,
};
use fe2o3_amqp_types::performatives::Attach;
use fe2o3_amqp_types::primitives::{Symbol, Timestamp, Value};
use tokio::task::JoinSet;

use super::Shared;

/// The session that the peer grants to whoever asks for the next one.
pub(crate) const NEXT_SESSION: &str = "o";

/// Grants the session that was asked for, and notes what was asked.
pub(super) fn grant(attach: &mut Attach, shared: &Shared) {
    let Some(source) = &mut attach.source else { return };
    let asked = source.filter.as_ref().map(|filter| format!("{filter:?}"));
    let address = source.address.clone().unwrap();
    shared.see(|seen| seen.attached.push((address, asked)));
    for value in source.filter.iter_mut().flat_map(|filter| filter.values_mut()) {
        if *value == Value::Null {
            *value = Value::String(NEXT_SESSION.to_owned());
        }
    }
}

pub(super) async fn serve(mut link: Sender, shared: Shared) {
    let mut unsettled = JoinSet::new();
    loop {
        let next = shared.script.lock().unwrap().messages.pop_front();
        let Some(message) = next else {
            tokio::select! {
                _ = link.on_detach() => break,
                () = tokio::time::sleep(Duration::from_millis(1)) => continue,
            }
        };
        let Ok(settlement) = link.send_batchable(message).await else { break };
        let shared = shared.clone();
        unsettled.spawn(async move {
            if let Ok(outcome) = settlement.await {
                shared.see(|seen| seen.outcomes.push(outcome));
            }
        });
    }
    shared.see(|seen| seen.detached += 1);
}

/// A message as Service Bus hands it out.
pub(crate) fn message(number: i64) -> Message<Data> {
    let mut annotations = MessageAnnotations::default();
    let mut annotate = |name: &str, value| {
        annotations.0.insert(OwnedKey::Symbol(Symbol::from(name)), value);
    };
    annotate("x-opt-sequence-number", Value::Long(number));
    annotate("x-opt-enqueued-time", Value::Timestamp(Timestamp::from_milliseconds(1_500)));
    Message {
        header: Some(Header { delivery_count: 2, ..Header::default() }),
        delivery_annotations: None,
        message_annotations: Some(annotations),
        properties: Some(
            Properties::builder()
                .message_id(format!("o.{number}"))
                .group_id("o".to_owned())
                .subject("OrderPlaced".to_owned())
                .content_type("application/json")
                .correlation_id("o".to_owned())
                .build(),
        ),
        application_properties: Some(
            ApplicationProperties::builder()
                .insert("sequence", number)
                .insert("cloudEvents:type", "OrderPlaced")
                .build(),
        ),
        body: Data(br#"{"quantity":3}"#.to_vec().into()),
        footer: None,
    }
}
