//! Lease documents, in the form that the .NET SDK writes.
//!
//! `{"id":"<prefix>..0","version":0,"LeaseToken":"0","FeedRange":{"Range":{"min":"","max":"FF"}},
//! "Owner":"host","ContinuationToken":"\"42\"","timestamp":"2026-…Z","properties":{},"Mode":
//! "Incremental Feed"}`; version 0 is of a range, version 1 of a stretch, with `min-max` for token.

use domain::ports::{Lease, NewLease, Part, Stranger, Tag};
use domain::{Json, Stretch, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::prefix::Prefix;
use crate::moment::Moment;

const RANGE_VERSION: u32 = 0;
const STRETCH_VERSION: u32 = 1;
const MODE: &str = "Incremental Feed";

/// A lease as it is written.
#[derive(Debug, Serialize)]
pub(super) struct LeaseDocument<'a> {
    id: String,
    version: u32,
    #[serde(rename = "LeaseToken")]
    token: String,
    #[serde(rename = "FeedRange", skip_serializing_if = "Option::is_none")]
    feed_range: Option<FeedRange<'a>>,
    #[serde(rename = "Owner")]
    owner: Option<&'a str>,
    #[serde(rename = "ContinuationToken")]
    continuation: Option<&'a str>,
    timestamp: Moment,
    properties: Box<RawValue>,
    #[serde(rename = "Mode")]
    mode: &'static str,
}

#[derive(Debug, Serialize)]
struct FeedRange<'a> {
    #[serde(rename = "Range")]
    range: Bounds<'a>,
}

#[derive(Debug, Serialize)]
struct Bounds<'a> {
    min: &'a str,
    max: &'a str,
}

/// What stands under the id of a lease.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Lease(Box<Lease>),
    Stranger(Stranger),
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    version: u32,
    #[serde(rename = "LeaseToken", alias = "PartitionId")]
    token: String,
    #[serde(rename = "FeedRange", default)]
    feed_range: Option<Value>,
    #[serde(rename = "Owner", default)]
    owner: Option<String>,
    #[serde(rename = "ContinuationToken", default)]
    continuation: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    properties: Option<Value>,
    #[serde(rename = "Mode", default)]
    mode: Option<String>,
    #[serde(rename = "_etag")]
    etag: String,
    #[serde(rename = "_ts")]
    seconds: i64,
}

impl<'a> LeaseDocument<'a> {
    /// The document of a lease.
    pub(super) fn of(prefix: &Prefix, lease: &'a Lease) -> Self {
        let Lease { part, owner, continuation, written_at, properties, stored_at: _, tag: _ } =
            lease;
        let base = Self::unowned(prefix, part, *written_at, properties);
        Self { owner: owner.as_deref(), continuation: continuation.as_deref(), ..base }
    }

    /// The document of a new lease.
    pub(super) fn of_new(prefix: &Prefix, lease: &'a NewLease) -> Self {
        let NewLease { part, continuation, properties, at } = lease;
        let base = Self::unowned(prefix, part, *at, properties);
        Self { continuation: continuation.as_deref(), ..base }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn unowned(prefix: &Prefix, part: &'a Part, at: Timestamp, properties: &Json) -> Self {
        let (version, stretch) = match part {
            Part::Range { id: _, stretch } => (RANGE_VERSION, stretch.as_ref()),
            Part::Stretch(stretch) => (STRETCH_VERSION, Some(stretch)),
        };
        let bounds = stretch.map(|Stretch { min, max }| Bounds { min, max });
        Self {
            id: prefix.lease(part),
            version,
            token: part.token(),
            feed_range: bounds.map(|range| FeedRange { range }),
            owner: None,
            continuation: None,
            timestamp: Moment(at),
            properties: RawValue::from_string(properties.as_str().to_owned()).unwrap_or_default(),
            mode: MODE,
        }
    }
}

/// Reads what stands under the id of a lease. Never fails: what it cannot read it says.
pub(super) fn read(prefix: &Prefix, document: &str) -> Read {
    let id = serde_json::from_str::<Value>(document).ok();
    let id = id.as_ref().and_then(|value| value.get("id")?.as_str()).unwrap_or_default();
    let token = prefix.token(id).unwrap_or_default();
    match lease(token, document) {
        Ok(lease) => Read::Lease(Box::new(lease)),
        Err(reason) => {
            Read::Stranger(Stranger { id: id.to_owned(), token: token.to_owned(), reason })
        }
    }
}

fn lease(token: &str, document: &str) -> Result<Lease, String> {
    let stored: Stored = serde_json::from_str(document).map_err(|error| error.to_string())?;
    if stored.token != token {
        return Err(format!("its LeaseToken is {:?}, its id says {token:?}", stored.token));
    }
    if stored.mode.as_ref().is_some_and(|mode| !mode.eq_ignore_ascii_case(MODE)) {
        return Err(format!("its Mode is not {MODE:?}"));
    }
    let bounds = stored.feed_range.as_ref().and_then(stretch);
    let part = match (stored.version, bounds) {
        (RANGE_VERSION, stretch) => Part::Range { id: stored.token, stretch },
        (STRETCH_VERSION, Some(stretch)) if stretch.to_string() == stored.token => {
            Part::Stretch(stretch)
        }
        (STRETCH_VERSION, _) => return Err("its FeedRange is not its LeaseToken".into()),
        (version, _) => return Err(format!("its version is {version}, not 0 or 1")),
    };
    let properties = match stored.properties {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(object @ Value::Object(_)) => object.to_string(),
        Some(_) => return Err("its properties are no object".into()),
    };
    let stored_at = Timestamp::from_second(stored.seconds).unwrap_or(Timestamp::MIN);
    let written_at = stored.timestamp.and_then(|text| text.parse().ok());
    Ok(Lease {
        part,
        owner: stored.owner.filter(|owner| !owner.is_empty()),
        continuation: stored.continuation,
        written_at: written_at.unwrap_or(stored_at),
        stored_at,
        properties: Json::from_valid(properties),
        tag: Tag(stored.etag),
    })
}

/// `{"Range":{"min":…,"max":…}}`; other forms do not say where the range lies.
fn stretch(feed_range: &Value) -> Option<Stretch> {
    let bound = |name: &str| feed_range.get("Range")?.get(name)?.as_str();
    let stretch = Stretch::new(bound("min")?, bound("max")?);
    (!stretch.is_empty()).then_some(stretch)
}

#[cfg(test)]
mod tests;
