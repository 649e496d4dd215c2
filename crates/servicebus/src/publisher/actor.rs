//! The actor that owns the connection and the link: it makes them when they are asked for, notices
//! when they are gone, keeps the token fresh, and hands transfers over in order.

use std::sync::Arc;
use std::time::Duration;

use domain::Fault;
use domain::retry::{self, Next};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::{info, warn};

use super::topic_link::{Refused, TopicLink};
use super::{Request, Sent, State};
use crate::account::Account;
use crate::link::{Connection, Trouble};
use crate::measure::Measure;
use crate::message::Parcel;
use crate::tuning::Tuning;

/// Owns the connection and the link of one publisher.
pub(super) struct Actor {
    account: Account,
    topic: String,
    tuning: Tuning,
    measure: Arc<Measure>,
    state: watch::Sender<State>,
    connection: Option<Connection>,
    link: Option<TopicLink>,
    setback: Option<Setback>,
}

/// The last attempt to connect failed.
struct Setback {
    /// How many attempts failed in a row.
    attempts: u32,
    /// When to try again.
    until: Instant,
}

/// What there is to do.
enum Wake {
    Asked(Request),
    Gone(Trouble),
    Renew,
    Stop,
}

impl Actor {
    pub(super) fn new(
        account: Account,
        topic: &str,
        tuning: Tuning,
        measure: Arc<Measure>,
        state: watch::Sender<State>,
    ) -> Self {
        let topic = topic.to_owned();
        Self { account, topic, tuning, measure, state, connection: None, link: None, setback: None }
    }

    /// Works until it is told to close, or nobody is left to ask.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            match self.wake(&mut requests).await {
                Wake::Asked(Request::Send { parcel, reply }) => self.send(parcel, reply).await,
                Wake::Asked(Request::Ping { reply }) => {
                    let _ = reply.send(self.ensure_link().await);
                }
                Wake::Asked(Request::Suspect) => {
                    self.forget(Trouble::Lost("a settlement did not come".to_owned())).await;
                }
                Wake::Gone(trouble) => self.lose_link(trouble),
                Wake::Renew => self.renew().await,
                Wake::Asked(Request::Close) | Wake::Stop => break,
            }
        }
        self.close().await;
    }

    async fn wake(&mut self, requests: &mut mpsc::Receiver<Request>) -> Wake {
        let (Some(link), Some(connection)) = (&mut self.link, &self.connection) else {
            return requests.recv().await.map_or(Wake::Stop, Wake::Asked);
        };
        tokio::select! {
            biased;
            trouble = link.gone() => Wake::Gone(trouble),
            () = tokio::time::sleep_until(connection.renew_at()) => Wake::Renew,
            request = requests.recv() => request.map_or(Wake::Stop, Wake::Asked),
        }
    }

    async fn send(&mut self, parcel: Parcel, reply: oneshot::Sender<Sent>) {
        let sent = match self.ensure_link().await {
            Ok(()) => self.transfer(parcel).await,
            Err(trouble) => Sent::Failed(trouble.unsent()),
        };
        let _ = reply.send(sent);
    }

    async fn transfer(&mut self, parcel: Parcel) -> Sent {
        let Some(link) = &mut self.link else {
            return Sent::Failed(Fault::Unavailable("no link".into()));
        };
        let transfer = parcel.pack(link.batch_bytes_max());
        let taken = transfer.messages();
        match link.send(transfer, self.tuning.credit_within).await {
            Ok(settlement) => {
                self.measure.transfers.add(1);
                self.measure.messages.add(taken);
                Sent::InFlight { settlement, taken }
            }
            Err(Refused::TooLarge(said)) => {
                Sent::Failed(Fault::Rejected { reason: said.to_string() })
            }
            Err(Refused::Unsent(trouble)) => {
                let fault = trouble.unsent();
                self.forget(trouble).await;
                Sent::Failed(fault)
            }
            Err(Refused::Unsettled(trouble)) => {
                let fault = trouble.unsettled();
                self.lose_link(trouble);
                Sent::Failed(fault)
            }
        }
    }

    /// Has a link, or says why not. Between attempts everyone is told at once why the last one
    /// failed, unless the next is due in a moment.
    async fn ensure_link(&mut self) -> Result<(), Trouble> {
        if self.link.is_some() {
            return Ok(());
        }
        if let Some(setback) = &self.setback {
            let pause = setback.until.saturating_duration_since(Instant::now());
            if let State::Down(trouble) = &*self.state.borrow()
                && self.tuning.hold_max < pause
            {
                return Err(trouble.clone());
            }
            tokio::time::sleep(pause).await;
        }
        match self.attach().await {
            Ok(()) => {
                self.setback = None;
                self.state.send_replace(State::Up);
                info!(topic = self.topic, "linked to the topic");
                Ok(())
            }
            Err(trouble) => {
                self.set_back(&trouble);
                self.forget(trouble.clone()).await;
                Err(trouble)
            }
        }
    }

    async fn attach(&mut self) -> Result<(), Trouble> {
        let kept = self.connection.take().filter(Connection::is_open);
        let mut connection = if let Some(mut kept) = kept {
            // The link may have been taken away because the token had expired.
            kept.authorize(&self.account, &self.topic, &self.tuning).await?;
            kept
        } else {
            self.measure.connections.add(1);
            Connection::open(&self.account, &self.topic, &self.tuning).await?
        };
        let link =
            TopicLink::attach(&mut connection, &self.topic, self.tuning.connect_within).await?;
        self.measure.links.add(1);
        self.connection = Some(connection);
        self.link = Some(link);
        Ok(())
    }

    fn set_back(&mut self, trouble: &Trouble) {
        let attempts =
            self.setback.as_ref().map_or(1, |setback| setback.attempts.saturating_add(1));
        let pause = match retry::after(&trouble.unsent(), attempts, &self.tuning.reconnect) {
            Next::Retry(pause) => retry::jittered(pause, fastrand::u32(..)),
            Next::GiveUp => self.tuning.reconnect.pause_max,
        };
        self.setback = Some(Setback { attempts, until: Instant::now() + pause });
    }

    /// The link is gone, and perhaps no more than the link.
    fn lose_link(&mut self, trouble: Trouble) {
        warn!(topic = self.topic, "no link: {}", domain::Chain(&trouble));
        if self.link.take().is_some() {
            self.measure.losses.add(1);
        }
        self.state.send_replace(State::Down(trouble));
    }

    /// Neither link nor connection is worth keeping.
    async fn forget(&mut self, trouble: Trouble) {
        self.lose_link(trouble);
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
    }

    async fn renew(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        match connection.authorize(&self.account, &self.topic, &self.tuning).await {
            Ok(()) => self.measure.renewals.add(1),
            Err(trouble) => {
                self.set_back(&trouble);
                self.forget(trouble).await;
            }
        }
    }

    async fn close(self) {
        if let Some(link) = self.link {
            let _ = tokio::time::timeout(GOODBYE_MAX, link.close()).await;
        }
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }
}

/// How long the link's goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(1);
