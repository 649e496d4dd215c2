//! Descriptions of entities: ATOM entries, of which only what this project promises is read.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;

/// How a topic was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topic {
    /// Whether it drops repeats of a message id.
    pub requires_duplicate_detection: bool,
    /// For how long it knows an id.
    pub duplicate_detection_window: Option<Duration>,
    /// Whether it is spread over brokers.
    pub is_partitioned: bool,
    /// `Active`, unless somebody disabled it.
    pub status: String,
}

/// How a subscription was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// Whether it hands messages out by session, and so each order's in sequence.
    pub requires_session: bool,
    /// Whether a message that expires is dead-lettered instead of dropped.
    pub dead_letters_expired: bool,
    /// Whether a message that no rule could judge is dead-lettered instead of dropped.
    pub dead_letters_filter_errors: bool,
    /// How often a message is handed out before it is dead-lettered.
    pub max_delivery_count: Option<u32>,
    /// `Active`, unless somebody disabled it.
    pub status: String,
}

#[derive(Deserialize)]
struct Feed {
    #[serde(default, rename = "entry")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    title: Text,
    #[serde(default)]
    content: Content,
}

#[derive(Deserialize, Default)]
struct Text {
    #[serde(default, rename = "$text")]
    text: String,
}

#[derive(Deserialize, Default)]
struct Content {
    #[serde(rename = "TopicDescription")]
    topic: Option<TopicDescription>,
    #[serde(rename = "SubscriptionDescription")]
    subscription: Option<SubscriptionDescription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TopicDescription {
    #[serde(default)]
    requires_duplicate_detection: bool,
    duplicate_detection_history_time_window: Option<String>,
    #[serde(default)]
    enable_partitioning: bool,
    #[serde(default = "active")]
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SubscriptionDescription {
    #[serde(default)]
    requires_session: bool,
    #[serde(default)]
    dead_lettering_on_message_expiration: bool,
    #[serde(default)]
    dead_lettering_on_filter_evaluation_exceptions: bool,
    max_delivery_count: Option<u32>,
    #[serde(default = "active")]
    status: String,
}

/// The topic of an answer; a namespace without it answers with an empty feed.
pub(super) fn topic(text: &str) -> Result<Option<Topic>, String> {
    let entry: Entry = quick_xml::de::from_str(text).map_err(|error| error.to_string())?;
    Ok(entry.content.topic.map(|topic| Topic {
        requires_duplicate_detection: topic.requires_duplicate_detection,
        duplicate_detection_window: topic
            .duplicate_detection_history_time_window
            .as_deref()
            .and_then(duration),
        is_partitioned: topic.enable_partitioning,
        status: topic.status,
    }))
}

/// The subscriptions of a page.
pub(super) fn subscriptions(text: &str) -> Result<Vec<Subscription>, String> {
    let feed: Feed = quick_xml::de::from_str(text).map_err(|error| error.to_string())?;
    let found = feed.entries.into_iter().filter_map(|Entry { title, content }| {
        let made = content.subscription?;
        Some(Subscription {
            name: title.text,
            requires_session: made.requires_session,
            dead_letters_expired: made.dead_lettering_on_message_expiration,
            dead_letters_filter_errors: made.dead_lettering_on_filter_evaluation_exceptions,
            max_delivery_count: made.max_delivery_count,
            status: made.status,
        })
    });
    Ok(found.collect())
}

/// `PT10M`, `P7D`; «for ever» is beyond any span, and read as nothing.
fn duration(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let days = SpanRelativeTo::days_are_24_hours();
    Some(span.to_duration(days).ok()?.unsigned_abs())
}

fn active() -> String {
    "Active".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const TOPIC: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<entry xmlns="http://www.w3.org/2005/Atom"><id>https://n.servicebus.windows.net/orders?api-version=2021-05</id><title type="text">orders</title><published>2026-11-25T10:00:00Z</published><author><name>n</name></author><link rel="self" href="https://n"/><content type="application/xml"><TopicDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><DefaultMessageTimeToLive>P10675199DT2H48M5.4775807S</DefaultMessageTimeToLive><MaxSizeInMegabytes>1024</MaxSizeInMegabytes><RequiresDuplicateDetection>true</RequiresDuplicateDetection><DuplicateDetectionHistoryTimeWindow>P1DT10M</DuplicateDetectionHistoryTimeWindow><AuthorizationRules></AuthorizationRules><Status>Active</Status><SupportOrdering>true</SupportOrdering><EnablePartitioning>false</EnablePartitioning></TopicDescription></content></entry>"#;

    #[test]
    fn a_topic_is_read_from_its_entry() {
        let found = topic(TOPIC).unwrap();
        expect![[r#"Some(Topic { requires_duplicate_detection: true, duplicate_detection_window: Some(87000s), is_partitioned: false, status: "Active" })"#]].assert_eq(&format!("{found:?}"));
    }

    #[test]
    fn an_empty_feed_is_no_topic() {
        let text = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Publicly Listed Services</title><updated>2026-11-25T10:00:00Z</updated></feed>"#;
        assert_eq!(topic(text).unwrap(), None);
        assert_eq!(subscriptions(text).unwrap(), []);
        assert!(topic("no xml").is_err());
    }

    #[test]
    fn subscriptions_are_read_from_a_feed() {
        let entry = |name: &str, session: &str| {
            format!(
                r#"<entry><title type="text">{name}</title><content type="application/xml"><SubscriptionDescription><LockDuration>PT1M</LockDuration><RequiresSession>{session}</RequiresSession><DeadLetteringOnMessageExpiration>true</DeadLetteringOnMessageExpiration><MaxDeliveryCount>10</MaxDeliveryCount></SubscriptionDescription></content></entry>"#
            )
        };
        let text = format!("<feed>{}{}</feed>", entry("all", "true"), entry("some", "false"));
        let found = subscriptions(&text).unwrap();
        let said: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.requires_session)).collect();
        assert_eq!(said, [("all", true), ("some", false)]);
        assert_eq!(found[0].max_delivery_count, Some(10));
    }
}
