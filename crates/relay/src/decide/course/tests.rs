//! A course step by step: what is known and said, what the ports answer, what comes of it.

use super::*;
use domain::{Json, Timestamp};
use expect_test::{Expect, expect};

fn envelope(number: u32) -> Envelope {
    Envelope {
        key: "o".parse().unwrap(),
        sequence: Sequence::new(number).unwrap(),
        event_type: "Happened".into(),
        occurred_at: Timestamp::UNIX_EPOCH,
        data: Json::from_valid("{}"),
        traceparent: None,
    }
}

fn pending(number: u32) -> Entry {
    Entry { envelope: envelope(number), state: EventState::Pending }
}

fn parked(number: u32) -> Entry {
    let state = EventState::Parked { at: Timestamp::UNIX_EPOCH, reason: "bad".into() };
    Entry { envelope: envelope(number), state }
}

fn said(numbers: &[u32]) -> Said {
    let pending = numbers.iter().map(|number| {
        let envelope = envelope(*number);
        (envelope.sequence, envelope)
    });
    Said { pending: pending.collect(), ..Said::default() }
}

fn known(published: u32) -> Known {
    Known { published: Sequence::new(published), ..Known::default() }
}

/// What the ports answer, in their turn.
enum Answer {
    Store(Vec<Entry>),
    Broker(Sent),
}

use Answer::{Broker, Store};

const UNKNOWN: Answer = Broker(Sent::Unknown);

fn settled(count: usize) -> Answer {
    Broker(Sent::Settled(count))
}

fn refused() -> Answer {
    Broker(Sent::Refused("too large".into()))
}

/// Follows a course to its end, step by step.
#[track_caller]
fn check(mut course: Course, answers: Vec<Answer>, expect: Expect) {
    let mut lines = Vec::new();
    for answer in answers {
        lines.push(wish(&course));
        match answer {
            Store(entries) => course.read(entries),
            Broker(sent) => drop(course.sent(sent)),
        }
    }
    lines.push(wish(&course));
    let Outcome { settled, owed, parked, held, is_held } = course.end();
    let numbers =
        |sequences: Vec<Sequence>| sequences.into_iter().map(Sequence::get).collect::<Vec<_>>();
    let parked = parked
        .map_or("none".into(), |Parked { sequence, reason }| format!("{sequence} ({reason})"));
    lines.push(format!(
        "settled {:?}, owed {:?}, parked {parked}, held {held}, is held {is_held:?}",
        numbers(settled),
        numbers(owed)
    ));
    expect.assert_eq(&lines.join("; "));
}

fn wish(course: &Course) -> String {
    match course.next() {
        Effect::Read => "read".into(),
        Effect::Publish(events) => {
            let numbers: Vec<_> = events.iter().map(|event| event.sequence.get()).collect();
            format!("publish {numbers:?}")
        }
        Effect::Rest => "rest".into(),
    }
}

fn from_feed(numbers: &[u32], known: Known) -> Course {
    Course::start(said(numbers), known, Source::Feed)
}

#[test]
fn the_first_events_go_straight_from_the_page() {
    check(
        from_feed(&[1, 2], known(0)),
        vec![settled(2)],
        expect!["publish [1, 2]; rest; settled [1, 2], owed [], parked none, held 0, is held None"],
    );
}

#[test]
fn what_joins_on_to_the_published_ones_goes_straight() {
    check(
        from_feed(&[4, 5], known(3)),
        vec![settled(2)],
        expect!["publish [4, 5]; rest; settled [4, 5], owed [], parked none, held 0, is held None"],
    );
}

#[test]
fn a_gap_is_read_and_the_stores_answer_replaces_the_page() {
    let answers = vec![Store(vec![pending(4), pending(3)]), settled(2)];
    check(
        from_feed(&[4], known(2)),
        answers,
        expect![
            "read; publish [3, 4]; rest; settled [3, 4], owed [], parked none, held 0, is held Some(false)"
        ],
    );
}

#[test]
fn a_gap_inside_the_page_is_read_too() {
    check(
        from_feed(&[1, 3], known(0)),
        vec![Store(vec![])],
        expect!["read; rest; settled [], owed [], parked none, held 0, is held Some(false)"],
    );
}

#[test]
fn a_store_that_knows_of_nothing_pending_ends_it() {
    check(
        from_feed(&[4], known(0)),
        vec![Store(vec![])],
        expect!["read; rest; settled [], owed [], parked none, held 0, is held Some(false)"],
    );
}

#[test]
fn what_stands_behind_a_parked_event_is_held() {
    let entries = vec![pending(2), parked(3), pending(4), parked(5), pending(6)];
    check(
        from_feed(&[6], known(0)),
        vec![Store(entries), settled(1)],
        expect![
            "read; publish [2]; rest; settled [2], owed [], parked none, held 2, is held Some(true)"
        ],
    );
}

#[test]
fn an_order_that_was_seen_parked_is_read_before_anything_is_sent() {
    let held = Known { is_held: true, ..known(1) };
    let answers = vec![Store(vec![pending(2), pending(3)]), settled(2)];
    check(
        from_feed(&[2], held),
        answers,
        expect![
            "read; publish [2, 3]; rest; settled [2, 3], owed [], parked none, held 0, is held Some(false)"
        ],
    );
}

#[test]
fn old_news_of_the_feed_causes_nothing() {
    check(
        from_feed(&[1, 2, 3], known(3)),
        vec![],
        expect!["rest; settled [], owed [], parked none, held 0, is held None"],
    );
}

#[test]
fn old_news_beside_a_new_event_is_left_out() {
    check(
        from_feed(&[2, 3, 4], known(3)),
        vec![settled(1)],
        expect!["publish [4]; rest; settled [4], owed [], parked none, held 0, is held None"],
    );
}

#[test]
fn what_the_store_calls_pending_is_read_whatever_memory_says() {
    let course = Course::start(said(&[2]), known(3), Source::Store);
    check(
        course,
        vec![Store(vec![pending(2)]), settled(1)],
        expect![
            "read; publish [2]; rest; settled [2], owed [], parked none, held 0, is held Some(false)"
        ],
    );
}

#[test]
fn what_is_owed_a_mark_is_not_sent_again() {
    let owed = Known { owed: [Sequence::FIRST].into(), ..known(1) };
    check(
        from_feed(&[1, 2], owed.clone()),
        vec![settled(1)],
        expect!["publish [2]; rest; settled [2], owed [1], parked none, held 0, is held None"],
    );
    let course = from_feed(&[3], owed);
    check(
        course,
        vec![Store(vec![pending(1), pending(2), pending(3)]), settled(2)],
        expect![
            "read; publish [2, 3]; rest; settled [2, 3], owed [1], parked none, held 0, is held Some(false)"
        ],
    );
}

#[test]
fn a_run_is_sent_on_from_where_the_batch_ended() {
    check(
        from_feed(&[1, 2, 3], known(0)),
        vec![settled(2), settled(1)],
        expect![
            "publish [1, 2, 3]; publish [3]; rest; settled [1, 2, 3], owed [], parked none, held 0, is held None"
        ],
    );
}

#[test]
fn a_refused_batch_is_sent_one_by_one_to_find_the_culprit() {
    let answers = vec![refused(), settled(1), refused()];
    check(
        from_feed(&[1, 2, 3], known(0)),
        answers,
        expect![
            "publish [1, 2, 3]; publish [1]; publish [2]; rest; settled [1], owed [], parked 2 (too large), held 1, is held Some(true)"
        ],
    );
}

#[test]
fn a_single_refused_event_is_parked_at_once() {
    check(
        from_feed(&[1], known(0)),
        vec![refused()],
        expect![
            "publish [1]; rest; settled [], owed [], parked 1 (too large), held 0, is held Some(true)"
        ],
    );
}

#[test]
fn what_has_no_answer_is_left_for_the_next_round() {
    check(
        from_feed(&[1, 2, 3], known(0)),
        vec![settled(1), UNKNOWN],
        expect![
            "publish [1, 2, 3]; publish [2, 3]; rest; settled [1], owed [], parked none, held 0, is held None"
        ],
    );
}

#[test]
fn a_skip_has_the_order_read() {
    let said = Said { skipped: [Sequence::FIRST].into(), ..Said::default() };
    let course = Course::start(said, Known::default(), Source::Feed);
    check(
        course,
        vec![Store(vec![pending(2)]), settled(1)],
        expect![
            "read; publish [2]; rest; settled [2], owed [], parked none, held 0, is held Some(false)"
        ],
    );
}

#[test]
fn answers_are_sorted_by_what_they_mean() {
    let rejected = Fault::Rejected { reason: "too large".into() };
    assert_eq!(Sent::of(Ok(2), 3).0, Sent::Settled(2));
    assert_eq!(Sent::of(Err(rejected), 3).0, Sent::Refused("too large".into()));
    for open in [
        Ok(0),
        Ok(4),
        Err(Fault::Throttled { after: None }),
        Err(Fault::Unavailable("refused".into())),
        Err(Fault::Unanswered("cut".into())),
        Err(Fault::Conflict),
        Err(Fault::Misconfigured { problem: "no topic".into() }),
    ] {
        let (sent, fault) = Sent::of(open, 3);
        assert_eq!((sent, fault.is_some()), (Sent::Unknown, true));
    }
}

#[test]
fn a_reason_is_cut_to_what_a_document_can_hold() {
    let mut course = from_feed(&[1], known(0));
    course.sent(Sent::Refused("é".repeat(5_000)));
    assert_eq!(course.end().parked.unwrap().reason.chars().count(), REASON_CHARS_MAX);
}
