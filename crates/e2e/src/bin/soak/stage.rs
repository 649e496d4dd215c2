//! Everything that is played with: the local Azure with a memory, an api, relays behind a network
//! that can be cut, and an operator.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::emulator::Setup;
use e2e::operator::operate;
use e2e::proxy::Proxy;
use e2e::wait;
use e2e::world::{App, COSMOS_KEY, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is played with.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) relays: Vec<App>,
    /// Between the relays and Service Bus.
    pub(crate) broker: Proxy,
    /// Between api, relays and Cosmos DB.
    pub(crate) store: Proxy,
}

impl Stage {
    /// Starts all of it, with this many relays.
    pub(crate) async fn start(folder: &Path, relays: usize) -> Result<Self> {
        let config = folder.join("Config.json");
        std::fs::write(&config, entities().to_string())?;
        let data = folder.join("data");
        let setup = Setup { config: Some(&config), data: Some(&data), ..Setup::default() };
        let mut world = World::at_rest_on(setup).await?;
        let broker = Proxy::open(world.emulator.servicebus_address()).await?;
        let store = Proxy::open(world.emulator.cosmos_address()).await?;
        let cosmos = format!("http://{}", store.address);
        let servicebus = world
            .emulator
            .servicebus
            .replace(world.emulator.servicebus_address(), &broker.address.to_string());
        world.api.set("COSMOS_ENDPOINT", &cosmos);
        world.api.start().await?;
        let azure = [
            ("COSMOS_ENDPOINT", cosmos.as_str()),
            ("COSMOS_KEY", COSMOS_KEY),
            ("SERVICEBUS_CONNECTION", servicebus.as_str()),
            ("RUST_LOG", "warn"),
        ];
        let variables = [&azure[..], &LEASES].concat();
        let mut apps = Vec::new();
        for _ in 0..relays {
            let mut relay = App::new("relay", "/health/ready", &variables, world.logs())?;
            relay.start().await?;
            apps.push(relay);
        }
        Ok(Self { world, relays: apps, broker, store })
    }

    /// How many messages duplicate detection has dropped.
    pub(crate) async fn dropped(&self) -> Result<u64> {
        let state = self.world.emulator.state().await?;
        let dropped = state.pointer("/servicebus/entities/orders/duplicatesDropped");
        dropped.and_then(Value::as_u64).context("no duplicatesDropped")
    }

    /// How many ranges the feed has.
    pub(crate) async fn ranges(&self) -> Result<usize> {
        let state = self.world.emulator.state().await?;
        let ranges = state.pointer("/cosmos/databases/shop/containers/orders/ranges");
        let ranges = ranges.and_then(Value::as_array).context("no ranges")?;
        Ok(ranges.len())
    }

    /// Every fault undone, everything running: nobody is away any more.
    pub(crate) async fn heal(&mut self) -> Result<()> {
        self.world.emulator.mend().await?;
        self.broker.mend();
        self.store.mend();
        for app in std::iter::once(&mut self.world.api).chain(&mut self.relays) {
            if let Some(process) = app.process() {
                process.resume()?;
            }
        }
        Ok(())
    }

    /// Fails where the local Azure has ended by itself; starts programs that have.
    pub(crate) fn look_after(&mut self) -> Result<()> {
        self.world.emulator.process.pid().context("the emulator")?;
        for app in std::iter::once(&mut self.world.api).chain(&mut self.relays) {
            let running = app.process().context("it was not started again")?;
            ensure!(!running.has_ended()?, "a program ended by itself:\n{}", running.tail());
        }
        Ok(())
    }

    /// Leaves data and logs where they are.
    pub(crate) fn keep(self, folder: TempDir) -> String {
        let logs = self.world.keep_logs();
        format!("{} and {}", folder.keep().display(), logs.display())
    }

    /// The operator lets every parked event go on; how many there were.
    pub(crate) async fn release_parked(&self) -> Result<usize> {
        let listed = self.operate(&["parked", "--json"]).await?;
        let parked = listed.get("parked").and_then(Value::as_array).context("no `parked`")?;
        let mut released = 0;
        for event in parked {
            let order = event.get("order").and_then(Value::as_str).context("no order")?;
            let sequence = event.get("sequence").context("no sequence")?.to_string();
            let said = ["release", order, &sequence, "--reason", "the soak goes on"];
            let said = operate(&self.world.emulator, &said, &[], OPERATOR_WITHIN).await?;
            // A relay or the feed may have been faster: it is listed again if not.
            released += usize::from(said.code == 0);
        }
        Ok(released)
    }

    /// What the operator is told by a subcommand that goes well.
    pub(crate) async fn operate(&self, arguments: &[&str]) -> Result<Value> {
        let said = operate(&self.world.emulator, arguments, &[], OPERATOR_WITHIN).await?;
        ensure!(said.code == 0, "relay {arguments:?}: {} {}", said.out, said.err);
        said.json()
    }

    /// Kills one relay after the other in quiet; how long it took until others served its leases.
    pub(crate) async fn take_over(&mut self, times: usize) -> Result<Vec<Duration>> {
        let mut taken = Vec::new();
        while self.ranges().await? < 2 * self.relays.len() {
            self.world.emulator.split_orders().await?;
        }
        for _ in 0..times {
            self.shared_out().await?;
            let mut victim = self.relays.remove(0);
            let robbed = owned(&victim).await?;
            victim.kill().await?;
            let died = Instant::now();
            let served = wait::until("others serve its leases", async || {
                Ok(robbed.is_subset(&self.held().await?).then_some(()))
            });
            served.await?;
            taken.push(died.elapsed());
            victim.start().await?;
            self.relays.push(victim);
        }
        Ok(taken)
    }

    /// The leases that some relay reads under.
    async fn held(&self) -> Result<BTreeSet<String>> {
        let mut held = BTreeSet::new();
        for relay in &self.relays {
            held.extend(owned(relay).await?);
        }
        Ok(held)
    }

    /// Waits until each relay has a lease and every range has one.
    async fn shared_out(&self) -> Result<()> {
        let ranges = self.ranges().await?;
        wait::until("every relay has leases", async || {
            let mut count = 0;
            for relay in &self.relays {
                let held = owned(relay).await?.len();
                ensure!(0 < held, "one has none");
                count += held;
            }
            Ok((count == ranges).then_some(()))
        })
        .await
    }
}

/// The leases that a relay says it reads under.
async fn owned(relay: &App) -> Result<BTreeSet<String>> {
    let answer = Client::new(&relay.base).get("/health/ready").await?;
    let leases = answer.body.get("dependencies").and_then(Value::as_array);
    let leases = leases.into_iter().flatten();
    let leases = leases.filter(|one| one.get("name").is_some_and(|name| name == "leases"));
    let owned = leases.filter_map(|leases| leases.get("owned")?.as_array()).flatten();
    Ok(owned.filter_map(|token| token.as_str().map(str::to_owned)).collect())
}

/// Topic `orders`, whose duplicate detection outlasts the soak and its clock jumps, and whose
/// consumers may be disturbed as often as they will be.
fn entities() -> Value {
    let subscription = json!({
        "Name": "all",
        "Properties": {"RequiresSession": true, "MaxDeliveryCount": 1000, "LockDuration": "PT30S"},
    });
    let properties = json!({
        "RequiresDuplicateDetection": true,
        "DuplicateDetectionHistoryTimeWindow": "P1D",
    });
    let topic =
        json!({"Name": "orders", "Properties": properties, "Subscriptions": [subscription]});
    json!({"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Topics": [topic]}]}})
}

/// Short, so that many leases change hands.
pub(crate) const LEASES: [(&str, &str); 4] = [
    ("RELAY_LEASE_ACQUIRE", "2s"),
    ("RELAY_LEASE_RENEW", "2s"),
    ("RELAY_LEASE_EXPIRE", "8s"),
    ("RELAY_SWEEP_AFTER", "15s"),
];
/// `RELAY_LEASE_EXPIRE` and `RELAY_LEASE_ACQUIRE` together.
pub(crate) const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(10);
/// An audit of a long soak, in a debug build.
const OPERATOR_WITHIN: Duration = Duration::from_mins(10);
