//! The local Azure in this process: everything it serves, reached through real sockets.

use super::call;
use emulator::local::{Addresses, Entities, bind};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Cosmos DB, Service Bus and control, until the test ends.
pub(crate) struct Local {
    pub(crate) at: Addresses,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Local {
    /// With the shop's database and topic.
    pub(crate) async fn start() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let admin = Some(any);
        let addresses = Addresses { cosmos: any, servicebus: any, control: any, admin };
        let entities = Entities::new(None, false).expect("the shop");
        let local = bind(addresses, entities, None).await.expect("free ports");
        let at = local.addresses();
        let mut serving = JoinSet::new();
        serving.spawn(local.serve(CancellationToken::new()));
        Self { at, _serving: serving }
    }

    /// One call of a control route: its status and its body.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let url = format!("http://{}{path}", self.at.control);
        let answer = call(method, &url, body).await;
        let body = serde_json::from_str(answer.body()).expect("a JSON body");
        (answer.status().as_u16(), body)
    }

    /// Sets a fault.
    pub(crate) async fn fault(&self, rule: &Value) {
        let (status, body) = self.control("POST", "/faults", &rule.to_string()).await;
        assert_eq!(status, 200, "{rule}: {body}");
    }

    /// What is left of the faults.
    pub(crate) async fn faults(&self) -> Value {
        let (_, listed) = self.control("GET", "/faults", "").await;
        listed.get("faults").expect("a list").clone()
    }

    /// Forgets every fault.
    pub(crate) async fn forget(&self) {
        assert_eq!(self.control("DELETE", "/faults", "").await, (200, json!({"faults": []})));
    }

    /// A count of the state, by its path.
    pub(crate) async fn count(&self, pointer: &str) -> u64 {
        let (_, state) = self.control("GET", "/state", "").await;
        state.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
    }
}
