//! Marks: in bulk, each on its own, and spread anew when ranges change.

use std::time::Duration;

use cosmos::{CosmosOutbox, Kind};
use domain::Fault;
use domain::ports::{Mark, MarkAs, Marked, Outbox};

use crate::forms::now;
use crate::peer::{Answer, ONE_RANGE, Peer, TWO_RANGES, ranges, reply};

fn marks(events: &[String]) -> Vec<Mark> {
    let verdict = MarkAs::Processed { retention: Duration::from_mins(1) };
    let mark = |event: &String| Mark {
        event: event.parse().unwrap(),
        at: now(),
        verdict: verdict.clone(),
    };
    events.iter().map(mark).collect()
}

fn events(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("o-{n}.1")).collect()
}

fn steps(statuses: &[u16]) -> String {
    let steps: Vec<_> =
        statuses.iter().map(|s| format!(r#"{{"statusCode":{s},"requestCharge":10}}"#)).collect();
    format!("[{}]", steps.join(","))
}

async fn outbox(script: impl IntoIterator<Item = Answer>) -> (Peer, CosmosOutbox) {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then(script);
    let outbox = CosmosOutbox::new(peer.container());
    (peer, outbox)
}

fn said(answers: &[Result<Marked, Fault>]) -> Vec<String> {
    answers.iter().map(|answer| format!("{answer:?}")).collect()
}

#[tokio::test]
async fn a_hundred_marks_are_one_request() {
    let (peer, outbox) = outbox([Answer::Each(200)]).await;
    let answers = outbox.mark(marks(&events(100))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Marked::Done))));
    assert_eq!(outbox.container().client().meter().read(Kind::Bulk).requests, 1);
    let asked = peer.asked().pop().unwrap();
    assert_eq!(asked.header("x-ms-cosmos-batch-atomic"), "False");
    assert_eq!(asked.header("x-ms-cosmos-batch-continue-on-error"), "True");
    assert_eq!(asked.header("x-ms-documentdb-partitionkeyrangeid"), "0");
    assert_eq!(asked.header("x-ms-cosmos-intended-collection-rid"), "c1");
    assert_eq!(asked.header("x-ms-documentdb-partitionkey"), "");
    assert!(asked.body.contains(r#""id":"o-99.1","partitionKey":"[\"o-99\"]""#), "{}", asked.body);
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_marks() {
    let (_peer, outbox) = outbox([reply(207, &steps(&[200, 412, 404, 200, 413]))]).await;
    let answers = outbox.mark(marks(&events(5))).await;
    let said = said(&answers);
    assert_eq!(said[..4], ["Ok(Done)", "Ok(NotPending)", "Ok(NotPending)", "Ok(Done)"]);
    assert!(said[4].contains("Rejected"), "{said:?}");
}

#[tokio::test]
async fn only_the_throttled_ones_are_sent_again() {
    let throttled =
        r#"[{"statusCode":200},{"statusCode":429,"retryAfterMilliseconds":1},{"statusCode":200}]"#;
    let (peer, outbox) = outbox([reply(207, throttled), reply(200, &steps(&[200]))]).await;
    let answers = outbox.mark(marks(&events(3))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Marked::Done))));
    let again = peer.asked().pop().unwrap().body;
    assert!(again.contains("o-1.1") && !again.contains("o-0.1") && !again.contains("o-2.1"));
}

#[tokio::test]
async fn a_split_spreads_the_marks_over_the_children() {
    let (peer, outbox) = outbox([reply(410, "").sub(1002)]).await;
    peer.then(ranges(TWO_RANGES));
    peer.then([Answer::Each(200), Answer::Each(200)]);
    let answers = outbox.mark(marks(&events(12))).await;
    let asked = peer.asked();
    let sent: Vec<_> = asked[5..]
        .iter()
        .map(|a| (a.header("x-ms-documentdb-partitionkeyrangeid"), a.body.matches("Patch").count()))
        .collect();
    assert_eq!(sent.iter().map(|(_, count)| count).sum::<usize>(), 12, "{sent:?}");
    assert_eq!(sent.len(), 2, "one to each child: {sent:?}");
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Marked::Done))));
}

#[tokio::test]
async fn a_container_made_anew_is_learned_again() {
    let (peer, outbox) = outbox([reply(400, "").sub(1024)]).await;
    peer.then(ranges(&ONE_RANGE.replace("c1", "c2")));
    peer.then([reply(200, &steps(&[200]))]);
    let answers = outbox.mark(marks(&events(1))).await;
    assert!(matches!(answers[..], [Ok(Marked::Done)]), "{answers:?}");
    let last = peer.asked().pop().unwrap();
    assert_eq!(last.header("x-ms-cosmos-intended-collection-rid"), "c2");
}

#[tokio::test]
async fn a_mark_whose_answer_was_lost_is_not_written_twice() {
    let (_peer, outbox) = outbox([Answer::Silence, reply(207, &steps(&[412, 200]))]).await;
    let answers = outbox.mark(marks(&events(2))).await;
    assert_eq!(said(&answers), ["Ok(NotPending)", "Ok(Done)"]);
}

#[tokio::test]
async fn an_outage_is_every_mark_s_fault() {
    let (_peer, outbox) = outbox((0..4).map(|_| reply(503, ""))).await;
    let answers = outbox.mark(marks(&events(3))).await;
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|answer| matches!(answer, Err(Fault::Unanswered(_)))));
}

#[tokio::test]
async fn nothing_pending_expires() {
    let (peer, outbox) = outbox([reply(200, &steps(&[200]))]).await;
    let verdict = MarkAs::Parked { reason: "too large".to_owned() };
    let mark = Mark { event: "o-1.1".parse().unwrap(), at: now(), verdict };
    outbox.mark(vec![mark]).await;
    let body = peer.asked().pop().unwrap().body;
    assert!(body.contains(r#""value":"parked""#) && !body.contains("ttl"), "{body}");
}

#[tokio::test]
async fn no_marks_cost_nothing() {
    let (peer, outbox) = outbox([]).await;
    assert!(outbox.mark(Vec::new()).await.is_empty());
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn a_split_that_only_some_marks_met_sends_those_again() {
    let some = r#"[{"statusCode":200},{"statusCode":410,"substatusCode":1002}]"#;
    let (peer, outbox) = outbox([reply(207, some)]).await;
    peer.then(ranges(TWO_RANGES));
    peer.then([Answer::Each(200)]);
    let answers = outbox.mark(marks(&events(2))).await;
    assert_eq!(said(&answers), ["Ok(Done)", "Ok(Done)"]);
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn a_split_that_never_ends_is_an_outage() {
    let peer = Peer::start([]).await;
    for _ in 0..4 {
        peer.then(ranges(ONE_RANGE));
        peer.then([reply(410, "").sub(1007)]);
    }
    let outbox = CosmosOutbox::new(peer.container());
    let answers = outbox.mark(marks(&events(1))).await;
    assert!(matches!(answers[..], [Err(Fault::Unavailable(_))]), "{answers:?}");
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn an_answer_with_too_few_steps_is_no_answer() {
    let (_peer, outbox) = outbox([reply(200, &steps(&[200]))]).await;
    let answers = outbox.mark(marks(&events(2))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(Fault::Unanswered(_)))));
}
