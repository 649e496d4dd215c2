//! What to write on the events of an order after a round.

use super::{Outcome, Parked};
use domain::ports::{Mark, MarkAs};
use domain::{EventId, Key, Sequence, Timestamp};
use std::time::Duration;

/// The marks that an outcome asks for.
///
/// INVARIANT(publish-before-mark): only what the broker settled is marked as processed. A crash
/// before this repeats a message, and loses none.
///
/// INVARIANT(nothing-pending-expires): the retention goes with the processed mark and with no
/// other; what is held or unsettled gets no mark at all.
pub fn marks(
    key: &Key,
    outcome: Outcome,
    at: Timestamp,
    retention: Duration,
) -> impl Iterator<Item = Mark> + '_ {
    let mark = move |sequence: Sequence, verdict: MarkAs| Mark {
        event: EventId { key: key.clone(), sequence },
        at,
        verdict,
    };
    let processed = outcome.owed.into_iter().chain(outcome.settled);
    let parked = outcome.parked.into_iter();
    let parked =
        parked.map(move |Parked { sequence, reason }| mark(sequence, MarkAs::Parked { reason }));
    processed.map(move |sequence| mark(sequence, MarkAs::Processed { retention })).chain(parked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn nothing_pending_expires_since_only_a_processed_mark_has_a_retention() {
        let sequence = |number| Sequence::new(number).unwrap();
        let outcome = Outcome {
            owed: vec![sequence(1)],
            settled: vec![sequence(2)],
            parked: Some(Parked { sequence: sequence(3), reason: "too large".into() }),
            held: 4,
            is_held: Some(true),
        };
        let key = "o".parse().unwrap();
        let marks = marks(&key, outcome, Timestamp::UNIX_EPOCH, Duration::from_mins(1));
        let said = marks.map(|mark| format!("{} {:?}", mark.event, mark.verdict));
        expect![[r#"o.1 Processed { retention: 60s }; o.2 Processed { retention: 60s }; o.3 Parked { reason: "too large" }"#]].assert_eq(&said.collect::<Vec<_>>().join("; "));
    }
}
