//! An aggregate's document.

use std::borrow::Cow;

use domain::ports::Tag;
use domain::{Aggregate, Key};
use serde::{Deserialize, Serialize};

use crate::form::Form;

/// An aggregate as it is written: what every document has, and then its own fields.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AggregateDocument<'a, S> {
    id: &'a str,
    partition_key: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    state: S,
}

#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default, rename = "_etag")]
    etag: Option<String>,
}

impl<'a, S: Serialize> AggregateDocument<'a, S> {
    /// The document of this state.
    pub(crate) fn new<F: Form<State = S>>(aggregate: &'a F::Aggregate) -> Self {
        let id = aggregate.key().as_str();
        Self { id, partition_key: id, kind: F::TYPE, state: F::state(aggregate) }
    }
}

/// Reads an aggregate back, and the tag under which it may be changed.
pub(crate) fn tag_and_aggregate<F: Form>(document: &str) -> Result<(Tag, F::Aggregate), String> {
    let probe: Probe<'_> = serde_json::from_str(document).map_err(|error| error.to_string())?;
    if probe.kind != F::TYPE {
        return Err(format!("the type is {:?} instead of {:?}", probe.kind, F::TYPE));
    }
    let key: Key = probe.id.parse().map_err(|_| format!("the id {:?} is no key", probe.id))?;
    let state: F::State = serde_json::from_str(document).map_err(|error| error.to_string())?;
    Ok((Tag(probe.etag.unwrap_or_default()), F::aggregate(key, state)?))
}
