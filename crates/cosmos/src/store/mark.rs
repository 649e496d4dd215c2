//! Marks: what became of events, written in bulk and each only on a pending event.

use std::sync::Arc;

use domain::Fault;
use domain::ports::{Mark, MarkAs, Marked};

use super::fault::fault;
use crate::account::PartitionKey;
use crate::container::{Container, Patched, Patching};
use crate::failure::{Failure, Why};
use crate::moment::Moment;
use crate::patch::Patch;

/// Marks events; one answer a mark, in the same order.
pub(super) async fn mark(container: &Container, marks: &[Mark]) -> Vec<Result<Marked, Fault>> {
    let patches: Result<Vec<Patching>, Failure> = marks.iter().map(patching_of).collect();
    let answers = match patches {
        Ok(patches) => container.patch_many(&patches).await,
        Err(failure) => vec![Err(Arc::new(failure)); marks.len()],
    };
    answers.into_iter().map(|one| marked(container, one)).collect()
}

fn patching_of(mark: &Mark) -> Result<Patching, Failure> {
    let Mark { event, at, verdict } = mark;
    let patch = Patch::new().only_if(STILL_PENDING);
    let at = Moment(*at);
    let patch = match verdict {
        // INVARIANT(nothing-pending-expires): the time to live is set with the state that
        // says processed, in one patch, and nowhere else.
        MarkAs::Processed { retention } => patch
            .set("/state", &"processed")?
            .set("/processedAt", &at)?
            .set("/ttl", &retention.as_secs().max(TTL_SECONDS_MIN))?,
        MarkAs::Parked { reason } => {
            let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
            patch
                .set("/state", &"parked")?
                .set("/parkedAt", &at)?
                .set("/reason", &reason)?
                .count_up("/attempts")?
        }
    };
    let key = PartitionKey::new(event.key.as_str());
    Ok(Patching { key, id: event.to_string(), patch })
}

/// An event that is not pending, or not there any more, needs no mark.
fn marked(container: &Container, patched: Patched) -> Result<Marked, Fault> {
    match patched {
        Ok(()) => Ok(Marked::Done),
        Err(failure) if matches!(failure.why, Why::Changed | Why::Missing) => {
            Ok(Marked::NotPending)
        }
        Err(failure) => Err(fault(container, failure)),
    }
}

const STILL_PENDING: &str = "from c where c.state = 'pending'";
/// The service takes no time to live of 0.
const TTL_SECONDS_MIN: u64 = 1;
/// Enough to tell what is wrong; a broker may echo a whole message.
const REASON_CHARS_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::time::Duration;

    #[track_caller]
    fn check(verdict: MarkAs, expected: Expect) {
        let at = "2026-11-23T20:24:24Z".parse().unwrap();
        let mark = Mark { event: "o-1.2".parse().unwrap(), at, verdict };
        let patching = patching_of(&mark).unwrap();
        assert_eq!((patching.key.as_str(), patching.id.as_str()), ("o-1", "o-1.2"));
        expected.assert_eq(&serde_json::to_string(&patching.patch).unwrap());
    }

    #[test]
    fn processed_expires_after_its_retention() {
        let retention = Duration::from_hours(168);
        check(
            MarkAs::Processed { retention },
            expect![[
                r#"{"condition":"from c where c.state = 'pending'","operations":[{"op":"set","path":"/state","value":"processed"},{"op":"set","path":"/processedAt","value":"2026-11-23T20:24:24.000000Z"},{"op":"set","path":"/ttl","value":604800}]}"#
            ]],
        );
    }

    #[test]
    fn even_no_retention_is_a_second() {
        check(
            MarkAs::Processed { retention: Duration::ZERO },
            expect![[
                r#"{"condition":"from c where c.state = 'pending'","operations":[{"op":"set","path":"/state","value":"processed"},{"op":"set","path":"/processedAt","value":"2026-11-23T20:24:24.000000Z"},{"op":"set","path":"/ttl","value":1}]}"#
            ]],
        );
    }

    #[test]
    fn parked_says_why_and_never_expires() {
        let reason = "xxx".to_owned();
        check(
            MarkAs::Parked { reason },
            expect![[
                r#"{"condition":"from c where c.state = 'pending'","operations":[{"op":"set","path":"/state","value":"parked"},{"op":"set","path":"/parkedAt","value":"2026-11-23T20:24:24.000000Z"},{"op":"set","path":"/reason","value":"xxx"},{"op":"incr","path":"/attempts","value":1}]}"#
            ]],
        );
    }

    #[test]
    fn a_reason_is_cut_to_what_a_document_should_carry() {
        let at = "2026-11-23T20:24:24Z".parse().unwrap();
        let verdict = MarkAs::Parked { reason: "é".repeat(5000) };
        let mark = Mark { event: "o-1.2".parse().unwrap(), at, verdict };
        assert!(patching_of(&mark).unwrap().patch.size() < 2100);
    }
}
