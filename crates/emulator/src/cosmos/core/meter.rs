//! What was asked and what it cost, by kind of request: exact counts, for tests to assert.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Requests and charges by kind.
#[derive(Debug, Default)]
pub(crate) struct Meter(BTreeMap<&'static str, Reading>);

#[derive(Debug, Default)]
struct Reading {
    count: u64,
    charge: f64,
}

impl Meter {
    /// Notes one request.
    pub(crate) fn note(&mut self, kind: &'static str, charge: f64) {
        let reading = self.0.entry(kind).or_default();
        reading.count += 1;
        reading.charge += charge;
    }

    /// `{"read": {"count": 2, "charge": 2.0}, …}`
    pub(crate) fn state(&self) -> Value {
        let readings = self.0.iter().map(|(kind, Reading { count, charge })| {
            ((*kind).to_owned(), json!({"count": count, "charge": charge}))
        });
        Value::Object(readings.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_charges_add_up_by_kind() {
        let mut meter = Meter::default();
        meter.note("read", 1.0);
        meter.note("read", 2.5);
        meter.note("query", 3.0);
        let expected =
            json!({"query": {"count": 1, "charge": 3.0}, "read": {"count": 2, "charge": 3.5}});
        assert_eq!(meter.state(), expected);
    }
}
