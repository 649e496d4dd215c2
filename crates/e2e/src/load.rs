//! Load: shoppers who place orders, change, ship and cancel them, and ask again until they are
//! answered, as clients do that mean it.

use crate::client::{Answer, Client};
use crate::ledger::Shared;
use anyhow::{Context, Result, bail};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Orders that are being written, until they are no more.
#[derive(Debug)]
pub struct Load {
    stop: CancellationToken,
    writers: JoinSet<Result<u64>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// New orders in a second.
    pub orders_per_second: u32,
    /// How many orders at most; then it ends by itself.
    pub orders_max: u64,
    /// What everything that is random comes from.
    pub seed: u64,
}

impl Load {
    /// Starts to write; what is acknowledged goes into the ledger.
    pub fn start(client: &Client, ledger: &Shared, pace: Pace) -> Self {
        let stop = CancellationToken::new();
        let mut writers = JoinSet::new();
        writers.spawn(open(client.clone(), ledger.clone(), pace, stop.clone()));
        Self { stop, writers }
    }

    /// Lets nobody new in and waits until everyone is answered; how many orders there were.
    pub async fn close(self) -> Result<u64> {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until all orders are written; how many there were.
    pub async fn ended(mut self) -> Result<u64> {
        self.writers.join_next().await.context("nobody writes")??
    }
}

/// Lets shoppers in at an even pace, and no more at once than a shop holds.
async fn open(client: Client, ledger: Shared, pace: Pace, stop: CancellationToken) -> Result<u64> {
    let Pace { orders_per_second, orders_max, seed } = pace;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / orders_per_second.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut shoppers, mut rng, mut count) = (JoinSet::new(), Rng::with_seed(seed), 0);
    while count < orders_max {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => break,
        }
        count += 1;
        let order = format!("s{seed}-{count}");
        let shopper = Shopper { client: client.clone(), ledger: ledger.clone(), order };
        shoppers.spawn(shopper.shop(rng.fork()));
        while AT_ONCE <= shoppers.len() {
            shoppers.join_next().await.context("nobody shops")???;
        }
        while let Some(done) = shoppers.try_join_next() {
            done??;
        }
    }
    while let Some(done) = shoppers.join_next().await {
        done??;
    }
    Ok(count)
}

/// Somebody with one order.
struct Shopper {
    client: Client,
    ledger: Shared,
    order: String,
}

impl Shopper {
    /// The life of an order: placed, changed some times, and then shipped, cancelled or kept.
    async fn shop(self, mut rng: Rng) -> Result<()> {
        let path = format!("/api/orders/{}", self.order);
        let account = format!("A-{}", rng.u32(0..50));
        let order = json!({"orderId": self.order, "accountNumber": account, "quantity": 1});
        self.insist(Method::POST, "/api/orders", Some(&order)).await?;
        for quantity in 2..rng.u32(2..6) {
            let change = json!({ "quantity": quantity });
            self.insist(Method::PATCH, &path, Some(&change)).await?;
        }
        match rng.u8(0..3) {
            0 => self.insist(Method::POST, &format!("{path}/ship"), None).await,
            1 => self.insist(Method::POST, &format!("{path}/cancel"), None).await,
            _ => Ok(()),
        }
    }

    /// Asks until it is answered with yes, which goes into the ledger.
    async fn insist(&self, method: Method, path: &str, body: Option<&Value>) -> Result<()> {
        let started = Instant::now();
        loop {
            let request = self.client.request(method.clone(), path).timeout(ANSWER_WITHIN);
            match self.client.send(request, body).await {
                Ok(Answer { status: 200 | 201, body, .. }) => {
                    let version = body.get("version").and_then(Value::as_u64);
                    let version = u32::try_from(version.context("no version")?)?;
                    self.ledger.lock().acknowledge(&self.order, version);
                    return Ok(());
                }
                // Somebody was faster: a request of our own that we had given up.
                Ok(Answer { status: 409 | 412 | 429 | 500..600, .. }) | Err(_) => {}
                Ok(answer) => bail!("{method} {path} of {}: {answer:?}", self.order),
            }
            if GIVE_UP_AFTER < started.elapsed() {
                bail!("{method} {path} of {} was never answered with yes", self.order);
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

/// Shoppers at once.
const AT_ONCE: usize = 64;
/// A shopper waits no longer for an answer, and asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Between two attempts.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Longer than anything stays broken.
const GIVE_UP_AFTER: Duration = Duration::from_mins(5);
