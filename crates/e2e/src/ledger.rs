//! The ledger: what was acknowledged to clients beside what consumers received.

use anyhow::{Context, Result};
use servicebus::Received;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Acknowledged orders and received messages.
#[derive(Debug, Default, Clone)]
pub struct Ledger {
    /// By order: how many events it has been acknowledged to have.
    acknowledged: BTreeMap<String, u32>,
    /// By order: what was received.
    received: BTreeMap<String, Heard>,
    /// Messages that the broker handed out again, since it never heard that they were completed.
    redelivered: usize,
}

/// What was received of one order.
#[derive(Debug, Default, Clone)]
struct Heard {
    /// The sequences in the order they came.
    sequences: Vec<u32>,
    /// By sequence: the broker's number of the message, and what it says.
    first: BTreeMap<u32, (Option<i64>, u64)>,
    /// Sequences of messages that said something else than the first one of their id.
    altered: Vec<u32>,
}

impl Ledger {
    /// An order was acknowledged to stand at this version.
    pub fn acknowledge(&mut self, order: &str, version: u32) {
        let stands = self.acknowledged.entry(order.to_owned()).or_default();
        *stands = version.max(*stands);
    }

    /// A message arrived.
    pub fn receive(&mut self, order: &str, sequence: u32) {
        let heard = self.received.entry(order.to_owned()).or_default();
        heard.sequences.push(sequence);
    }

    /// A message arrived; where the broker hands out again what it has handed out before, that is
    /// no second message.
    pub fn deliver(&mut self, message: &Received) -> Result<()> {
        let id = message.message_id.as_deref().context("a message without an id")?;
        self.hand_out(id, message.sequence_number, digest(message))
    }

    /// The broker handed out a message of this id and number, which says this.
    fn hand_out(&mut self, id: &str, number: Option<i64>, says: u64) -> Result<()> {
        let (order, sequence) = id.rsplit_once('.').context("no event id")?;
        let sequence = sequence.parse().context("no event id")?;
        let heard = self.received.entry(order.to_owned()).or_default();
        let (first, said) = *heard.first.entry(sequence).or_insert((number, says));
        if said != says {
            heard.altered.push(sequence);
        }
        if first == number && heard.sequences.contains(&sequence) {
            self.redelivered += 1;
        } else {
            heard.sequences.push(sequence);
        }
        Ok(())
    }

    /// How many messages arrived, repeats included.
    pub fn received(&self) -> usize {
        self.received.values().map(|heard| heard.sequences.len()).sum()
    }

    /// How many different events arrived.
    pub fn distinct(&self) -> usize {
        let distinct = |heard: &Heard| heard.sequences.iter().collect::<BTreeSet<_>>().len();
        self.received.values().map(distinct).sum()
    }

    /// How many events were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.values().map(|version| *version as usize).sum()
    }

    /// How often the broker handed a message out again that it had handed out before.
    pub const fn redelivered(&self) -> usize {
        self.redelivered
    }

    /// The acknowledged orders.
    pub fn orders(&self) -> impl Iterator<Item = &str> {
        self.acknowledged.keys().map(String::as_str)
    }

    /// What does not match.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for (order, version) in &self.acknowledged {
            let got = self.received.get(order).map_or(&[][..], |heard| &heard.sequences);
            let missing = (1..=*version).filter(|sequence| !got.contains(sequence));
            verdict.missing.extend(missing.map(|sequence| format!("{order}.{sequence}")));
        }
        for (order, heard) in &self.received {
            verdict.follow(order, &heard.sequences);
            let altered = heard.altered.iter().map(|sequence| format!("{order}.{sequence}"));
            verdict.altered.extend(altered);
        }
        verdict
    }
}

/// A ledger that writers and consumers share.
#[derive(Debug, Default, Clone)]
pub struct Shared(Arc<Mutex<Ledger>>);

impl Shared {
    /// The ledger, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a consumer sees of a message, but for what differs from delivery to delivery.
fn digest(message: &Received) -> u64 {
    let Received { session_id, subject, content_type, correlation_id, properties, body, .. } =
        message;
    let mut hasher = DefaultHasher::new();
    (session_id, subject, content_type, correlation_id, body).hash(&mut hasher);
    format!("{properties:?}").hash(&mut hasher);
    hasher.finish()
}

/// What of a ledger does not match; all empty is right.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged, and not received.
    pub missing: Vec<String>,
    /// Received before an earlier event of its order.
    pub overtaken: Vec<String>,
    /// Taken by the broker, and so received, more than once.
    pub repeated: Vec<String>,
    /// Received again under the same id, with other words.
    pub altered: Vec<String>,
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
        let Self { missing, overtaken, repeated, altered } = self;
        let [missing, overtaken, repeated] = [missing, overtaken, repeated].map(Vec::len);
        write!(f, "{missing} missing, {overtaken} out of order, {repeated} delivered twice")?;
        match altered.len() {
            0 => Ok(()),
            altered => write!(f, ", {altered} with other words"),
        }
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

    #[test]
    fn what_is_handed_out_again_is_no_second_message_and_what_was_taken_twice_is() -> Result<()> {
        let mut ledger = Ledger::default();
        ledger.acknowledge("o", 1);
        ledger.hand_out("o.1", Some(7), 1)?;
        ledger.hand_out("o.1", Some(7), 1)?;
        assert_eq!((ledger.redelivered(), ledger.received()), (1, 1));
        assert!(ledger.verdict().is_clean());
        ledger.hand_out("o.1", Some(8), 1)?;
        assert_eq!((ledger.received(), ledger.distinct()), (2, 1));
        assert_eq!(ledger.verdict().repeated, ["o.1"]);
        assert!(ledger.verdict().altered.is_empty());
        ledger.hand_out("o.1", Some(8), 2)?;
        assert_eq!(ledger.verdict().altered, ["o.1"]);
        assert!(ledger.hand_out("nobody", Some(9), 1).is_err());
        Ok(())
    }
}
