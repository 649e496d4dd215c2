//! What the offer of a container or database says. Nothing is throttled by it.

use super::refusal::Refusal;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// How much a container, or all of a database, may be asked, in request units a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Throughput {
    /// So many.
    Manual(u64),
    /// Up to `max`, as they are needed; `settings` is how the client said it.
    Autoscale {
        /// The most.
        max: u64,
        /// `{"maxThroughput": …}`, and what else the client keeps there.
        settings: Value,
    },
}

impl Throughput {
    /// Reads the header of a new container.
    pub(crate) fn manual(text: &str) -> Result<Self, Refusal> {
        let units = text.parse().ok().filter(|units| UNITS.contains(units));
        units.map(Self::Manual).ok_or_else(|| refused("offerThroughput"))
    }

    /// Reads autoscale settings, of a new container's header or of an offer.
    pub(crate) fn autoscale(settings: Value) -> Result<Self, Refusal> {
        let max = settings.get("maxThroughput").and_then(Value::as_u64);
        let max = max.filter(|max| UNITS.contains(max)).ok_or_else(|| refused("maxThroughput"))?;
        Ok(Self::Autoscale { max, settings })
    }

    /// Reads the `content` of an offer.
    pub(crate) fn of_offer(content: &Value) -> Result<Self, Refusal> {
        match content.get("offerAutopilotSettings") {
            Some(settings) if !settings.is_null() => Self::autoscale(settings.clone()),
            Some(_) | None => {
                let units = content.get("offerThroughput").and_then(Value::as_u64);
                let units = units.filter(|units| UNITS.contains(units));
                units.map(Self::Manual).ok_or_else(|| refused("offerThroughput"))
            }
        }
    }

    /// How many ranges a container begins with that is made with it, as documented in "Best practices
    /// for scaling provisioned throughput".
    pub(crate) fn ranges(&self) -> u64 {
        match self {
            Self::Manual(units) => units.div_ceil(RANGE_UNITS_MANUAL),
            Self::Autoscale { max, .. } => max.div_ceil(RANGE_UNITS_AUTOSCALE),
        }
    }

    /// The `content` of the offer.
    pub(crate) fn content(&self) -> Value {
        let (units, settings) = match self {
            Self::Manual(units) => (*units, None),
            Self::Autoscale { max, settings } => (max / AUTOSCALE_SPAN, Some(settings)),
        };
        let mut content = Map::new();
        content.insert("offerThroughput".to_owned(), units.into());
        content.insert("offerIsRUPerMinuteThroughputEnabled".to_owned(), false.into());
        if let Some(settings) = settings {
            content.insert("offerAutopilotSettings".to_owned(), settings.clone());
        }
        Value::Object(content)
    }
}

/// An idle container of autoscale stands at a tenth of its maximum.
const AUTOSCALE_SPAN: u64 = 10;
/// What an offer may say; the service gives more only on request.
const UNITS: RangeInclusive<u64> = 1..=1_000_000;
/// What each range of a new container of manual throughput gets, at most.
const RANGE_UNITS_MANUAL: u64 = 6_000;
/// The same of autoscale's maximum.
const RANGE_UNITS_AUTOSCALE: u64 = 10_000;

impl Default for Throughput {
    /// What a container has that was made without any stated.
    fn default() -> Self {
        Self::Manual(400)
    }
}

fn refused(what: &str) -> Refusal {
    let (least, most) = UNITS.into_inner();
    Refusal::Bad(format!("the {what} of an offer is a number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_offer_reads_back_as_it_was_written() {
        let settings = json!({"maxThroughput": 4000, "autoUpgradePolicy": {"x": 1}});
        for throughput in [
            Throughput::default(),
            Throughput::manual("700").unwrap(),
            Throughput::autoscale(settings).unwrap(),
        ] {
            assert_eq!(Throughput::of_offer(&throughput.content()), Ok(throughput));
        }
    }

    #[test]
    fn autoscale_stands_at_a_tenth_of_its_maximum() {
        let scale = Throughput::autoscale(json!({"maxThroughput": 4000})).unwrap();
        assert_eq!(scale.content()["offerThroughput"], 400);
    }

    #[test]
    fn more_throughput_begins_with_more_ranges() {
        let manual = |text| Throughput::manual(text).unwrap().ranges();
        assert_eq!(["1", "6000", "6001", "12000", "1000000"].map(manual), [1, 1, 2, 2, 167]);
        let autoscale =
            |max| Throughput::autoscale(json!({"maxThroughput": max})).unwrap().ranges();
        assert_eq!([10_000, 10_001, 30_000].map(autoscale), [1, 2, 3]);
    }

    #[test]
    fn too_few_or_too_many_units_are_refused() {
        Throughput::manual("0").unwrap_err();
        Throughput::manual("1000001").unwrap_err();
        Throughput::manual("many").unwrap_err();
        Throughput::autoscale(json!({})).unwrap_err();
        Throughput::of_offer(&json!({"offerThroughput": -1})).unwrap_err();
    }
}
