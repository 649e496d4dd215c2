//! What an event looks like on the topic: a pure function of the event.
//!
//! | AMQP | Service Bus | value |
//! |---|---|---|
//! | message-id | `MessageId` | event id, `<key>.<sequence>` |
//! | group-id | `SessionId` | key |
//! | subject | `Subject` | event type |
//! | content-type | `ContentType` | `application/json` |
//! | correlation-id | `CorrelationId` | key |
//! | data | body | the event's data, byte for byte |
//!
//! Application properties: CloudEvents 1.0 in binary mode (`cloudEvents:id`, `:source`, `:type`,
//! `:specversion`, `:time`, `:subject`, `:traceparent`), `sequence`, and `Diagnostic-Id` and
//! `traceparent` where the event knows its trace.
//!
//! INVARIANT(same-id-on-repeat): nothing here depends on the time or on the attempt.

use domain::Envelope;
use fe2o3_amqp_types::messaging::message::__private::Serializable;
use fe2o3_amqp_types::messaging::{ApplicationProperties, Data, Message, MessageId, Properties};
use fe2o3_amqp_types::primitives::{Binary, OrderedMap, SimpleValue, Symbol};

mod batch;

pub(crate) use batch::{Parcel, Transfer};

/// The message that tells of an event. `source` is who speaks (CloudEvents `source`).
fn message(envelope: &Envelope, source: &str) -> Message<Data> {
    let id = envelope.id().to_string();
    let application_properties = application_properties(envelope, &id, source);
    let body = Binary::from(envelope.data.as_str().as_bytes().to_vec());
    let key = envelope.key.as_str();
    let properties = Properties {
        message_id: Some(MessageId::String(id)),
        subject: Some(envelope.event_type.clone().into_owned()),
        correlation_id: Some(MessageId::String(key.to_owned())),
        content_type: Some(Symbol::from("application/json")),
        group_id: Some(key.to_owned()),
        ..Properties::default()
    };
    Message {
        header: None,
        delivery_annotations: None,
        message_annotations: None,
        properties: Some(properties),
        application_properties: Some(application_properties),
        body: Data(body),
        footer: None,
    }
}

fn application_properties(envelope: &Envelope, id: &str, source: &str) -> ApplicationProperties {
    let mut map = OrderedMap::with_capacity(APPLICATION_PROPERTIES);
    let mut put = |name: &str, value: &str| {
        map.insert(name.to_owned(), SimpleValue::String(value.to_owned()));
    };
    put("cloudEvents:specversion", "1.0");
    put("cloudEvents:id", id);
    put("cloudEvents:source", source);
    put("cloudEvents:type", &envelope.event_type);
    put("cloudEvents:subject", envelope.key.as_str());
    put("cloudEvents:time", &envelope.occurred_at.to_string());
    if let Some(traceparent) = &envelope.traceparent {
        put("cloudEvents:traceparent", traceparent.as_str());
        put("Diagnostic-Id", traceparent.as_str());
        put("traceparent", traceparent.as_str());
    }
    let sequence = SimpleValue::Long(envelope.sequence.get().into());
    map.insert("sequence".to_owned(), sequence);
    ApplicationProperties(map)
}

/// How many application properties a message has at most: room for them is made at once.
const APPLICATION_PROPERTIES: usize = 10;

/// The bytes of a message, as they stand in a data section of a batch.
fn encode(message: &Message<Data>) -> Result<Vec<u8>, serde_amqp::Error> {
    let room = message.body.0.len() + SECTIONS_BYTES;
    let mut bytes = Vec::with_capacity(room);
    let mut serializer = serde_amqp::ser::Serializer::new(&mut bytes);
    serde::Serialize::serialize(&Serializable(message), &mut serializer)?;
    Ok(bytes)
}

/// What properties and application properties usually take: one allocation instead of several.
const SECTIONS_BYTES: usize = 768;

#[cfg(test)]
mod tests;
