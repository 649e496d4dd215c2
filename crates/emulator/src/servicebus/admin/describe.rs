//! Descriptions of entities and rules, in the order in which Azure lists their elements.

use super::atom::{Entry, field};
use crate::servicebus::{
    amqp::{engine::MESSAGE_MAX, value::Ask},
    broker::{About, QueueView, Status, TopicView},
    filter::{Correlation, Filter, Rule, SYSTEM},
};
use jiff::Timestamp;
use quick_xml::escape::escape;
use serde_amqp::Value;
use std::time::Duration;

/// .NET's longest time span, by which Azure says that there is no limit.
const FOREVER: &str = "P10675199DT2H48M5.4775807S";
/// What Azure answers where duplicates are not detected.
const WINDOW: Duration = Duration::from_mins(10);
const COUNTS: &str = "http://schemas.microsoft.com/netservices/2011/06/servicebus";
const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

/// A queue.
pub(super) fn queue(view: &QueueView) -> Entry {
    let QueueView { path, settings, duplicates, about, .. } = view;
    let description = [
        field("LockDuration", span(Some(settings.lock))),
        field("MaxSizeInMegabytes", about.megabytes_max),
        field("RequiresDuplicateDetection", duplicates.is_some()),
        field("RequiresSession", settings.requires_session),
        field("DefaultMessageTimeToLive", span(settings.time_to_live)),
        field("DeadLetteringOnMessageExpiration", settings.dead_letter_expired),
        field("DuplicateDetectionHistoryTimeWindow", span(Some(duplicates.unwrap_or(WINDOW)))),
        field("MaxDeliveryCount", settings.deliveries_max),
        field("EnableBatchedOperations", about.hints.batched),
        field("SizeInBytes", view.size),
        field("MessageCount", total(view)),
        field("IsAnonymousAccessible", false),
        field("Status", status(about.status)),
        onward("ForwardTo", settings.forward_to.as_deref()),
        metadata(about),
        dates(about),
        field("SupportOrdering", about.hints.ordered),
        counts(view.counts.active + view.counts.deferred, view.dead, view.counts.scheduled),
        field("AutoDeleteOnIdle", span(about.idle)),
        field("EnablePartitioning", false),
        field("EntityAvailabilityStatus", "Available"),
        field("EnableExpress", false),
        onward("ForwardDeadLetteredMessagesTo", settings.forward_dead_letters_to.as_deref()),
        field("MaxMessageSizeInKilobytes", MESSAGE_MAX / 1024),
    ];
    entry(path, path, about.updated, "QueueDescription", description.concat())
}

/// A topic.
pub(super) fn topic(view: &TopicView) -> Entry {
    let TopicView { path, time_to_live, duplicates, about, .. } = view;
    let description = [
        field("DefaultMessageTimeToLive", span(*time_to_live)),
        field("MaxSizeInMegabytes", about.megabytes_max),
        field("RequiresDuplicateDetection", duplicates.is_some()),
        field("DuplicateDetectionHistoryTimeWindow", span(Some(duplicates.unwrap_or(WINDOW)))),
        field("EnableBatchedOperations", about.hints.batched),
        field("SizeInBytes", view.size),
        field("FilteringMessagesBeforePublishing", false),
        field("IsAnonymousAccessible", false),
        field("Status", status(about.status)),
        metadata(about),
        dates(about),
        field("SupportOrdering", about.hints.ordered),
        counts(0, 0, view.scheduled),
        field("SubscriptionCount", view.subscriptions.len()),
        field("AutoDeleteOnIdle", span(about.idle)),
        field("EnablePartitioning", false),
        field("EntityAvailabilityStatus", "Available"),
        field("EnableSubscriptionPartitioning", false),
        field("EnableExpress", false),
        field("MaxMessageSizeInKilobytes", MESSAGE_MAX / 1024),
    ];
    entry(path, path, about.updated, "TopicDescription", description.concat())
}

/// A subscription.
pub(super) fn subscription(view: &QueueView) -> Entry {
    let QueueView { path, settings, about, .. } = view;
    let description = [
        field("LockDuration", span(Some(settings.lock))),
        field("RequiresSession", settings.requires_session),
        field("DefaultMessageTimeToLive", span(settings.time_to_live)),
        field("DeadLetteringOnMessageExpiration", settings.dead_letter_expired),
        field("DeadLetteringOnFilterEvaluationExceptions", about.hints.filter_failures),
        field("MessageCount", total(view)),
        field("MaxDeliveryCount", settings.deliveries_max),
        field("EnableBatchedOperations", about.hints.batched),
        field("Status", status(about.status)),
        onward("ForwardTo", settings.forward_to.as_deref()),
        dates(about),
        metadata(about),
        counts(view.counts.active + view.counts.deferred, view.dead, 0),
        onward("ForwardDeadLetteredMessagesTo", settings.forward_dead_letters_to.as_deref()),
        field("AutoDeleteOnIdle", span(about.idle)),
        field("EntityAvailabilityStatus", "Available"),
    ];
    let name = path.rsplit('/').next().unwrap_or_default();
    entry(path, name, about.updated, "SubscriptionDescription", description.concat())
}

/// A rule of the subscription at `path`.
pub(super) fn rule(path: &str, rule: &Rule, now: Timestamp) -> Entry {
    let filter = match &rule.filter {
        Filter::True => typed("Filter", "TrueFilter", &sql("1=1", &[])),
        Filter::False => typed("Filter", "FalseFilter", &sql("1=0", &[])),
        Filter::Sql(predicate) => {
            typed("Filter", "SqlFilter", &sql(predicate.text(), predicate.parameters()))
        }
        Filter::Correlation(filter) => typed("Filter", "CorrelationFilter", &correlation(filter)),
    };
    let action = match &rule.action {
        Some(action) => typed("Action", "SqlRuleAction", &sql(action.text(), action.parameters())),
        None => typed("Action", "EmptyRuleAction", ""),
    };
    let name = &rule.name;
    let description = [filter, action, field("CreatedAt", now), field("Name", name)].concat();
    entry(&format!("{path}/Rules/{name}"), name, now, "RuleDescription", description)
}

/// The namespace.
pub(super) fn namespace(born: Timestamp) -> Entry {
    let description = [
        field("CreatedTime", born),
        field("MessagingSKU", "Standard"),
        field("ModifiedTime", born),
        field("Name", "sbemulatorns"),
        field("NamespaceType", "Messaging"),
    ];
    entry("$namespaceinfo", "sbemulatorns", born, "NamespaceInfo", description.concat())
}

fn entry(
    path: &str,
    title: &str,
    updated: Timestamp,
    kind: &'static str,
    description: String,
) -> Entry {
    Entry { path: path.to_owned(), title: title.to_owned(), updated, kind, description }
}

fn total(view: &QueueView) -> usize {
    view.counts.active + view.counts.deferred + view.counts.scheduled + view.dead
}

/// A duration in ISO 8601, in days, hours, minutes and seconds as .NET writes it; none is without
/// end.
fn span(duration: Option<Duration>) -> String {
    let Some(duration) = duration else { return FOREVER.to_owned() };
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    let part = |number: u64, letter: char| match number {
        0 => String::new(),
        _ => format!("{number}{letter}"),
    };
    let days = part(seconds / 86_400, 'D');
    let clock = part(seconds / 3_600 % 24, 'H') + &part(seconds / 60 % 60, 'M');
    let rest = match (seconds % 60, millis) {
        (0, 0) if !days.is_empty() || !clock.is_empty() => String::new(),
        (seconds, 0) => format!("{seconds}S"),
        (seconds, _) => format!("{seconds}.{millis:03}").trim_end_matches('0').to_owned() + "S",
    };
    let mark = if clock.is_empty() && rest.is_empty() { "" } else { "T" };
    format!("P{days}{mark}{clock}{rest}")
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "Active",
        Status::Disabled => "Disabled",
        Status::SendDisabled => "SendDisabled",
        Status::ReceiveDisabled => "ReceiveDisabled",
    }
}

/// Where messages go on to, as a URL: the SDKs send one, and Azure gives one back.
fn onward(name: &str, to: Option<&str>) -> String {
    to.map(|to| field(name, format!("sb://sbemulatorns/{to}"))).unwrap_or_default()
}

fn metadata(about: &About) -> String {
    about.metadata.as_deref().map(|words| field("UserMetadata", words)).unwrap_or_default()
}

fn dates(about: &About) -> String {
    [
        field("CreatedAt", about.created),
        field("UpdatedAt", about.updated),
        field("AccessedAt", about.accessed),
    ]
    .concat()
}

fn counts(active: usize, dead: usize, scheduled: usize) -> String {
    format!(
        "<CountDetails xmlns:d2p1=\"{COUNTS}\">{}{}{}{}{}</CountDetails>",
        field("d2p1:ActiveMessageCount", active),
        field("d2p1:DeadLetterMessageCount", dead),
        field("d2p1:ScheduledMessageCount", scheduled),
        field("d2p1:TransferMessageCount", 0),
        field("d2p1:TransferDeadLetterMessageCount", 0),
    )
}

fn sql(text: &str, parameters: &[(String, Value)]) -> String {
    field("SqlExpression", text)
        + &field("CompatibilityLevel", 20)
        + &properties("Parameters", parameters)
}

/// Names with typed values; nothing if there are none.
fn properties(name: &str, pairs: &[(String, Value)]) -> String {
    let pairs: String = pairs.iter().map(|(key, value)| property(key, value)).collect();
    if pairs.is_empty() { pairs } else { format!("<{name}>{pairs}</{name}>") }
}

fn typed(name: &str, kind: &str, content: &str) -> String {
    format!("<{name} i:type=\"{kind}\">{content}</{name}>")
}

fn correlation(filter: &Correlation) -> String {
    let system = SYSTEM.into_iter().zip(&filter.system);
    let text: String =
        system.filter_map(|((_, name, _), value)| Some(field(name, value.as_ref()?))).collect();
    text + &properties("Properties", &filter.properties)
}

/// An application property with its type. JavaScript knows no long: a small one is an int.
fn property(key: &str, value: &Value) -> String {
    let (kind, text) = if let Value::Bool(flag) = value {
        ("boolean", flag.to_string())
    } else if let Value::Double(number) = value {
        ("double", number.to_string())
    } else if let Value::Timestamp(at) = value {
        let at = Timestamp::from_millisecond(at.milliseconds());
        ("dateTime", at.map(|at| at.to_string()).unwrap_or_default())
    } else if let Some(number) = value.integer() {
        (if i32::try_from(number).is_ok() { "int" } else { "long" }, number.to_string())
    } else {
        ("string", value.text().unwrap_or_default().to_owned())
    };
    format!(
        "<KeyValueOfstringanyType><Key>{}</Key><Value xmlns:d6p1=\"{SCHEMA}\" \
         i:type=\"d6p1:{kind}\">{}</Value></KeyValueOfstringanyType>",
        escape(key),
        escape(text.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_dotnet_writes_them() {
        for (millis, text) in [
            (0, "PT0S"),
            (45_000, "PT45S"),
            (60_000, "PT1M"),
            (90_500, "PT1M30.5S"),
            (3_600_000, "PT1H"),
            (2 * 86_400_000, "P2D"),
            (86_400_000 + 1_000, "P1DT1S"),
        ] {
            assert_eq!(span(Some(Duration::from_millis(millis))), text);
        }
        assert_eq!(span(None), FOREVER);
    }
}
