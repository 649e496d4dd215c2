//! A publisher and the peer it talks to, and the words the tests are written in.

use std::time::Duration;

use domain::ports::Publisher as _;
use domain::{Envelope, Fault};
use servicebus::{Account, ServiceBusPublisher, Tuning};

use crate::peer::{Act, Peer, Script};
use crate::words::publish;
pub(crate) use crate::words::{bounded, events};

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
        publish(&self.publisher, events).await
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
    crate::words::tuning(Duration::from_millis(1), Duration::from_millis(20))
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

pub(crate) fn event(key: &str, number: u32) -> Vec<Envelope> {
    events(key, number, number, 10)
}
