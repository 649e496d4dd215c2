//! A row for each line of the table.

use super::*;
use proptest::prelude::*;

fn refusal(status: u16, substatus: u16) -> Refusal {
    Refusal { status, substatus, retry_after: None, message: String::new() }
}

fn tried(attempts: u32) -> SoFar {
    SoFar { attempts, elapsed: Duration::ZERO, renewed: false, by_token: true, jitter: 1.0 }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const READ_BY_KEY: (Route, Repeat) = (Route::Key, Repeat::Harmless);
const BY_RANGE: (Route, Repeat) = (Route::Range, Repeat::Harmless);
const DOUBLES: (Route, Repeat) = (Route::Key, Repeat::Doubles);

#[track_caller]
fn check(status: u16, substatus: u16, how: (Route, Repeat), attempts: u32, expected: Next) {
    let refusal = refusal(status, substatus);
    let next = after(Came::Refusal(&refusal), how, tried(attempts), Patience::default());
    assert_eq!(next, expected, "{status}/{substatus}, attempt {attempts}");
}

#[test]
fn throttling_waits_as_long_as_it_is_told() {
    let told = Refusal { retry_after: Some(ms(100)), ..refusal(429, 3200) };
    let next = after(Came::Refusal(&told), DOUBLES, tried(1), Patience::default());
    assert_eq!(next, Next::Again(ms(110)));
    check(429, 3200, READ_BY_KEY, 1, Next::Again(ms(50)));
}

#[test]
fn throttling_for_lack_of_resources_goes_elsewhere() {
    check(429, 3092, READ_BY_KEY, 1, Next::Elsewhere(ms(50)));
}

#[test]
fn contention_waits_shortly_and_doubles_to_a_second() {
    check(449, 0, DOUBLES, 1, Next::Again(ms(10)));
    check(449, 0, DOUBLES, 3, Next::Again(ms(40)));
    check(449, 0, DOUBLES, 8, Next::Again(ms(1000)));
}

#[test]
fn a_range_that_is_gone_is_the_caller_s_to_replace() {
    for substatus in [0, 1000, 1002, 1007, 1008] {
        check(410, substatus, BY_RANGE, 1, Next::Stop);
        check(410, substatus, READ_BY_KEY, 1, Next::Again(ms(50)));
    }
}

#[test]
fn a_replica_behind_is_asked_again_and_then_the_write_region() {
    check(404, 1002, READ_BY_KEY, 1, Next::Again(ms(50)));
    check(404, 1002, READ_BY_KEY, 2, Next::Elsewhere(ms(100)));
}

#[test]
fn a_region_that_does_not_write_sends_to_the_account() {
    check(403, 3, DOUBLES, 1, Next::AskAccount(ms(50)));
    check(403, 1008, READ_BY_KEY, 1, Next::AskAccount(ms(50)));
    check(403, 0, READ_BY_KEY, 1, Next::Stop);
    check(403, 5300, READ_BY_KEY, 1, Next::Stop);
}

#[test]
fn a_container_made_anew_is_learned_once() {
    for (status, substatus) in [(404, 1003), (400, 1024), (401, 0)] {
        check(status, substatus, READ_BY_KEY, 1, Next::Renew);
        let again = SoFar { renewed: true, ..tried(2) };
        let refusal = refusal(status, substatus);
        let next = after(Came::Refusal(&refusal), READ_BY_KEY, again, Patience::default());
        assert_eq!(next, Next::Stop);
    }
    check(400, 1024, BY_RANGE, 1, Next::Stop);
    check(404, 1003, BY_RANGE, 1, Next::Stop);
}

#[test]
fn a_wrong_key_stays_wrong() {
    let by_key = SoFar { by_token: false, ..tried(1) };
    let refusal = refusal(401, 0);
    let next = after(Came::Refusal(&refusal), READ_BY_KEY, by_key, Patience::default());
    assert_eq!(next, Next::Stop);
}

#[test]
fn trouble_of_the_service_goes_elsewhere_unless_that_doubles() {
    for status in [408, 500, 502, 503, 504] {
        check(status, 0, READ_BY_KEY, 2, Next::Elsewhere(ms(100)));
        check(status, 0, DOUBLES, 1, Next::Stop);
        assert!(leaves_open(&refusal(status, 0)));
    }
}

#[test]
fn silence_is_like_trouble_and_no_connection_is_harmless() {
    let patience = Patience::default();
    assert_eq!(after(Came::Silence, DOUBLES, tried(1), patience), Next::Stop);
    assert_eq!(after(Came::Silence, READ_BY_KEY, tried(1), patience), Next::Elsewhere(ms(50)));
    assert_eq!(after(Came::NotSent, DOUBLES, tried(1), patience), Next::AskAccount(ms(50)));
}

#[test]
fn a_clear_no_stops() {
    for status in [400, 403, 404, 409, 412, 413, 424] {
        check(status, 0, READ_BY_KEY, 1, Next::Stop);
        assert!(!leaves_open(&refusal(status, 0)));
    }
}

#[test]
fn attempts_and_time_are_bounded() {
    check(429, 0, READ_BY_KEY, 9, Next::Stop);
    let late = SoFar { elapsed: Duration::from_secs(30), ..tried(2) };
    let refusal = refusal(429, 0);
    let next = after(Came::Refusal(&refusal), READ_BY_KEY, late, Patience::default());
    assert_eq!(next, Next::Stop);
}

#[test]
fn jitter_shortens_a_pause_to_half_at_most() {
    let calm = SoFar { jitter: 0.0, ..tried(1) };
    let next = after(Came::NotSent, READ_BY_KEY, calm, Patience::default());
    assert_eq!(next, Next::AskAccount(ms(25)));
}

proptest! {
    /// Whatever comes, nothing goes on for ever: attempts end, pauses are short or were
    /// asked for, and none starts that would end after the patience.
    #[test]
    fn nothing_goes_on_for_ever(
        status in 400..600_u16,
        substatus in prop::sample::select(vec![0, 3, 1002, 1003, 1008, 1024, 3092, 3200]),
        told in prop::option::of(0..100_000_u64),
        (attempts, elapsed) in (1..20_u32, 0..40_000_u64),
        (by_token, renewed, jitter) in (any::<bool>(), any::<bool>(), 0.0..1.0),
        how in prop::sample::select(vec![READ_BY_KEY, BY_RANGE, DOUBLES]),
    ) {
        let refusal = Refusal { retry_after: told.map(ms), ..refusal(status, substatus) };
        let so_far = SoFar { attempts, elapsed: ms(elapsed), renewed, by_token, jitter };
        let patience = Patience::default();
        match after(Came::Refusal(&refusal), how, so_far, patience) {
            Next::Again(pause) | Next::Elsewhere(pause) | Next::AskAccount(pause) => {
                prop_assert!(attempts < patience.attempts_max);
                prop_assert!(ms(elapsed) + pause <= patience.total_max);
                let was_told = status == 429 && told.is_some();
                prop_assert!(was_told || pause <= PAUSE_MAX);
                let may_repeat = how != DOUBLES || !leaves_open(&refusal);
                prop_assert!(may_repeat, "a write that doubles was repeated");
            }
            Next::Renew => prop_assert!(!renewed),
            Next::Stop => {}
        }
    }
}
