//! A publisher and the peer it talks to, and the words the tests are written in.

use std::future::Future;
use std::time::Duration;

use domain::ports::Publisher as _;
use domain::retry::Patience;
use domain::{Envelope, Fault, Json, Sequence};
use servicebus::{Account, ServiceBusPublisher, Tuning};

use crate::peer::{Act, Peer, Script};

/// No test waits longer than this for anything: far more than any machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) peer: Peer,
    pub(crate) publisher: ServiceBusPublisher,
}

impl World {
    pub(crate) async fn new(script: Script) -> Self {
        Self::tuned(script, tuning()).await
    }

    pub(crate) async fn tuned(script: Script, tuning: Tuning) -> Self {
        let peer = Peer::start(script).await;
        let publisher = publisher(&peer.address.to_string(), tuning);
        Self { peer, publisher }
    }

    pub(crate) async fn answering(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::new(Script { acts: acts.into_iter().collect(), ..Script::default() }).await
    }

    pub(crate) async fn publish(&self, events: &[Envelope]) -> Result<usize, Fault> {
        bounded(self.publisher.publish(events)).await
    }

    /// Publishes, and again after a transient fault, as the relay would.
    pub(crate) async fn publish_until_taken(&self, events: &[Envelope]) -> usize {
        let attempts = async {
            loop {
                match self.publisher.publish(events).await {
                    Ok(taken) => return taken,
                    Err(Fault::Unanswered(_) | Fault::Unavailable(_)) => (),
                    Err(fault) => panic!("not transient: {}", domain::Chain(&fault)),
                }
                tokio::task::yield_now().await;
            }
        };
        bounded(attempts).await
    }
}

pub(crate) fn publisher(address: &str, tuning: Tuning) -> ServiceBusPublisher {
    let connection = format!(
        "Endpoint=sb://{address};SharedAccessKeyName=send;SharedAccessKey=key;\
         UseDevelopmentEmulator=true"
    );
    let account = Account::from_connection_string(&connection).unwrap();
    ServiceBusPublisher::with_tuning(account, "orders", "/orders", tuning).unwrap()
}

/// The production bounds, with pauses that a test can wait for.
pub(crate) fn tuning() -> Tuning {
    let reconnect = Patience {
        pause_min: Duration::from_millis(1),
        pause_max: Duration::from_millis(20),
        attempts_max: None,
    };
    Tuning { reconnect, ..Tuning::default() }
}

/// Waits, but not for ever.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

/// Waits until something is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    bounded(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
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

pub(crate) fn event(key: &str, number: u32) -> Vec<Envelope> {
    events(key, number, number, 10)
}
