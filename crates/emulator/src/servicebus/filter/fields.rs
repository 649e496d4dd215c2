//! The properties of a message that filters look at.

use crate::servicebus::{
    amqp::value::{self, Ask, at},
    message::{Message, id_text, section, sections::sections},
};
use serde_amqp::{Value, primitives::OrderedMap};

/// The properties of one message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    properties: Vec<Value>,
    user: OrderedMap<Value, Value>,
    scheduled: Option<jiff::Timestamp>,
}

/// A property that Service Bus itself defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// `sys.MessageId`.
    MessageId,
    /// `sys.To`.
    To,
    /// `sys.Label`, `sys.Subject`.
    Label,
    /// `sys.ReplyTo`.
    ReplyTo,
    /// `sys.CorrelationId`.
    CorrelationId,
    /// `sys.ContentType`.
    ContentType,
    /// `sys.SessionId`.
    SessionId,
    /// `sys.ReplyToSessionId`.
    ReplyToSessionId,
    /// `sys.ScheduledEnqueueTimeUtc`.
    Scheduled,
}

impl System {
    /// The property of that name, whatever its case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "messageid" => Self::MessageId,
            "to" => Self::To,
            "label" | "subject" => Self::Label,
            "replyto" => Self::ReplyTo,
            "correlationid" => Self::CorrelationId,
            "contenttype" => Self::ContentType,
            "sessionid" => Self::SessionId,
            "replytosessionid" => Self::ReplyToSessionId,
            "scheduledenqueuetimeutc" => Self::Scheduled,
            _ => return None,
        })
    }

    /// Its place in the AMQP properties section.
    fn index(self) -> Option<usize> {
        Some(match self {
            Self::MessageId => 0,
            Self::To => 2,
            Self::Label => 3,
            Self::ReplyTo => 4,
            Self::CorrelationId => 5,
            Self::ContentType => 6,
            Self::SessionId => 10,
            Self::ReplyToSessionId => 12,
            Self::Scheduled => return None,
        })
    }
}

impl Fields {
    /// The properties of `message`.
    pub(crate) fn of(message: &Message) -> Self {
        let mut fields = Self { scheduled: message.scheduled, ..Self::default() };
        for section in sections(&message.bare).map_while(Result::ok) {
            let Ok((value, _)) = value::decode(section.value) else { continue };
            match (section.code, value) {
                (section::PROPERTIES, Value::List(list)) => fields.properties = list,
                (section::APPLICATION_PROPERTIES, Value::Map(map)) => fields.user = map,
                _ => {}
            }
        }
        fields
    }

    /// A system property; null if the message has none.
    pub(crate) fn system(&self, property: System) -> Value {
        let Some(index) = property.index() else {
            return self.scheduled.map_or(Value::Null, value::timestamp);
        };
        // Only two of them can be anything but text, and those have a text too.
        id_text(at(&self.properties, index)).map_or(Value::Null, Value::String)
    }

    /// An application property, by its exact name; none if the message has none.
    pub(crate) fn user(&self, name: &str) -> Option<&Value> {
        self.user.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
    }
}
