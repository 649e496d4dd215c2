//! The consumer's side: everything that reaches a subscription, session by session.

use crate::ledger::Ledger;
use crate::wait::PATIENCE;
use anyhow::{Context, Result, anyhow, bail};
use servicebus::{Account, Entity, MessageReceiver, Received, ServiceBusConsumer};
use std::fmt;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Receives and completes whatever reaches a subscription of topic `orders`. Messages of one
/// order come in the order in which the broker handed them out.
#[derive(Debug)]
pub struct Tail {
    messages: mpsc::Receiver<Result<Arrival>>,
    _workers: JoinSet<()>,
}

/// A message, and when it arrived.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The message.
    pub message: Received,
    /// When it was received.
    pub at: Instant,
}

impl Tail {
    /// Starts to receive. Nothing is lost between two calls of [`Tail::next`].
    pub fn start(connection: &str, subscription: &str) -> Result<Self> {
        let account = Account::from_connection_string(connection)?;
        let entity = Entity::subscription("orders", subscription);
        let (sender, messages) = mpsc::channel(AHEAD);
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            workers.spawn(work(account.clone(), entity.clone(), sender.clone()));
        }
        Ok(Self { messages, _workers: workers })
    }

    /// Waits for the next message, however long.
    pub async fn next(&mut self) -> Result<Arrival> {
        self.messages.recv().await.context("nobody receives any more")?
    }

    /// Receives until the ledger holds a message for each acknowledged event.
    pub async fn fill(&mut self, ledger: &mut Ledger) -> Result<()> {
        while ledger.received() < ledger.acknowledged() {
            let next = tokio::time::timeout(PATIENCE, self.next()).await;
            let arrival = next.map_err(|_| {
                let verdict = ledger.verdict();
                anyhow!("no message for {PATIENCE:?}: {verdict}: {:?}", verdict.missing)
            })??;
            let (order, sequence) = arrival.event()?;
            ledger.receive(order, sequence);
        }
        Ok(())
    }

    /// Receives this many messages.
    pub async fn take(&mut self, count: usize) -> Result<Vec<Arrival>> {
        let mut arrivals = Vec::with_capacity(count);
        while arrivals.len() < count {
            let next = tokio::time::timeout(PATIENCE, self.next()).await;
            let got = arrivals.len();
            let next = next.with_context(|| format!("{got} of {count} messages arrived"))??;
            arrivals.push(next);
        }
        Ok(arrivals)
    }

    /// Fails if a message arrives within this time. For what must not come: give it as long as
    /// what would send it needs.
    pub async fn silence(&mut self, time: Duration) -> Result<()> {
        match tokio::time::timeout(time, self.next()).await {
            Err(_) => Ok(()),
            Ok(arrival) => bail!("unexpected message: {}", arrival?),
        }
    }
}

impl Arrival {
    /// The order and the sequence that the message id names.
    pub fn event(&self) -> Result<(&str, u32)> {
        let id = self.message.message_id.as_deref().context("a message without an id")?;
        let (order, sequence) = id.rsplit_once('.').context("no event id")?;
        Ok((order, sequence.parse()?))
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        let id = message.message_id.as_deref().unwrap_or("-");
        let subject = message.subject.as_deref().unwrap_or("-");
        write!(f, "{id}  {subject}  {}", message.body_text())
    }
}

async fn work(account: Account, entity: Entity, sender: mpsc::Sender<Result<Arrival>>) {
    if let Err(error) = receive(&account, &entity, &sender).await {
        // Fails only where nobody listens any more.
        let _ = sender.send(Err(error)).await;
    }
}

async fn receive(
    account: &Account,
    entity: &Entity,
    sender: &mpsc::Sender<Result<Arrival>>,
) -> Result<()> {
    let consumer = ServiceBusConsumer::open(account, entity).await?;
    while !sender.is_closed() {
        if let Some(session) = consumer.next_session(SESSION_WAIT).await? {
            match drain(session, sender).await {
                Err(error) if is_lock_lost(&error) => {}
                drained => drained?,
            }
        }
    }
    Ok(())
}

/// A session whose lock ran out, as when the emulator's clock is advanced: what was not settled
/// comes again.
fn is_lock_lost(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("session-lock-lost"))
}

/// Takes all that the session holds now, one by one so that each is known when it arrives, then
/// frees it for whoever comes next.
async fn drain(mut session: MessageReceiver, sender: &mpsc::Sender<Result<Arrival>>) -> Result<()> {
    let mut wait = FIRST_WAIT;
    loop {
        let messages = session.receive(1, wait).await?;
        wait = NEXT_WAIT;
        if messages.is_empty() {
            session.close().await;
            return Ok(());
        }
        for message in messages {
            session.complete(&message).await?;
            let arrival = Arrival { message, at: Instant::now() };
            if sender.send(Ok(arrival)).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Sessions taken at once.
const WORKERS: usize = 8;
/// Messages received ahead of whoever reads them.
const AHEAD: usize = 1024;
/// How long a worker waits for a session before it asks again.
const SESSION_WAIT: Duration = Duration::from_secs(5);
/// A session is granted for what it holds: its first message is on its way, however slow the
/// machine. To free the session before it came would count as a failed delivery.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// How long a session may be silent before it is freed.
const NEXT_WAIT: Duration = Duration::from_millis(100);
