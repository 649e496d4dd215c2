//! The lease documents, in the form that the .NET SDK writes: who reads a range, and how far.
//!
//! | a lease is | when |
//! |---|---|
//! | mine | its owner is this host |
//! | free | it has no owner, or its owner gave no sign of life for the expiration interval |
//! | another's | otherwise |
//!
//! Every host takes free leases up to its share, `⌈leases ÷ hosts⌉`; one that has less than its
//! share takes a single lease from whoever has the most, if that one has more than its share.

use super::feed::Range;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, time::Duration};

/// One lease document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) id: String,
    /// 0: `LeaseToken` is the id of a partition key range.
    #[serde(default)]
    version: u32,
    #[serde(rename = "LeaseToken")]
    pub(super) token: String,
    #[serde(rename = "FeedRange", skip_serializing_if = "Option::is_none")]
    feed_range: Option<Value>,
    #[serde(rename = "Owner")]
    pub(super) owner: Option<String>,
    #[serde(rename = "ContinuationToken")]
    pub(super) continuation: Option<String>,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(default)]
    properties: Map<String, Value>,
    #[serde(rename = "Mode", skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(rename = "_etag", skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(rename = "_ts", default, skip_serializing)]
    written: i64,
}

/// The id of a range's lease.
pub(super) fn id(prefix: &str, token: &str) -> String {
    format!("{prefix}..{token}")
}

impl Lease {
    /// A lease that nobody owns, reading on after `continuation`.
    pub(super) fn new(prefix: &str, range: &Range, continuation: Option<String>) -> Self {
        let (min, max) = (&range.min_inclusive, &range.max_exclusive);
        Self {
            id: id(prefix, &range.id),
            version: 0,
            token: range.id.clone(),
            feed_range: Some(json!({ "Range": { "min": min, "max": max } })),
            owner: None,
            continuation,
            timestamp: None,
            properties: Map::new(),
            mode: Some("Incremental Feed".into()),
            etag: None,
            written: 0,
        }
    }

    /// The lease as `owner` takes it at `now`.
    pub(super) fn taken_by(self, owner: &str, now: Timestamp) -> Self {
        Self { owner: Some(owner.to_owned()), timestamp: Some(now), ..self }
    }

    /// The lease without an owner.
    pub(super) fn released(self) -> Self {
        Self { owner: None, ..self }
    }

    /// Whether anyone may take it.
    pub(super) fn is_free(&self, now: Timestamp, expiration: Duration) -> bool {
        let written = Timestamp::from_second(self.written).unwrap_or(Timestamp::MIN);
        let alive = self.timestamp.unwrap_or(written);
        let expiration = SignedDuration::try_from(expiration).unwrap_or(SignedDuration::MAX);
        self.owner.is_none() || expiration < now.duration_since(alive)
    }
}

/// Where a range without a lease begins: where its parents were read to.
///
/// After a merge that is the earlier of the two, so that nothing is missed and some is repeated.
pub(super) fn inherited(parents: &[Lease]) -> Option<String> {
    let position = |lease: &Lease| -> u64 {
        let token = lease.continuation.as_deref().unwrap_or_default();
        token.trim_matches('"').parse().unwrap_or_default()
    };
    parents.iter().min_by_key(|lease| position(lease))?.continuation.clone()
}

/// The leases that `me` should take now.
pub(super) fn to_take<'a>(
    leases: &'a [Lease],
    me: &str,
    now: Timestamp,
    expiration: Duration,
) -> Vec<&'a Lease> {
    let (free, held): (Vec<_>, Vec<_>) =
        leases.iter().partition(|lease| lease.is_free(now, expiration));
    let mut holdings = BTreeMap::from([(me, 0)]);
    for lease in &held {
        *holdings.entry(lease.owner.as_deref().unwrap_or(me)).or_insert(0) += 1;
    }
    let share = leases.len().div_ceil(holdings.len());
    let mine = holdings.get(me).copied().unwrap_or_default();
    let wanted = share.saturating_sub(mine);
    if !free.is_empty() || wanted == 0 {
        return free.into_iter().take(wanted).collect();
    }
    let richest = holdings.iter().filter(|(owner, _)| **owner != me).max_by_key(|(_, held)| **held);
    let Some((owner, count)) = richest else { return Vec::new() };
    let limit = if 1 < wanted { share.saturating_sub(1) } else { share };
    let theirs = held.into_iter().filter(|lease| lease.owner.as_deref() == Some(*owner));
    theirs.take(usize::from(limit < *count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const MINUTE: Duration = Duration::from_mins(1);

    fn range(id: &str) -> Range {
        Range {
            id: id.into(),
            min_inclusive: String::new(),
            max_exclusive: "FF".into(),
            parents: Vec::new(),
        }
    }

    fn lease(token: &str, owner: Option<&str>, alive: i64) -> Lease {
        Lease {
            owner: owner.map(str::to_owned),
            timestamp: Some(Timestamp::from_second(alive).unwrap()),
            ..Lease::new("p", &range(token), None)
        }
    }

    fn taken(leases: &[Lease], now: i64) -> Vec<&str> {
        let now = Timestamp::from_second(now).unwrap();
        to_take(leases, "me", now, MINUTE).iter().map(|lease| lease.token.as_str()).collect()
    }

    #[test]
    fn a_lease_has_the_form_of_the_dotnet_sdk() {
        let lease = Lease { continuation: Some("\"42\"".into()), ..lease("0", Some("host1"), 0) };
        expect![[r#"{"id":"p..0","version":0,"LeaseToken":"0","FeedRange":{"Range":{"max":"FF","min":""}},"Owner":"host1","ContinuationToken":"\"42\"","timestamp":"1970-01-01T00:00:00Z","properties":{},"Mode":"Incremental Feed"}"#]].assert_eq(&serde_json::to_string(&lease).unwrap());
    }

    #[test]
    fn a_lease_of_the_dotnet_sdk_is_read() {
        let text = r#"{"id":"p..0","version":0,"_etag":"e","LeaseToken":"0","FeedRange":{"Range":{"min":"","max":"FF"}},"Owner":"h","ContinuationToken":"\"1\"","properties":{"a":"b"},"timestamp":"2026-11-23T20:00:00.1234567Z","_ts":1}"#;
        let lease: Lease = serde_json::from_str(text).unwrap();
        assert_eq!(lease.continuation.as_deref(), Some("\"1\""));
        assert_eq!(lease.properties.get("a"), Some(&json!("b")));
    }

    #[test]
    fn one_host_takes_everything_that_is_free() {
        let leases = [lease("0", None, 0), lease("1", Some("dead"), 0), lease("2", Some("me"), 99)];
        assert_eq!(taken(&leases, 100), ["0", "1"]);
    }

    #[test]
    fn a_living_owner_keeps_its_share() {
        let leases = [lease("0", Some("other"), 90), lease("1", Some("me"), 90)];
        assert!(taken(&leases, 100).is_empty());
    }

    #[test]
    fn one_lease_is_taken_from_who_has_too_many() {
        let leases = ["0", "1", "2", "3"].map(|token| lease(token, Some("other"), 90));
        assert_eq!(taken(&leases, 100), ["0"]);
    }

    #[test]
    fn two_newcomers_need_not_fight() {
        // Mine is one of three, and the other has two: that is its share.
        let leases =
            [lease("0", Some("me"), 90), lease("1", Some("b"), 90), lease("2", Some("b"), 90)];
        assert!(taken(&leases, 100).is_empty());
        // A third host counts as soon as it owns something.
        let leases = ["a", "a", "b"].map(|owner| lease("0", Some(owner), 90));
        assert_eq!(taken(&leases, 100).len(), 1);
    }

    #[test]
    fn silence_is_counted_from_the_last_write_if_there_is_no_timestamp() {
        let text =
            r#"{"id":"p..0","LeaseToken":"0","Owner":"h","ContinuationToken":null,"_ts":40}"#;
        let lease: Lease = serde_json::from_str(text).unwrap();
        let free = |now| lease.is_free(Timestamp::from_second(now).unwrap(), MINUTE);
        assert!(!free(100) && free(101));
    }

    #[test]
    fn a_merged_range_begins_where_the_slower_parent_was() {
        let at = |continuation: Option<&str>| Lease {
            continuation: continuation.map(str::to_owned),
            ..lease("0", None, 0)
        };
        assert_eq!(inherited(&[at(Some("\"10\"")), at(Some("\"9\""))]).as_deref(), Some("\"9\""));
        assert_eq!(inherited(&[at(Some("\"10\"")), at(None)]), None);
        assert_eq!(inherited(&[]), None);
    }
}
