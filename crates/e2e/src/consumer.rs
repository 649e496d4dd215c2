//! A consumer that nothing stops: whatever happens to its connections, it comes back and goes on.

use crate::ledger::{Ledger, Shared};
use anyhow::Result;
use servicebus::{Account, Entity, MessageReceiver, ServiceBusConsumer};
use std::time::Duration;
use tokio::task::JoinSet;

/// Writes whatever reaches a subscription of topic `orders` down in a ledger, and completes it.
#[derive(Debug)]
pub struct Consumer {
    _workers: JoinSet<()>,
}

impl Consumer {
    /// Starts to receive.
    pub fn start(connection: &str, subscription: &str, ledger: &Shared) -> Result<Self> {
        let account = Account::from_connection_string(connection)?;
        let entity = Entity::subscription("orders", subscription);
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            workers.spawn(work(account.clone(), entity.clone(), ledger.clone()));
        }
        Ok(Self { _workers: workers })
    }
}

async fn work(account: Account, entity: Entity, ledger: Shared) {
    loop {
        if receive(&account, &entity, &ledger).await.is_err() {
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

/// Receives until something fails.
async fn receive(account: &Account, entity: &Entity, ledger: &Shared) -> Result<()> {
    let consumer = ServiceBusConsumer::open(account, entity).await?;
    loop {
        if let Some(session) = consumer.next_session(SESSION_WAIT).await? {
            drain(session, ledger).await?;
        }
    }
}

/// Takes all that the session holds now. What is received is written down before it is completed:
/// once the broker has heard that, another worker may receive what follows.
async fn drain(mut session: MessageReceiver, ledger: &Shared) -> Result<()> {
    let mut wait = FIRST_WAIT;
    loop {
        let messages = session.receive(TOGETHER, wait).await?;
        wait = NEXT_WAIT;
        if messages.is_empty() {
            session.close().await;
            return Ok(());
        }
        for message in &messages {
            Ledger::deliver(&mut ledger.lock(), message)?;
            session.complete(message).await?;
        }
    }
}

/// Sessions taken at once.
const WORKERS: usize = 32;
/// Messages asked for at once.
const TOGETHER: usize = 1;
/// How long a worker waits for a session before it asks again.
const SESSION_WAIT: Duration = Duration::from_secs(5);
/// A session is granted for what it holds: its first message is on its way.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// How long a session may be silent before it is freed.
const NEXT_WAIT: Duration = Duration::from_millis(50);
/// Between two attempts to come back.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
