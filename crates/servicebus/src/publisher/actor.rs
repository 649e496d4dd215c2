//! The actor that owns the connection and the link: it makes them when they are asked for, notices
//! when they are gone, keeps the token fresh, and hands transfers over in order.

use std::sync::Arc;
use std::time::Duration;

use domain::Fault;
use domain::retry::{self, Next};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{info, warn};

use super::topic_link::{Gone, Refused, TopicLink};
use super::{Request, Sent, State};
use crate::account::Account;

use crate::credential::Token;
use crate::link::{self, Connection, Fetch, Trouble};
use crate::measure::Measure;
use crate::message::Parcel;
use crate::tuning::Tuning;

/// Owns the connection and the link of one publisher.
pub(super) struct Actor {
    account: Account,
    topic: String,
    tuning: Tuning,
    wires: Wires,
    connection: Option<Connection>,
    link: Option<TopicLink>,
    /// Which link it is: settlements that do not come speak only against the link they are of.
    links: u64,
    setback: Option<Setback>,
    /// The next token, while it is being fetched: what is to be sent does not wait for it.
    renewal: Option<Fetch>,
}

/// What connects the actor with its publisher.
pub(super) struct Wires {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) state: watch::Sender<State>,
    pub(super) measure: Arc<Measure>,
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
    Gone(Gone),
    Renew,
    Fetched(Result<Option<Token>, Trouble>),
}

impl Actor {
    pub(super) fn new(account: Account, topic: &str, tuning: Tuning, wires: Wires) -> Self {
        let topic = topic.to_owned();
        Self {
            account,
            topic,
            tuning,
            wires,
            connection: None,
            link: None,
            links: 0,
            setback: None,
            renewal: None,
        }
    }

    /// Works until it is told to close, or nobody is left to ask.
    pub(super) async fn run(mut self) {
        while let Some(wake) = self.wake().await {
            match wake {
                Wake::Asked(request) => self.answer(request).await,
                Wake::Gone(Gone::Link(trouble)) => self.lose_link(trouble),
                Wake::Gone(Gone::All(trouble)) => self.forget(trouble),
                Wake::Renew => {
                    self.renewal = Some(link::token(&self.account, &self.topic, &self.tuning));
                }
                Wake::Fetched(token) => self.renew(token).await,
            }
        }
        self.close().await;
    }

    /// What there is to do next; `None` when there is nothing more.
    async fn wake(&mut self) -> Option<Wake> {
        let requests = &mut self.wires.requests;
        let is_renewing = self.renewal.is_some();
        let (Some(link), Some(connection)) = (&mut self.link, &self.connection) else {
            return requests.recv().await.map(Wake::Asked);
        };
        tokio::select! {
            biased;
            gone = link.gone() => Some(Wake::Gone(gone)),
            token = fetched(&mut self.renewal) => Some(Wake::Fetched(token)),
            () = tokio::time::sleep_until(connection.renew_at()), if !is_renewing => Some(Wake::Renew),
            request = requests.recv() => request.map(Wake::Asked),
        }
    }

    async fn answer(&mut self, request: Request) {
        match request {
            Request::Suspect { link } if link != self.links => (),
            Request::Suspect { .. } => {
                self.forget(Trouble::Lost("a settlement did not come".to_owned()));
            }
            // What is still queued is answered; nobody can ask for more.
            Request::Close => self.wires.requests.close(),
            Request::Send { .. } | Request::Ping { .. } => match self.ensure_link().await {
                Ok(()) => self.serve(request).await,
                Err(trouble) => self.turn_away(request, &trouble),
            },
        }
    }

    async fn serve(&mut self, request: Request) {
        match request {
            Request::Send { parcel, reply } => {
                let _ = reply.send(self.transfer(parcel).await);
            }
            Request::Ping { reply } => {
                let _ = reply.send(Ok(()));
            }
            Request::Suspect { .. } | Request::Close => (),
        }
    }

    /// There is no link: whoever waits behind this request would only wait for the same answer,
    /// one attempt to connect after the other.
    fn turn_away(&mut self, request: Request, trouble: &Trouble) {
        self.refuse(request, trouble);
        for _ in 0..self.wires.requests.len() {
            let Ok(waiting) = self.wires.requests.try_recv() else { return };
            self.refuse(waiting, trouble);
        }
    }

    fn refuse(&mut self, request: Request, trouble: &Trouble) {
        match request {
            Request::Send { parcel: _, reply } => {
                let _ = reply.send(Sent::Failed(trouble.unsent()));
            }
            Request::Ping { reply } => {
                let _ = reply.send(Err(trouble.clone()));
            }
            Request::Suspect { .. } => (),
            Request::Close => self.wires.requests.close(),
        }
    }

    async fn transfer(&mut self, parcel: Parcel) -> Sent {
        let Some(link) = &mut self.link else {
            return Sent::Failed(Fault::Unavailable("no link".into()));
        };
        let transfer = parcel.pack(link.batch_bytes_max());
        let taken = transfer.messages();
        match link.send(transfer, self.tuning.credit_within).await {
            Ok(settlement) => {
                self.wires.measure.transfers.add(1);
                self.wires.measure.messages.add(taken);
                Sent::InFlight { settlement, taken, link: self.links }
            }
            Err(Refused::TooLarge(said)) => {
                Sent::Failed(Fault::Rejected { reason: said.to_string() })
            }
            Err(Refused::Unsent(trouble)) => {
                let fault = trouble.unsent();
                self.forget(trouble);
                Sent::Failed(fault)
            }
            Err(Refused::Unsettled(trouble)) => {
                let fault = trouble.unsettled();
                self.forget(trouble);
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
            if let State::Down(trouble) = &*self.wires.state.borrow()
                && self.tuning.hold_max < pause
            {
                return Err(trouble.clone());
            }
            tokio::time::sleep(pause).await;
        }
        match self.attach().await {
            Ok(()) => {
                self.setback = None;
                self.wires.state.send_replace(State::Up);
                info!(topic = self.topic, "linked to the topic");
                Ok(())
            }
            Err(trouble) => {
                self.set_back(&trouble);
                self.forget(trouble.clone());
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
            self.wires.measure.connections.add(1);
            Connection::open(&self.account, &self.topic, &self.tuning).await?
        };
        let link =
            TopicLink::attach(&mut connection, &self.topic, self.tuning.connect_within).await?;
        self.wires.measure.links.add(1);
        self.connection = Some(connection);
        self.link = Some(link);
        self.links += 1;
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
            self.wires.measure.losses.add(1);
        }
        self.renewal = None;
        self.wires.state.send_replace(State::Down(trouble));
    }

    /// Neither link nor connection is worth keeping. Nor is a goodbye worth waiting for: dropped,
    /// the connection still says it, if anyone listens.
    fn forget(&mut self, trouble: Trouble) {
        self.lose_link(trouble);
        self.connection = None;
    }

    /// A renewal that fails costs nothing as long as the token put before it still holds.
    async fn renew(&mut self, token: Result<Option<Token>, Trouble>) {
        self.renewal = None;
        let Some(connection) = &mut self.connection else { return };
        let (account, topic, tuning) = (&self.account, &self.topic, &self.tuning);
        let renewed = match token {
            Ok(token) => connection.present(account, topic, tuning, token).await,
            Err(trouble) => Err(trouble),
        };
        match renewed {
            Ok(()) => self.wires.measure.renewals.add(1),
            Err(trouble) if connection.postpone() => {
                warn!(topic, "cannot renew the token yet: {}", domain::Chain(&trouble));
            }
            Err(trouble) => {
                self.set_back(&trouble);
                self.forget(trouble);
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

/// The token that is being fetched, if one is; never comes otherwise.
async fn fetched(renewal: &mut Option<Fetch>) -> Result<Option<Token>, Trouble> {
    match renewal {
        Some(fetch) => fetch.await,
        None => std::future::pending().await,
    }
}

/// How long the link's goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(1);
