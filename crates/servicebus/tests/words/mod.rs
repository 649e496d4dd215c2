//! The words that the tests share, whatever they talk to.

use domain::ports::Publisher as _;
use domain::retry::Patience;
use domain::{Envelope, Fault, Json, Sequence};
use servicebus::{ServiceBusPublisher, Tuning};
use std::time::Duration;

/// No test waits longer than this for anything: a broker that boots takes some seconds, and on a
/// busy machine many.
const PATIENCE: Duration = Duration::from_mins(2);

/// The production bounds, with pauses (the shortest, the longest) that a test can wait for.
pub(crate) fn tuning(pause_min: Duration, pause_max: Duration) -> Tuning {
    let reconnect = Patience { pause_min, pause_max, attempts_max: None };
    Tuning { reconnect, ..Tuning::default() }
}

/// Waits, but not for ever.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

/// The events `first..=last` of an order, each with so many bytes of data.
pub(crate) fn events(key: &str, first: u32, last: u32, bytes: usize) -> Vec<Envelope> {
    let event = |number| Envelope {
        key: key.parse().unwrap(),
        sequence: Sequence::new(number).unwrap(),
        event_type: "OrderPlaced".into(),
        occurred_at: domain::Timestamp::UNIX_EPOCH,
        data: Json::from_valid(format!("\"{}\"", "x".repeat(bytes))),
        traceparent: None,
    };
    (first..=last).map(event).collect()
}

/// Publishes, and again after a transient fault, as the relay would.
pub(crate) async fn publish(publisher: &ServiceBusPublisher, events: &[Envelope]) -> usize {
    let attempts = async {
        loop {
            match publisher.publish(events).await {
                Ok(taken) => return taken,
                Err(Fault::Unanswered(_) | Fault::Unavailable(_)) => (),
                Err(fault) => panic!("not transient: {}", domain::Chain(&fault)),
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    bounded(attempts).await
}
