//! Requests and responses of `$cbs` and `$management`: messages with a body that is a value.

use super::{
    condition::Problem,
    value::{self, Ask, at, described, map, string, symbol},
};
use crate::servicebus::message::{section, sections::sections};
use bytes::{BufMut, Bytes, BytesMut};
use serde_amqp::Value;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// In whatever type the client chose; the answer's correlation-id must be the same.
    pub(crate) message_id: Value,
    /// The link or address that it wants the answer on.
    pub(crate) reply_to: Option<String>,
    /// The application properties.
    pub(crate) properties: Value,
    /// The body.
    pub(crate) body: Value,
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// If it is not an AMQP message.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let mut request = Self {
            message_id: Value::Null,
            reply_to: None,
            properties: Value::Null,
            body: Value::Null,
        };
        for section in sections(bytes) {
            let section = section?;
            match section.code {
                section::PROPERTIES => {
                    let (fields, _) = value::decode(section.value)?;
                    let fields = fields.elements().unwrap_or_default();
                    request.message_id = at(fields, 0).clone();
                    request.reply_to = at(fields, 4).text().map(str::to_owned);
                }
                section::APPLICATION_PROPERTIES => {
                    request.properties = value::decode(section.value)?.0;
                }
                section::VALUE => request.body = value::decode(section.value)?.0,
                _ => {}
            }
        }
        Ok(request)
    }

    /// A text among the application properties.
    pub(crate) fn property(&self, key: &str) -> Option<&str> {
        self.properties.entry(key).text()
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Response {
    properties: Value,
    body: Value,
}

impl Response {
    /// The answer of `$cbs`.
    pub(crate) fn token(status: i32, description: &str) -> Self {
        let properties = value::named([
            ("status-code", Value::Int(status)),
            ("status-description", string(description)),
        ]);
        Self { properties, body: Value::Null }
    }

    /// The answer of `$management` to what was done.
    pub(crate) fn done(body: Value) -> Self {
        Self::status(200, "OK", body)
    }

    /// The answer of `$management` when there is nothing to tell.
    pub(crate) fn none() -> Self {
        Self::status(204, "No Content", map([]))
    }

    /// The answer of `$management` to what could not be done.
    pub(crate) fn failed(problem: &Problem) -> Self {
        let condition = symbol(&problem.condition);
        let properties = value::named([
            ("statusCode", Value::Int(problem.status())),
            ("statusDescription", string(&*problem.description)),
            ("errorCondition", condition),
        ]);
        Self { properties, body: map([]) }
    }

    /// An answer with a status.
    fn status(status: i32, description: &str, body: Value) -> Self {
        let properties = value::named([
            ("statusCode", Value::Int(status)),
            ("statusDescription", string(description)),
        ]);
        Self { properties, body }
    }

    /// The message that answers `request`.
    pub(crate) fn encode(&self, request: &Request) -> Bytes {
        let mut bytes = BytesMut::new();
        let mut properties = vec![Value::Null; 13];
        if let Some(correlation) = properties.get_mut(5) {
            *correlation = request.message_id.clone();
        }
        value::encode(&described(u64::from(section::PROPERTIES), properties), &mut bytes);
        bytes.put_slice(&[0, 0x53, section::APPLICATION_PROPERTIES]);
        value::encode(&self.properties, &mut bytes);
        bytes.put_slice(&[0, 0x53, section::VALUE]);
        value::encode(&self.body, &mut bytes);
        bytes.freeze()
    }
}
