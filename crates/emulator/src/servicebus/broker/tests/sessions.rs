//! Sessions: one holder at a time, order within, state beside.

use super::*;
use bytes::Bytes;

fn next(bench: &mut Bench, connection: ConnectionId, patience: u64) -> Accepted {
    let want = Want { connection, ..bench.want("q") };
    let deadline = later(bench.now, Duration::from_secs(patience));
    bench.broker.open_next_session(want, deadline, bench.now).expect("the queue has sessions")
}

fn held(accepted: &Accepted) -> (ConsumerId, &str) {
    match accepted {
        Accepted::Held(consumer, hold) => (*consumer, &hold.session),
        Accepted::Waiting(_) => unreachable!("it waits"),
    }
}

#[test]
fn a_session_has_one_holder() {
    let mut bench = Bench::sessions();
    let first = bench.hold("q", "s");
    let want = bench.want("q");
    let second = bench.broker.open_session(want, &Arc::from("s"), bench.now);
    assert_eq!(second, Err(Refusal::SessionHeld("s".to_owned())));
    bench.broker.close(first, bench.now);
    bench.hold("q", "s");
}

#[test]
fn a_holder_gets_its_own_session_in_order() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("a", ["a1"]));
    bench.send("q", in_session("b", ["b1"]));
    bench.send("q", in_session("a", ["a2"]));
    let consumer = bench.hold("q", "a");
    assert_eq!(ids(&bench.receive(consumer, 5)), ["a1", "a2"]);
}

#[test]
fn next_available_gives_the_session_that_has_waited_longest() {
    let mut bench = Bench::sessions();
    for session in ["b", "a", "c"] {
        bench.send("q", in_session(session, ["1"]));
    }
    let order = ["b", "a", "c"].map(|session| {
        let accepted = next(&mut bench, ME, 60);
        (session, held(&accepted).1.to_owned())
    });
    assert!(order.iter().all(|(expected, got)| expected == got), "{order:?}");
    assert!(matches!(next(&mut bench, ME, 60), Accepted::Waiting(_)));
}

#[test]
fn whoever_waits_for_a_session_is_told_when_a_message_comes() {
    let mut bench = Bench::sessions();
    let Accepted::Waiting(consumer) = next(&mut bench, ME, 60) else { unreachable!() };
    bench.pass(5);
    bench.send("q", in_session("s", ["1"]));
    let until = later(bench.now, Duration::from_mins(1));
    let session = Arc::from("s");
    assert_eq!(bench.effects(), [Effect::SessionGranted { consumer, session, until }]);
    assert_eq!(ids(&bench.receive(consumer, 1)), ["1"]);
}

#[test]
fn waiting_for_a_session_ends_at_its_deadline() {
    let mut bench = Bench::sessions();
    let Accepted::Waiting(consumer) = next(&mut bench, ME, 5) else { unreachable!() };
    bench.pass(5);
    assert_eq!(bench.effects(), [Effect::SessionWaitOver(consumer)]);
    bench.send("q", in_session("s", ["1"]));
    assert_eq!(bench.effects(), []);
    bench.hold("q", "s");
}

#[test]
fn a_waiter_that_has_gone_is_not_given_the_session() {
    let mut bench = Bench::sessions();
    let Accepted::Waiting(first) = next(&mut bench, ME, 60) else { unreachable!() };
    let Accepted::Waiting(second) = next(&mut bench, ME, 60) else { unreachable!() };
    bench.broker.close(first, bench.now);
    bench.send("q", in_session("s", ["1"]));
    let granted = bench.effects();
    assert!(
        matches!(granted[..], [Effect::SessionGranted { consumer, .. }] if consumer == second),
        "{granted:?}"
    );
}

#[test]
fn a_freed_session_goes_to_the_next_with_what_was_not_settled() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("s", ["1", "2", "3"]));
    let first = bench.hold("q", "s");
    let deliveries = bench.receive(first, 2);
    bench.complete("q", &deliveries[0]);
    let Accepted::Waiting(second) = next(&mut bench, ME, 60) else { unreachable!() };
    bench.broker.close(first, bench.now);
    assert_eq!(bench.effects().len(), 1);
    let rest = bench.receive(second, 5);
    assert_eq!(ids(&rest), ["2", "3"]);
    let counts = rest.iter().map(|delivery| delivery.stamp.delivery_count);
    assert_eq!(counts.collect::<Vec<_>>(), [0, 0], "giving a session back is no failure");
}

#[test]
fn what_a_lost_holder_had_has_failed() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("s", ["1", "2"]));
    let first = bench.hold("q", "s");
    bench.one(first);
    bench.broker.lose(first, bench.now);
    let second = bench.hold("q", "s");
    let rest = bench.receive(second, 2);
    let counts = rest.iter().map(|delivery| delivery.stamp.delivery_count);
    assert_eq!(counts.collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_session_lock_ends_by_itself_and_its_holder_is_told() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("s", ["1"]));
    let first = bench.hold("q", "s");
    let delivery = bench.one(first);
    bench.pass(60);
    assert_eq!(bench.effects(), [Effect::SessionLost(first)]);
    let late = bench.settle("q", &delivery, Settlement::Complete);
    assert_eq!(late, Err(Refusal::SessionLockLost("s".to_owned())));
    assert!(bench.receive(first, 1).is_empty());
    let second = bench.hold("q", "s");
    assert_eq!(bench.one(second).stamp.delivery_count, 1);
}

#[test]
fn a_renewed_session_holds_its_messages_too() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("s", ["1"]));
    let consumer = bench.hold("q", "s");
    let delivery = bench.one(consumer);
    bench.pass(40);
    let asked = (bench.id("q"), ME);
    let until = bench.broker.renew_session(asked, &Arc::from("s"), bench.now).unwrap();
    assert_eq!(until, later(bench.now, Duration::from_mins(1)));
    bench.pass(40);
    bench.complete("q", &delivery);
}

#[test]
fn only_the_holders_connection_touches_a_session() {
    let mut bench = Bench::sessions();
    bench.hold("q", "s");
    let session = Arc::from("s");
    let stranger = (bench.id("q"), ConnectionId(2));
    let lost = Refusal::SessionLockLost("s".to_owned());
    let now = bench.now;
    assert_eq!(bench.broker.renew_session(stranger, &session, now), Err(lost.clone()));
    assert_eq!(bench.broker.session_state(stranger, &session, now), Err(lost.clone()));
    let set = bench.broker.set_session_state(stranger, &session, None, now);
    assert_eq!(set, Err(lost));
}

#[test]
fn state_outlives_messages_and_holders() {
    let mut bench = Bench::sessions();
    let (asked, session, now) = ((bench.id("q"), ME), Arc::from("s"), bench.now);
    let consumer = bench.hold("q", "s");
    let state = Some(Bytes::from_static(b"state"));
    bench.broker.set_session_state(asked, &session, state.clone(), now).unwrap();
    bench.broker.close(consumer, now);
    let consumer = bench.hold("q", "s");
    assert_eq!(bench.broker.session_state(asked, &session, now), Ok(state));
    bench.broker.set_session_state(asked, &session, None, now).unwrap();
    bench.broker.close(consumer, now);
    assert_eq!(bench.count("q", "sessions"), 0);
}

#[test]
fn sessions_are_listed_by_messages_or_by_when_their_state_was_set() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("b", ["1"]));
    bench.hold("q", "a");
    let (queue, start) = (bench.id("q"), bench.now);
    bench.pass(10);
    let state = Some(Bytes::from_static(b"x"));
    bench.broker.set_session_state((queue, ME), &Arc::from("a"), state, bench.now).unwrap();
    let mut list = |since| bench.broker.session_ids(queue, since, (0, 9), bench.now).unwrap();
    assert_eq!(list(None), [Arc::from("a"), Arc::from("b")]);
    assert_eq!(list(Some(start)), [Arc::from("a")]);
    assert!(list(Some(later(start, Duration::from_secs(10)))).is_empty());
    bench.broker.set_session_state((queue, ME), &Arc::from("a"), None, bench.now).unwrap();
    let (consumer, now) = (bench.hold("q", "b"), bench.now);
    let delivery = bench.one(consumer);
    let list = bench.broker.session_ids(queue, None, (0, 9), now).unwrap();
    assert_eq!(list, [Arc::from("b")], "what is locked is there still");
    bench.complete("q", &delivery);
    assert!(bench.broker.session_ids(queue, None, (0, 9), now).unwrap().is_empty());
}

#[test]
fn a_deferred_message_of_a_session_needs_its_holder() {
    let mut bench = Bench::sessions();
    bench.send("q", in_session("s", ["1"]));
    let consumer = bench.hold("q", "s");
    let delivery = bench.one(consumer);
    bench.settle("q", &delivery, Settlement::Defer(Vec::new())).unwrap();
    let queue = bench.id("q");
    let mut take = |connection| {
        bench.broker.receive_deferred((queue, connection), &[1], Mode::PeekLock, bench.now)
    };
    assert_eq!(take(ConnectionId(2)).unwrap_err(), Refusal::SessionLockLost("s".to_owned()));
    let deferred = take(ME).unwrap();
    bench.broker.close(consumer, bench.now);
    let late = bench.settle("q", &deferred[0], Settlement::Complete);
    assert_eq!(late, Err(Refusal::SessionLockLost("s".to_owned())));
    assert_eq!(bench.count("q", "deferred"), 1);
}

#[test]
fn what_has_sessions_takes_only_what_belongs_to_one() {
    let mut bench = Bench::sessions();
    let refused = bench.try_send("q", messages(["a"])).unwrap_err();
    assert!(matches!(refused, Refusal::NotAllowed(_)));
    let mixed = [Sample::new("a").session("s").message(), Sample::new("b").message()];
    bench.try_send("q", mixed).unwrap_err();
    assert_eq!(bench.count("q", "active"), 0);
    let want = bench.want("q");
    assert!(matches!(bench.broker.open(want, bench.now), Err(Refusal::NotAllowed(_))));
}

#[test]
fn what_has_no_sessions_gives_none() {
    let mut bench = Bench::queue(Settings::default());
    let want = bench.want("q");
    let session = bench.broker.open_session(want, &Arc::from("s"), bench.now);
    assert!(matches!(session, Err(Refusal::NotAllowed(_))));
    let next = bench.broker.open_next_session(want, bench.now, bench.now);
    assert!(matches!(next, Err(Refusal::NotAllowed(_))));
}

#[test]
fn the_state_of_a_session_takes_room_until_it_is_cleared() {
    let mut bench = Bench::sessions();
    bench.hold("q", "s");
    let (asked, session) = ((bench.id("q"), ME), Arc::from("s"));
    for state in [Some("four"), Some("seventy"), None] {
        let bytes = state.map(Bytes::from);
        bench.broker.set_session_state(asked, &session, bytes, bench.now).unwrap();
        let size = bench.broker.size(Target::Queue(asked.0));
        assert_eq!(size, state.map_or(0, str::len) as u64);
    }
}
