//! An operator's ruling, as a patch of the event's document.
//!
//! A released event keeps when it was refused first and how often, so that the next refusal counts
//! on. A skipped one stays for ever: it was never published, and the audit has to find it.
//!
//! INVARIANT(nothing-pending-expires): neither sets a time to live.

use crate::documents::{Note, Record};
use crate::failure::Failure;
use crate::patch::Patch;

/// What an operator decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// Parked no more: the relay shall try again.
    Release,
    /// Given up: what is behind it goes on without it.
    Skip,
}

pub(super) fn patch_of(record: &Record, ruling: Ruling, note: Note) -> Result<Patch, Failure> {
    let mut notes = record.notes.clone();
    notes.push(note);
    let old = notes.len().saturating_sub(NOTES_MAX);
    let notes = notes.split_off(old);
    match ruling {
        Ruling::Release => {
            let patch = Patch::new().set("/state", &"pending")?;
            let patch = patch.set("/firstParkedAt", &record.first_parked_at)?;
            patch.set("/attempts", &record.attempts)?.set("/operator", &notes)
        }
        Ruling::Skip => Patch::new().set("/state", &"skipped")?.set("/operator", &notes),
    }
}

/// An event that was ruled on more often keeps the latest: a document has 2 MB.
const NOTES_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn note(why: &str) -> Note {
        let (action, at) = ("released".to_owned(), "2026-11-23T20:24:24Z".to_owned());
        Note { action, at, by: "ada".to_owned(), why: why.to_owned() }
    }

    fn parked() -> Record {
        Record {
            id: "o.1".to_owned(),
            key: "o".to_owned(),
            entry: Err("left out".to_owned()),
            state: "parked".to_owned(),
            event_type: "E".to_owned(),
            first_parked_at: Some("a".to_owned()),
            parked_at: Some("b".to_owned()),
            attempts: 2,
            reason: Some("too large".to_owned()),
            ttl: None,
            notes: vec![],
        }
    }

    #[track_caller]
    fn check(ruling: Ruling, expected: Expect) {
        let patch = patch_of(&parked(), ruling, note("mended")).unwrap();
        expected.assert_eq(&serde_json::to_string(&patch).unwrap());
    }

    #[test]
    fn a_release_keeps_when_and_how_often_it_was_refused() {
        check(
            Ruling::Release,
            expect![[
                r#"{"operations":[{"op":"set","path":"/state","value":"pending"},{"op":"set","path":"/firstParkedAt","value":"a"},{"op":"set","path":"/attempts","value":2},{"op":"set","path":"/operator","value":[{"action":"released","at":"2026-11-23T20:24:24Z","by":"ada","why":"mended"}]}]}"#
            ]],
        );
    }

    #[test]
    fn a_skip_sets_no_time_to_live() {
        check(
            Ruling::Skip,
            expect![[
                r#"{"operations":[{"op":"set","path":"/state","value":"skipped"},{"op":"set","path":"/operator","value":[{"action":"released","at":"2026-11-23T20:24:24Z","by":"ada","why":"mended"}]}]}"#
            ]],
        );
    }

    #[test]
    fn only_the_latest_notes_are_kept() {
        let notes = (0..70).map(|n| note(&n.to_string())).collect();
        let patch = patch_of(&Record { notes, ..parked() }, Ruling::Skip, note("last")).unwrap();
        let text = serde_json::to_string(&patch).unwrap();
        assert_eq!(text.matches("\"why\"").count(), NOTES_MAX);
        assert!(text.contains("\"last\"") && !text.contains("\"why\":\"20\""));
    }
}
