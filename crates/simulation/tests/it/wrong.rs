//! The simulation can fail: each of these ports breaks a promise, and the play says which.

use simulation::{Options, Wrong, run};

/// Every port here is wrong often enough to be found out within so many seeds.
const SEEDS_MAX: u64 = 150;

/// What is said of the first seed that fails with this port.
#[track_caller]
fn finds(wrong: Wrong, promise: &str) {
    let options = Options { wrong: Some(wrong), in_words: false };
    let found = (0..SEEDS_MAX).find_map(|seed| Some((seed, run(seed, options).err()?)));
    let (seed, failure) = found.expect("the wrong port is found out");
    assert!(failure.what.contains(promise), "seed {seed}: {}", failure.what);
    // Without the wrong port the same seed goes well: it is that port which was found.
    assert!(run(seed, Options::default()).is_ok());
}

#[test]
fn a_broker_without_duplicate_detection() {
    finds(Wrong::NoDuplicateDetection, "same-id-on-repeat");
}

#[test]
fn a_broker_that_loses_what_it_settled() {
    finds(Wrong::SettledAndLost, "never told");
}

#[test]
fn a_store_that_marks_unconditionally() {
    finds(Wrong::UnconditionalMark, "own-mark-is-silent");
}

#[test]
fn a_store_that_tears_a_transaction() {
    finds(Wrong::TornCommit, "");
}

#[test]
fn a_store_that_lets_parked_events_expire() {
    finds(Wrong::ParkedExpires, "nothing-pending-expires");
}

#[test]
fn a_sweep_that_finds_nothing() {
    finds(Wrong::BlindSweep, "");
}

#[test]
fn a_lease_that_is_ahead_of_what_was_told() {
    finds(Wrong::CheckpointAhead, "publish-before-mark");
}
