//! Receiving: for tests, the demo and the operator's tool. The relay never receives.
//!
//! A consumer has one connection to one entity, and hands out receivers: of the whole entity, or
//! of one session of it. Messages are locked to whoever received them until they are settled.
//! A receiver does not heal itself: after a fault, ask the consumer for another one.

use std::sync::Arc;
use std::time::Duration;

use domain::Fault;
use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::ReceiverAttachError;
use fe2o3_amqp::link::builder::{Builder, WithName, WithSource, WithTarget};
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::link::role::ReceiverMarker;
use fe2o3_amqp_types::definitions::{ReceiverSettleMode, SenderSettleMode};
use fe2o3_amqp_types::messaging::{FilterSet, Source, Target};
use fe2o3_amqp_types::primitives::{OrderedMap, Symbol, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::account::Account;
use crate::link::{Connection, Trouble, granted};
use crate::tuning::Tuning;

mod entity;
mod received;
mod receiver;

pub use entity::Entity;
pub use received::{Property, Received};
pub use receiver::MessageReceiver;

/// One connection to one entity, from which receivers are made. A receiver is good for as long as
/// the token it was made under, an hour; a consumer makes new ones for as long as it lives.
pub struct ServiceBusConsumer {
    account: Account,
    entity: Entity,
    connection: Mutex<Option<Held>>,
    settle_mode: ReceiverSettleMode,
    tuning: Tuning,
}

/// A connection that lives as long as its last holder.
type Held = Arc<Mutex<Connection>>;

impl ServiceBusConsumer {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When the namespace cannot be reached, or does not let us in.
    pub async fn open(account: &Account, entity: &Entity) -> Result<Self, Fault> {
        account
            .allows(entity.address())
            .map_err(|problem| Fault::Misconfigured { problem: problem.to_string() })?;
        let consumer = Self {
            account: account.clone(),
            entity: entity.clone(),
            connection: Mutex::default(),
            settle_mode: ReceiverSettleMode::Second,
            tuning: Tuning::default(),
        };
        match consumer.connect().await {
            Ok(connection) => *consumer.connection.lock().await = Some(connection),
            Err(trouble) => return Err(trouble.unsent()),
        }
        Ok(consumer)
    }

    /// From now on, settling is the receiver's last word. Service Bus answers it, which is what a
    /// consumer asks for; brokers of other makes may know no such answer.
    #[must_use]
    pub fn settling_alone(mut self) -> Self {
        self.settle_mode = ReceiverSettleMode::First;
        self
    }

    /// A receiver of an entity without sessions.
    ///
    /// # Errors
    ///
    /// When there is no such entity, or it requires sessions.
    pub async fn receiver(&self) -> Result<MessageReceiver, Fault> {
        let within = self.tuning.connect_within;
        self.attach(Filter::None, within).await.map_err(|trouble| trouble.unsent())
    }

    /// A receiver of one session, which is ours alone until the receiver is closed.
    ///
    /// # Errors
    ///
    /// When someone else holds the session, or the entity has none.
    pub async fn session(&self, id: &str) -> Result<MessageReceiver, Fault> {
        let within = self.tuning.connect_within;
        self.attach(Filter::Session(id), within).await.map_err(|trouble| trouble.unsent())
    }

    /// A receiver of the next session that has messages and is free; `None` if none came up
    /// while we waited.
    ///
    /// # Errors
    ///
    /// When there is no such entity, or it has no sessions.
    pub async fn next_session(&self, wait: Duration) -> Result<Option<MessageReceiver>, Fault> {
        match self.attach(Filter::NextSession { wait }, wait + self.tuning.connect_within).await {
            Ok(receiver) => Ok(Some(receiver)),
            Err(Trouble::Said(said)) if said.condition == "com.microsoft:timeout" => Ok(None),
            Err(trouble) => Err(trouble.unsent()),
        }
    }

    /// Says goodbye, unless a receiver is still open: the last one of them takes the connection
    /// with it.
    pub async fn close(self) {
        if let Some(connection) = self.connection.into_inner().and_then(Arc::into_inner) {
            connection.into_inner().close().await;
        }
    }

    async fn connect(&self) -> Result<Held, Trouble> {
        let opened = Connection::open(&self.account, self.entity.address(), &self.tuning).await?;
        Ok(Arc::new(Mutex::new(opened)))
    }

    async fn attach(
        &self,
        filter: Filter<'_>,
        within: Duration,
    ) -> Result<MessageReceiver, Trouble> {
        let mut held = self.connection.lock().await;
        let kept = match held.take() {
            Some(kept) if kept.lock().await.is_open() => kept,
            Some(_) | None => self.connect().await?,
        };
        let link = {
            let mut connection = kept.lock().await;
            if connection.renew_at() <= Instant::now() {
                let (account, address) = (&self.account, self.entity.address());
                match connection.authorize(account, address, &self.tuning).await {
                    Err(trouble) if !connection.postpone() => return Err(trouble),
                    Ok(()) | Err(_) => (),
                }
            }
            let attach = self.link(&filter).attach(connection.session());
            granted::<_, ReceiverAttachError>("a link", within, Box::pin(attach)).await?
        };
        // Kept only now: after a refusal the library detaches twice, and the second one would hit
        // whatever is attached next on the same session.
        *held = Some(Arc::clone(&kept));
        Ok(MessageReceiver::new(link, kept))
    }

    fn link(&self, filter: &Filter<'_>) -> LinkBuilder {
        let source = Source {
            address: Some(self.entity.address().to_owned()),
            filter: filter.set(),
            ..Source::default()
        };
        Receiver::builder()
            .name(format!("receiver-{:016x}", fastrand::u64(..)))
            .source(source)
            .sender_settle_mode(SenderSettleMode::Unsettled)
            .receiver_settle_mode(self.settle_mode.clone())
            .credit_mode(CreditMode::Manual)
            // «The next free session» is answered with the one that was granted.
            .verify_incoming_source(false)
            .properties(filter.properties())
    }
}

/// A receiving link, as it is to be attached.
type LinkBuilder = Builder<ReceiverMarker, Target, WithName, WithSource, WithTarget>;

/// Which messages of the entity.
enum Filter<'a> {
    None,
    Session(&'a str),
    NextSession { wait: Duration },
}

/// The name of the session filter, and the key under which the granted session is told.
const SESSION_FILTER: &str = "com.microsoft:session-filter";

impl Filter<'_> {
    fn set(&self) -> Option<FilterSet> {
        let session = match self {
            Self::None => return None,
            Self::Session(id) => Value::String((*id).to_owned()),
            Self::NextSession { .. } => Value::Null,
        };
        let mut set = FilterSet::new();
        set.insert(Symbol::from(SESSION_FILTER), session);
        Some(set)
    }

    fn properties(&self) -> OrderedMap<Symbol, Value> {
        let mut properties = OrderedMap::new();
        if let Self::NextSession { wait } = self {
            let wait = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
            properties.insert(Symbol::from("com.microsoft:timeout"), Value::Uint(wait));
        }
        properties
    }
}
