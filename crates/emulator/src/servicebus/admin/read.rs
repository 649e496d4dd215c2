//! From a description to what the broker is to make of it.

use super::xml::Element;
use crate::servicebus::{
    broker::{About, Hints, MEGABYTES, Refusal, Status},
    filter::{Action, Correlation, Filter, Predicate, Rule, SYSTEM},
    topology::{QueueSpec, Settings, SubscriptionSpec, TopicSpec},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_amqp::{Value, primitives::Timestamp as Instant};
use std::{str::FromStr, time::Duration};

/// Longest lock, as Azure has it.
const LOCK_MAX: Duration = Duration::from_mins(5);
/// Most deliveries, as Azure has it.
const DELIVERIES_MAX: u32 = 2_000;
/// Windows of duplicate detection, as Azure has them.
const WINDOWS: (Duration, Duration) = (Duration::from_secs(20), Duration::from_hours(7 * 24));
/// The window where none is given, as Azure has it.
const WINDOW: Duration = Duration::from_mins(10);
/// Beyond it a message does not expire.
const LIFE_MAX: Duration = Duration::from_hours(100 * 365 * 24);
/// Largest entity, as Azure Premium has it.
const MEGABYTES_MAX: u32 = 81_920;
/// Shortest time without use after which an entity goes, as Azure has it.
const IDLE_MIN: Duration = Duration::from_mins(5);
/// Longest note of an administrator, as Azure has it.
const METADATA_MAX: usize = 1_024;
/// Longest path of a queue or topic, and longest name of a subscription or rule, as Azure has them.
const NAMES_MAX: (usize, usize) = (260, 50);

/// A queue of that name.
pub(super) fn queue(name: &str, found: &Element) -> Result<QueueSpec, Refusal> {
    is_name(name, NAMES_MAX.0)?;
    Ok(QueueSpec {
        name: name.to_owned(),
        settings: settings(found)?,
        duplicates: duplicates(found)?,
    })
}

/// A topic of that name, without subscriptions.
pub(super) fn topic(name: &str, found: &Element) -> Result<TopicSpec, Refusal> {
    is_name(name, NAMES_MAX.0)?;
    Ok(TopicSpec {
        name: name.to_owned(),
        time_to_live: life(found)?,
        duplicates: duplicates(found)?,
        subscriptions: Vec::new(),
    })
}

/// A subscription of that name, with the rule that it starts with.
pub(super) fn subscription(name: &str, found: &Element) -> Result<SubscriptionSpec, Refusal> {
    is_name(name, NAMES_MAX.1)?;
    let first = found.child("DefaultRuleDescription");
    let first = first.map(|first| rule(first.get("Name").unwrap_or("$Default"), first));
    let first = first.transpose()?.unwrap_or_else(Rule::default_one);
    Ok(SubscriptionSpec { name: name.to_owned(), settings: settings(found)?, rules: vec![first] })
}

/// A rule of that name.
pub(super) fn rule(name: &str, found: &Element) -> Result<Rule, Refusal> {
    is_name(name.trim_start_matches('$'), NAMES_MAX.1)?;
    let action = found.child("Action");
    let action = action.and_then(|action| Some((action.get("SqlExpression")?, action)));
    let action = action.map(|(text, action)| {
        Action::with(text, properties(action, "Parameters")?).map_err(invalid)
    });
    let action = action.transpose()?;
    let filter = found.child("Filter").map_or(Ok(Filter::True), filter)?;
    Ok(Rule { name: name.to_owned(), filter, action })
}

/// What an administrator notes about an entity.
pub(super) fn about(found: &Element, now: Timestamp) -> Result<About, Refusal> {
    let status = match found.get("Status") {
        None | Some("Active") => Status::Active,
        Some("Disabled") => Status::Disabled,
        Some("SendDisabled") => Status::SendDisabled,
        Some("ReceiveDisabled") => Status::ReceiveDisabled,
        Some(other) => return Err(invalid(format!("Status cannot be '{other}'"))),
    };
    let metadata = found.get("UserMetadata").map(str::to_owned);
    if metadata.as_ref().is_some_and(|words| METADATA_MAX < words.chars().count()) {
        return Err(invalid(format!("UserMetadata is longer than {METADATA_MAX} characters")));
    }
    let megabytes_max = number(found, "MaxSizeInMegabytes", MEGABYTES_MAX)?.unwrap_or(MEGABYTES);
    let usual = Hints::default();
    let hint = |name, usual| found.get(name).map_or(Ok(usual), |_| flag(found, name));
    let hints = Hints {
        batched: hint("EnableBatchedOperations", usual.batched)?,
        ordered: hint("SupportOrdering", usual.ordered)?,
        filter_failures: hint("DeadLetteringOnFilterEvaluationExceptions", usual.filter_failures)?,
    };
    let idle = duration(found, "AutoDeleteOnIdle")?.filter(|idle| *idle < LIFE_MAX);
    if idle.is_some_and(|idle| idle < IDLE_MIN) {
        return Err(invalid("AutoDeleteOnIdle must be 5 minutes at least"));
    }
    let (created, updated, accessed) = (now, now, now);
    Ok(About { status, megabytes_max, metadata, hints, idle, created, updated, accessed })
}

fn settings(found: &Element) -> Result<Settings, Refusal> {
    let lock = duration(found, "LockDuration")?.unwrap_or(Duration::from_mins(1));
    if lock.is_zero() || LOCK_MAX < lock {
        return Err(invalid("LockDuration must be more than nothing, and 5 minutes at most"));
    }
    for unserved in ["EnablePartitioning", "EnableExpress"] {
        if flag(found, unserved)? {
            return Err(invalid(format!("{unserved} is not served by the emulator")));
        }
    }
    Ok(Settings {
        lock,
        deliveries_max: number(found, "MaxDeliveryCount", DELIVERIES_MAX)?.unwrap_or(10),
        requires_session: flag(found, "RequiresSession")?,
        time_to_live: life(found)?,
        dead_letter_expired: flag(found, "DeadLetteringOnMessageExpiration")?,
        forward_to: onward(found, "ForwardTo"),
        forward_dead_letters_to: onward(found, "ForwardDeadLetteredMessagesTo"),
    })
}

/// The default time to live, if it ends.
fn life(found: &Element) -> Result<Option<Duration>, Refusal> {
    let life = duration(found, "DefaultMessageTimeToLive")?;
    if life.is_some_and(|life| life < Duration::from_secs(1)) {
        return Err(invalid("DefaultMessageTimeToLive must be a second at least"));
    }
    Ok(life.filter(|life| *life < LIFE_MAX))
}

/// The window of duplicate detection, if it is required.
fn duplicates(found: &Element) -> Result<Option<Duration>, Refusal> {
    let window = duration(found, "DuplicateDetectionHistoryTimeWindow")?.unwrap_or(WINDOW);
    if !flag(found, "RequiresDuplicateDetection")? {
        return Ok(None);
    }
    if window < WINDOWS.0 || WINDOWS.1 < window {
        return Err(invalid("DuplicateDetectionHistoryTimeWindow must be 20 seconds to 7 days"));
    }
    Ok(Some(window))
}

/// The path that a URL such as `sb://host/queue`, or a bare path, names.
fn onward(found: &Element, name: &str) -> Option<String> {
    let text = found.get(name)?;
    let path = text.split_once("://").map_or(Some(text), |(_, rest)| Some(rest.split_once('/')?.1));
    path.map(|path| path.trim_matches('/').to_owned())
}

fn filter(found: &Element) -> Result<Filter, Refusal> {
    let expression = found.get("SqlExpression");
    match (found.kind.as_deref(), expression) {
        (Some("TrueFilter"), _) => Ok(Filter::True),
        (Some("FalseFilter"), _) => Ok(Filter::False),
        (Some("SqlFilter"), Some(text)) => {
            let predicate = Predicate::with(text, properties(found, "Parameters")?);
            predicate.map(Filter::Sql).map_err(invalid)
        }
        (Some("CorrelationFilter"), _) => correlation(found),
        _ => {
            Err(invalid("a Filter must be a SqlFilter with its expression, or a CorrelationFilter"))
        }
    }
}

fn correlation(found: &Element) -> Result<Filter, Refusal> {
    let correlation = Correlation {
        system: SYSTEM.map(|(_, name, _)| found.get(name).map(str::to_owned)),
        properties: properties(found, "Properties")?,
    };
    if correlation.is_empty() {
        return Err(invalid("a CorrelationFilter must name at least one property"));
    }
    Ok(Filter::Correlation(correlation))
}

/// Names with typed values, under the child of that name.
fn properties(found: &Element, name: &str) -> Result<Vec<(String, Value)>, Refusal> {
    let pairs = found.child(name).map(|it| it.children.iter()).into_iter().flatten();
    pairs.map(property).collect()
}

/// An application property, as the wire has it.
fn property(pair: &Element) -> Result<(String, Value), Refusal> {
    let key = pair.get("Key").unwrap_or_default();
    let wrong = || invalid(format!("the value of '{key}' is not of its type"));
    let value = pair.child("Value").ok_or_else(wrong)?;
    let text = value.text.as_str();
    let value = match value.kind.as_deref() {
        Some("string") | None => Value::String(text.to_owned()),
        Some("boolean") => Value::Bool(text.parse().map_err(|_| wrong())?),
        Some("int" | "long") => Value::Long(text.parse().map_err(|_| wrong())?),
        Some("double") => text.parse::<f64>().map_err(|_| wrong())?.into(),
        Some("dateTime") => {
            // Python sends no zone with what it takes for UTC.
            let here = || text.parse::<DateTime>().and_then(|it| TimeZone::UTC.to_timestamp(it));
            let at: Timestamp = text.parse().or_else(|_| here()).map_err(|_| wrong())?;
            Value::Timestamp(Instant::from_milliseconds(at.as_millisecond()))
        }
        Some(_) => return Err(wrong()),
    };
    Ok((key.to_owned(), value))
}

fn flag(found: &Element, name: &str) -> Result<bool, Refusal> {
    match found.get(name).map(str::to_ascii_lowercase).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(invalid(format!("{name} cannot be '{other}'"))),
    }
}

fn number(found: &Element, name: &str, max: u32) -> Result<Option<u32>, Refusal> {
    let Some(text) = found.get(name) else { return Ok(None) };
    let number = u32::from_str(text).ok().filter(|number| (1..=max).contains(number));
    number.map(Some).ok_or_else(|| invalid(format!("{name} must be a number from 1 to {max}")))
}

/// A duration in ISO 8601; .NET's longest is as long as it gets.
fn duration(found: &Element, name: &str) -> Result<Option<Duration>, Refusal> {
    let Some(text) = found.get(name) else { return Ok(None) };
    if text.starts_with("P10675199D") {
        return Ok(Some(LIFE_MAX));
    }
    let wrong = || invalid(format!("{name} must be a duration such as PT1M"));
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(day).map_err(|_| wrong())?;
    Duration::try_from(duration).map(Some).map_err(|_| wrong())
}

fn is_name(name: &str, length_max: usize) -> Result<(), Refusal> {
    let is_valid = |letter: char| letter.is_ascii_alphanumeric() || "._-/~".contains(letter);
    if name.is_empty() || length_max < name.len() || !name.chars().all(is_valid) {
        return Err(invalid(format!(
            "'{name}' has letters other than A-Z a-z 0-9 . _ - ~ / or is longer than {length_max}"
        )));
    }
    Ok(())
}

fn invalid(words: impl ToString) -> Refusal {
    Refusal::Invalid(words.to_string())
}
