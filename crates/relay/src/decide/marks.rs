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
pub fn marks<'a>(
    key: &'a Key,
    outcome: &'a Outcome,
    at: Timestamp,
    retention: Duration,
) -> impl Iterator<Item = Mark> + 'a {
    let mark = move |sequence: Sequence, verdict: MarkAs| Mark {
        event: EventId { key: key.clone(), sequence },
        at,
        verdict,
    };
    let processed = outcome.owed.iter().chain(&outcome.settled);
    let parked = outcome.parked.iter().map(move |Parked { sequence, reason }| {
        mark(*sequence, MarkAs::Parked { reason: reason.clone() })
    });
    processed.map(move |sequence| mark(*sequence, MarkAs::Processed { retention })).chain(parked)
}
