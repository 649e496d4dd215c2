//! Instants at rest.

use std::fmt;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant as documents carry it: UTC with exactly six digits behind the second, so
/// that the order of the texts is the order of the times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("is not an instant (RFC 3339)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_written_whatever_there_is_to_write() {
        for (given, written) in [
            ("2026-11-23T20:24:24Z", "\"2026-11-23T20:24:24.000000Z\""),
            ("2026-11-23T20:24:24.1234567Z", "\"2026-11-23T20:24:24.123456Z\""),
            ("2026-11-23T21:24:24.5+01:00", "\"2026-11-23T20:24:24.500000Z\""),
        ] {
            let moment = Moment(given.parse().unwrap());
            assert_eq!(serde_json::to_string(&moment).unwrap(), written);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let moment: Moment = serde_json::from_str("\"2026-11-23T20:24:24.123456Z\"").unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T20:24:24.123456Z");
        assert!(serde_json::from_str::<Moment>("\"yesterday\"").is_err());
        assert!(serde_json::from_str::<Moment>("7").is_err());
    }
}
