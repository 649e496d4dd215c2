//! The properties of a message that filters look at.

use crate::servicebus::{
    amqp::value::{self, Ask, at},
    message::{Message, id_text, section, sections::sections, with_properties},
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

    /// An application property; none if the message has none of that name, whatever its case.
    pub(crate) fn user(&self, name: &str) -> Option<&Value> {
        self.key(name).and_then(|key| self.user.get(key))
    }

    /// Sets or clears a system property. Like Azure, it leaves alone when the message is scheduled;
    /// and a message keeps some message-id.
    pub(super) fn set_system(&mut self, property: System, value: Option<String>) {
        let Some(index) = property.index() else { return };
        if property == System::MessageId && value.is_none() {
            return;
        }
        if self.properties.len() <= index {
            self.properties.resize(index + 1, Value::Null);
        }
        if let Some(field) = self.properties.get_mut(index) {
            *field = value.map_or(Value::Null, Value::String);
        }
    }

    /// Sets an application property, in the place of one whose name differs by case only.
    pub(super) fn set_user(&mut self, name: &str, value: Value) {
        let key = self.key(name).cloned().unwrap_or_else(|| Value::String(name.to_owned()));
        self.user.insert(key, value);
    }

    /// Removes an application property, whatever the case of its name.
    pub(super) fn remove_user(&mut self, name: &str) {
        if let Some(key) = self.key(name).cloned() {
            self.user.shift_remove(&key);
        }
    }

    /// `message` with these properties.
    pub(super) fn write(self, message: &Message) -> Message {
        with_properties(message, self.properties, self.user)
    }

    /// The name of an application property as the message has it: the very same, or the first that
    /// differs by case only.
    fn key(&self, name: &str) -> Option<&Value> {
        let mut alike = None;
        for key in self.user.keys() {
            match key.text() {
                Some(text) if text == name => return Some(key),
                Some(text) if same_letters(text, name) => {
                    alike.get_or_insert(key);
                }
                Some(_) | None => {}
            }
        }
        alike
    }
}

/// Whether two names differ by case at most.
fn same_letters(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || !(left.is_ascii() && right.is_ascii()) && left.to_lowercase() == right.to_lowercase()
}
