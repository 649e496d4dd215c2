//! Service Bus in this process, behind a real socket: what its tests share.

use emulator::{
    clock::Clock,
    faults::{Faults, Rule},
    servicebus::{ServiceBus, Topology},
};
use serde_json::Value;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// A namespace that serves on a port of its own.
pub(crate) struct Bus {
    pub(crate) at: SocketAddr,
    pub(crate) clock: Arc<Clock>,
    pub(crate) stop: CancellationToken,
    faults: Arc<Faults>,
    core: Arc<ServiceBus>,
    serving: JoinSet<io::Result<()>>,
}

/// The path of the shop's one subscription.
pub(crate) const ALL: &str = "orders/Subscriptions/all";

impl Bus {
    /// With the entities of the shop.
    pub(crate) async fn shop() -> Self {
        Self::start(Topology::shop()).await
    }

    /// With one queue, `q`, which has these properties.
    pub(crate) async fn queue(properties: Value) -> Self {
        let queue = serde_json::json!({ "Name": "q", "Properties": properties });
        let config = serde_json::json!({
            "UserConfig": { "Namespaces": [{ "Name": "n", "Queues": [queue] }] },
        });
        let topology = Topology::from_config_json(&config.to_string());
        Self::start(topology.expect("a configuration")).await
    }

    async fn start(topology: Topology) -> Self {
        let (clock, faults) = (Arc::new(Clock::new()), Arc::new(Faults::default()));
        let bus = ServiceBus::new(Arc::clone(&clock), Arc::clone(&faults), &topology);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let mut serving = JoinSet::new();
        serving.spawn(Arc::clone(&bus).serve(listener, stop.clone()));
        Self { at, clock, stop, faults, core: bus, serving }
    }

    /// Sets a fault.
    pub(crate) fn fault(&self, rule: Value) {
        self.faults.add(serde_json::from_value::<Rule>(rule).expect("a rule"));
    }

    /// A count of the state, by its path.
    pub(crate) fn count(&self, pointer: &str) -> u64 {
        let state = self.core.state();
        let count = state.pointer(pointer).and_then(Value::as_u64);
        count.unwrap_or_else(|| unreachable!("no {pointer} in {state:#}"))
    }

    /// Waits until a count of the state is as expected.
    pub(crate) async fn until(&self, pointer: &str, expected: u64) {
        soon(async {
            while self.count(pointer) != expected {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }

    /// Stops, and waits until everything has ended.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        soon(self.serving.join_next())
            .await
            .expect("it served")
            .expect("no panic")
            .expect("no error");
    }
}

/// What must come, and comes soon unless something hangs.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(super::support::PATIENCE, work).await.expect("it took too long")
}
