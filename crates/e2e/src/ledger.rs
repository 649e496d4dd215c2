//! The ledger: what was acknowledged to clients beside what consumers received.

use std::collections::BTreeMap;
use std::fmt;

/// Acknowledged orders and received messages.
#[derive(Debug, Default, Clone)]
pub struct Ledger {
    /// By order: how many events it has been acknowledged to have.
    acknowledged: BTreeMap<String, u32>,
    /// By order: the sequences received, in the order they came.
    received: BTreeMap<String, Vec<u32>>,
}

impl Ledger {
    /// An order was acknowledged to stand at this version.
    pub fn acknowledge(&mut self, order: &str, version: u32) {
        let stands = self.acknowledged.entry(order.to_owned()).or_default();
        *stands = version.max(*stands);
    }

    /// A message arrived.
    pub fn receive(&mut self, order: &str, sequence: u32) {
        self.received.entry(order.to_owned()).or_default().push(sequence);
    }

    /// How many messages arrived, repeats included.
    pub fn received(&self) -> usize {
        self.received.values().map(Vec::len).sum()
    }

    /// How many events were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.values().map(|version| *version as usize).sum()
    }

    /// The acknowledged orders.
    pub fn orders(&self) -> impl Iterator<Item = &str> {
        self.acknowledged.keys().map(String::as_str)
    }

    /// What does not match.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for (order, version) in &self.acknowledged {
            let got = self.received.get(order).map_or(&[][..], Vec::as_slice);
            let missing = (1..=*version).filter(|sequence| !got.contains(sequence));
            verdict.missing.extend(missing.map(|sequence| format!("{order}.{sequence}")));
        }
        for (order, got) in &self.received {
            verdict.follow(order, got);
        }
        verdict
    }
}

/// What of a ledger does not match; all empty is right.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged, and not received.
    pub missing: Vec<String>,
    /// Received before an earlier event of its order.
    pub overtaken: Vec<String>,
    /// Received more than once.
    pub repeated: Vec<String>,
}

impl Verdict {
    /// Follows the sequences of one order in the order they came.
    fn follow(&mut self, order: &str, got: &[u32]) {
        let mut highest = 0;
        for sequence in got {
            if *sequence <= highest {
                self.repeated.push(format!("{order}.{sequence}"));
            } else if highest + 1 < *sequence {
                self.overtaken.push(format!("{order}.{sequence}"));
            }
            highest = highest.max(*sequence);
        }
    }

    /// Whether every event was delivered once and in order.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, overtaken, repeated } = self;
        let [missing, overtaken, repeated] = [missing, overtaken, repeated].map(Vec::len);
        write!(f, "{missing} missing, {overtaken} out of order, {repeated} delivered twice")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(version: u32, received: &[u32]) -> String {
        let mut ledger = Ledger::default();
        ledger.acknowledge("o", version);
        for sequence in received {
            ledger.receive("o", *sequence);
        }
        ledger.verdict().to_string()
    }

    #[test]
    fn once_and_in_order_is_clean() {
        assert_eq!(verdict(3, &[1, 2, 3]), "0 missing, 0 out of order, 0 delivered twice");
    }

    #[test]
    fn what_is_missing_is_counted() {
        assert_eq!(verdict(3, &[1, 2]), "1 missing, 0 out of order, 0 delivered twice");
        assert_eq!(verdict(2, &[]), "2 missing, 0 out of order, 0 delivered twice");
    }

    #[test]
    fn an_overtaker_and_a_repeat_are_counted() {
        assert_eq!(verdict(3, &[1, 3, 2]), "0 missing, 1 out of order, 1 delivered twice");
        assert_eq!(verdict(2, &[1, 1, 2]), "0 missing, 0 out of order, 1 delivered twice");
    }
}
