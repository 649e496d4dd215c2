//! What the local Azure holds, and what it is to fail at.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The one subscription.
pub(crate) const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
/// The token that the login gives.
pub(crate) const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJvaWQiOiJvIn0.local";
/// The region that offers everything.
pub(crate) const REGION: &str = "westeurope";
/// The function key of the API.
pub(crate) const KEY: &str = "the-default-function-key";
/// The apps' names, as `main.bicep` would make them.
pub(crate) const APPS: [(&str, &str); 2] = [("api", "shop-api-x1"), ("relay", "shop-relay-x1")];

/// Everything, behind one lock.
#[derive(Default)]
pub(crate) struct World {
    /// Where it is reached.
    pub(crate) port: u16,
    /// Groups by name: their region.
    pub(crate) groups: BTreeMap<String, String>,
    /// The parameters of the last deployment, once there was one.
    pub(crate) deployed: Option<BTreeMap<String, Value>>,
    /// Deployments that were begun.
    pub(crate) deployments: usize,
    /// How often a running deployment is still looked at before it ends.
    pub(crate) running: usize,
    /// Apps by name.
    pub(crate) sites: BTreeMap<String, Site>,
    /// Orders by id: how often their events were looked at.
    pub(crate) orders: BTreeMap<String, usize>,
    /// Locks by name.
    pub(crate) locks: Vec<String>,
    /// What was sent that the real one would refuse.
    pub(crate) wrong: Vec<String>,
    /// Requests, as method and path.
    pub(crate) asked: Vec<String>,
    faults: BTreeMap<&'static str, usize>,
}

/// A function app.
#[derive(Default)]
pub(crate) struct Site {
    /// Publishes that were taken.
    pub(crate) publishes: usize,
    /// Who said to be the deployer of the last one.
    pub(crate) deployer: String,
    /// 4 went well, 3 failed.
    pub(crate) status: i64,
    /// Functions of its package.
    pub(crate) functions: BTreeSet<String>,
    /// Whether its host read them.
    pub(crate) is_synced: bool,
}

impl World {
    /// An empty one, reached at a port.
    pub(crate) fn at(port: u16) -> Self {
        Self { port, ..Self::default() }
    }

    /// Fails at this, so many times.
    pub(crate) fn fail(&mut self, at: &'static str, times: usize) {
        self.faults.insert(at, times);
    }

    /// Whether it is to fail at this, now.
    pub(crate) fn fails(&mut self, at: &str) -> bool {
        let Some(left) = self.faults.get_mut(at) else { return false };
        let fails = 0 < *left;
        *left = left.saturating_sub(1);
        fails
    }

    /// As after a whole deployment, without code.
    pub(crate) fn provisioned(&mut self, group: &str, parameters: BTreeMap<String, Value>) {
        self.groups.insert(group.to_owned(), REGION.to_owned());
        self.end(parameters);
    }

    /// A deployment ended well.
    pub(crate) fn end(&mut self, parameters: BTreeMap<String, Value>) {
        self.deployed = Some(parameters);
        for (_, name) in APPS {
            self.sites.entry(name.to_owned()).or_default();
        }
    }

    /// Notes something that the real one would refuse.
    pub(crate) fn complain(&mut self, of: impl Into<String>) {
        self.wrong.push(of.into());
    }

    /// Whether an app runs: published, and its functions known to its host.
    pub(crate) fn runs(&self, app: &str) -> bool {
        self.sites.get(app).is_some_and(|site| site.is_synced && site.status == 4)
    }

    /// What `main.bicep` gives out.
    pub(crate) fn outputs(&self) -> Value {
        let host = |app: &str| json!({"type": "String", "value": format!("{app}.localhost:{}", self.port)});
        let text = |value: &str| json!({"type": "String", "value": value});
        json!({
            "apiAppName": text("shop-api-x1"), "apiHost": host("shop-api-x1"),
            "relayAppName": text("shop-relay-x1"), "relayHost": host("shop-relay-x1"),
            "serviceBusNamespaceName": text("shop-bus-x1"),
            "serviceBusHost": text("shop-bus-x1.servicebus.local"), "topicName": text("orders"),
            "subscriptionName": text("all"),
        })
    }
}
