//! The rows of the broker's tables.

use crate::{
    servicebus::{
        amqp::value,
        broker::{About, Hints, about::Status, queue::Queue, schedule::Scheduled},
        filter::{Action, Correlation, Filter, Predicate, Rule},
        message::{Annotations, Message},
        topology::Settings,
    },
    store::{BadRow, decode_with, encode_with},
};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_amqp::Value;
use std::{fmt::Display, sync::Arc, time::Duration};

/// An entity.
#[derive(Serialize, Deserialize)]
pub(super) enum EntityRow {
    /// A queue, the queue of a subscription, or a dead-letter subqueue.
    Queue {
        /// Its path.
        name: String,
        settings: SettingsRow,
        duplicates: Option<Duration>,
        /// The number of its dead-letter subqueue, if it is none itself.
        dead: Option<u32>,
        /// Its own time to live; a topic's may be shorter.
        own_life: Option<Duration>,
        about: AboutRow,
    },
    /// A topic.
    Topic {
        name: String,
        duplicates: Option<Duration>,
        time_to_live: Option<Duration>,
        about: AboutRow,
        subscriptions: Vec<SubscriptionRow>,
    },
}

/// The administrator's part of an entity; when it was used last counts as of its last change.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutRow {
    status: u8,
    megabytes_max: u32,
    metadata: Option<String>,
    hints: Hints,
    idle: Option<Duration>,
    created: i128,
    updated: i128,
}

impl AboutRow {
    /// The row of it.
    pub(super) fn of(about: &About) -> Self {
        let About { status, megabytes_max, metadata, hints, idle, created, updated, accessed: _ } =
            about.clone();
        let status = match status {
            Status::Active => 0,
            Status::Disabled => 1,
            Status::SendDisabled => 2,
            Status::ReceiveDisabled => 3,
        };
        let [created, updated] = [created, updated].map(nanos);
        Self { status, megabytes_max, metadata, hints, idle, created, updated }
    }

    /// What it says.
    pub(super) fn into_about(self) -> Result<About, BadRow> {
        let Self { status, megabytes_max, metadata, hints, idle, created, updated } = self;
        let status = match status {
            0 => Status::Active,
            1 => Status::Disabled,
            2 => Status::SendDisabled,
            3 => Status::ReceiveDisabled,
            _ => return Err(bad(&"an entity has no such status")),
        };
        let (created, updated) = (from_nanos(created)?, from_nanos(updated)?);
        let accessed = updated;
        Ok(About { status, megabytes_max, metadata, hints, idle, created, updated, accessed })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SettingsRow {
    lock: Duration,
    deliveries_max: u32,
    requires_session: bool,
    time_to_live: Option<Duration>,
    dead_letter_expired: bool,
    forward_to: Option<String>,
    forward_dead_letters_to: Option<String>,
}

/// A subscription: its queue is an entity of its own.
#[derive(Serialize, Deserialize)]
pub(super) struct SubscriptionRow {
    pub(super) name: String,
    pub(super) queue: u32,
    pub(super) rules: Vec<RuleRow>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RuleRow {
    name: String,
    filter: FilterRow,
    action: Option<SqlRow>,
}

/// An SQL text with its parameters.
type SqlRow = (String, PairsRow);

/// Names with AMQP values.
type PairsRow = Vec<(String, Vec<u8>)>;

#[derive(Serialize, Deserialize)]
enum FilterRow {
    True,
    False,
    Sql(SqlRow),
    /// The system properties in the order of the wire, and the others.
    Correlation([Option<String>; 8], PairsRow),
}

/// What an entity has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CountsRow {
    pub(super) last_sequence: i64,
    pub(super) accepted: u64,
    pub(super) duplicates_dropped: u64,
}

/// A message; its annotations and its bare bytes stand behind it.
#[derive(Serialize, Deserialize)]
pub(in crate::servicebus::broker) struct MessageRow<'a> {
    id: &'a str,
    session: Option<&'a str>,
    scheduled: Option<i128>,
    time_to_live: Option<Duration>,
    durable: bool,
    priority: Option<u8>,
    annotation_pairs: u32,
    annotation_bytes: usize,
}

impl EntityRow {
    /// The row of a queue.
    pub(super) fn of_queue(
        queue: &Queue,
        duplicates: Option<Duration>,
        dead: Option<u32>,
        (own_life, about): (Option<Duration>, &About),
    ) -> Self {
        let (settings, about) = (SettingsRow::of(&queue.settings), AboutRow::of(about));
        let name = queue.name.to_string();
        Self::Queue { name, settings, duplicates, dead, own_life, about }
    }
}

impl SettingsRow {
    fn of(settings: &Settings) -> Self {
        let Settings {
            lock,
            deliveries_max,
            requires_session,
            time_to_live,
            dead_letter_expired,
            forward_to,
            forward_dead_letters_to,
        } = settings.clone();
        Self {
            lock,
            deliveries_max,
            requires_session,
            time_to_live,
            dead_letter_expired,
            forward_to,
            forward_dead_letters_to,
        }
    }

    /// The settings.
    pub(super) fn into_settings(self) -> Settings {
        let Self {
            lock,
            deliveries_max,
            requires_session,
            time_to_live,
            dead_letter_expired,
            forward_to,
            forward_dead_letters_to,
        } = self;
        Settings {
            lock,
            deliveries_max,
            requires_session,
            time_to_live,
            dead_letter_expired,
            forward_to,
            forward_dead_letters_to,
        }
    }
}

impl SubscriptionRow {
    /// The row of a subscription.
    pub(super) fn of(name: &str, queue: u32, rules: &[Rule]) -> Self {
        Self { name: name.to_owned(), queue, rules: rules.iter().map(RuleRow::of).collect() }
    }
}

impl RuleRow {
    fn of(rule: &Rule) -> Self {
        let Rule { name, filter, action } = rule;
        let filter = match filter {
            Filter::True => FilterRow::True,
            Filter::False => FilterRow::False,
            Filter::Sql(predicate) => {
                FilterRow::Sql((predicate.text().to_owned(), encoded(predicate.parameters())))
            }
            Filter::Correlation(correlation) => {
                let Correlation { system, properties } = correlation;
                FilterRow::Correlation(system.clone(), encoded(properties))
            }
        };
        let action = action.as_ref();
        let action = action.map(|it| (it.text().to_owned(), encoded(it.parameters())));
        Self { name: name.clone(), filter, action }
    }

    /// The rule.
    pub(super) fn into_rule(self) -> Result<Rule, BadRow> {
        let Self { name, filter, action } = self;
        let filter = match filter {
            FilterRow::True => Filter::True,
            FilterRow::False => Filter::False,
            FilterRow::Sql((text, parameters)) => {
                let predicate = Predicate::with(&text, decoded(parameters)?);
                Filter::Sql(predicate.map_err(|it| bad(&it))?)
            }
            FilterRow::Correlation(system, user) => Filter::Correlation(correlation(system, user)?),
        };
        let action = action.map(|(text, parameters)| {
            Action::with(&text, decoded(parameters)?).map_err(|error| bad(&error))
        });
        Ok(Rule { name, filter, action: action.transpose()? })
    }
}

/// Values as they are stored.
fn encoded(pairs: &[(String, Value)]) -> PairsRow {
    let pairs = pairs.iter().map(|(name, value)| {
        let mut bytes = BytesMut::new();
        value::encode(value, &mut bytes);
        (name.clone(), bytes.to_vec())
    });
    pairs.collect()
}

/// The values that were stored.
fn decoded(pairs: PairsRow) -> Result<Vec<(String, Value)>, BadRow> {
    let pairs = pairs.into_iter().map(|(name, bytes)| match value::decode(&bytes) {
        Ok((value, _)) => Ok((name, value)),
        Err(error) => Err(bad(&error)),
    });
    pairs.collect()
}

fn correlation(system: [Option<String>; 8], user: PairsRow) -> Result<Correlation, BadRow> {
    Ok(Correlation { system, properties: decoded(user)? })
}

impl MessageRow<'_> {
    /// A message as it is stored.
    pub(in crate::servicebus::broker) fn encode(message: &Message) -> Vec<u8> {
        let Message {
            id,
            session,
            scheduled,
            time_to_live,
            durable,
            priority,
            annotations: Annotations { pairs, bytes },
            bare,
        } = message;
        let row = MessageRow {
            id,
            session: session.as_deref(),
            scheduled: scheduled.map(nanos),
            time_to_live: *time_to_live,
            durable: *durable,
            priority: *priority,
            annotation_pairs: *pairs,
            annotation_bytes: bytes.len(),
        };
        let mut encoded = encode_with(&row, bytes);
        encoded.extend_from_slice(bare);
        encoded
    }

    /// The message that was stored.
    pub(super) fn decode(row: &[u8]) -> Result<Message, BadRow> {
        let (row, bytes) = decode_with(row)?;
        let MessageRow {
            id,
            session,
            scheduled,
            time_to_live,
            durable,
            priority,
            annotation_pairs,
            annotation_bytes,
        } = row;
        let parts = bytes.split_at_checked(annotation_bytes);
        let (annotations, bare) = parts.ok_or_else(|| bad(&"a message is too short"))?;
        let bytes = Bytes::copy_from_slice(annotations);
        Ok(Message {
            id: Arc::from(id),
            session: session.map(Arc::from),
            scheduled: scheduled.map(from_nanos).transpose()?,
            time_to_live,
            durable,
            priority,
            annotations: Annotations { pairs: annotation_pairs, bytes },
            bare: Bytes::copy_from_slice(bare),
        })
    }
}

/// A scheduled message as it is stored: when it is due, when it was sent, and itself.
pub(super) fn encode_scheduled(scheduled: &Scheduled) -> Vec<u8> {
    let Scheduled { at, sent, message } = scheduled;
    encode_with(&(nanos(*at), nanos(*sent)), &MessageRow::encode(message))
}

/// The scheduled message that was stored.
pub(super) fn decode_scheduled(row: &[u8]) -> Result<Scheduled, BadRow> {
    let ((at, sent), message) = decode_with(row)?;
    let message = Arc::new(MessageRow::decode(message)?);
    Ok(Scheduled { at: from_nanos(at)?, sent: from_nanos(sent)?, message })
}

/// An instant as it is stored.
pub(in crate::servicebus::broker) fn nanos(instant: Timestamp) -> i128 {
    instant.as_nanosecond()
}

/// The instant that was stored.
pub(in crate::servicebus::broker) fn from_nanos(nanos: i128) -> Result<Timestamp, BadRow> {
    Timestamp::from_nanosecond(nanos).map_err(|error| bad(&error))
}

fn bad(why: &dyn Display) -> BadRow {
    BadRow(why.to_string())
}
