//! Cosmos DB for NoSQL: a storage core, and the gateway's HTTP wire over it.

mod core;
pub mod query;
mod shop;
pub(crate) mod wire;

use self::core::account::Shared;
use self::core::{Account, Container, Refusal, SplitError};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::store::{BadRow, Journal, Rows};
use serde_json::{Map, Value, json};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A Cosmos DB account in memory.
#[derive(Debug)]
pub struct Cosmos {
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    keys: wire::Keys,
    journal: Journal,
    account: RwLock<Account>,
    /// How many splits take their time just now.
    splits: AtomicUsize,
}

/// A container that is locked; the journal is told what has changed before it is free again.
struct Held<'c>(MutexGuard<'c, Container>);

/// Why ranges could not be split or merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// There is no such container.
    #[error("there is no container '{0}'")]
    NotFound(String),
    /// The ranges do not allow it.
    #[error("{0}")]
    Refused(String),
}

impl Cosmos {
    /// An empty account, in memory only.
    pub fn new(clock: Arc<Clock>, faults: Arc<Faults>) -> Arc<Self> {
        Arc::new(Self::over(Account::default(), Journal::default(), clock, faults))
    }

    /// The account that was stored, and is stored from now on.
    pub(crate) fn stored(
        (rows, journal): (&Rows, &Journal),
        clock: Arc<Clock>,
        faults: Arc<Faults>,
    ) -> Result<Arc<Self>, BadRow> {
        let account = Account::load(rows, journal)?;
        let is_splitting = |(_, _, found): &&(_, _, Shared)| Self::lock(found).is_splitting();
        let splits = account.all().iter().filter(is_splitting).count();
        let cosmos = Self::over(account, journal.clone(), clock, faults);
        cosmos.splits.store(splits, Ordering::Relaxed);
        Ok(Arc::new(cosmos))
    }

    fn over(account: Account, journal: Journal, clock: Arc<Clock>, faults: Arc<Faults>) -> Self {
        let keys = wire::Keys::emulator();
        let (account, splits) = (RwLock::new(account), AtomicUsize::new(0));
        Self { clock, faults, keys, journal, account, splits }
    }

    /// Makes the database `shop` with the containers of the order service.
    pub fn provision_shop(&self) {
        let at = self.clock.now().as_second();
        if let Err(refusal) = shop::provision(&mut self.write_account(), at) {
            tracing::warn!("the database 'shop' is left as it is: {refusal}");
        }
    }

    /// Serves the account on this socket until `stop`, then closes all connections.
    ///
    /// # Errors
    /// The socket does not accept connections any more.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        wire::serve(self, listener, stop).await
    }

    /// Splits the fullest range of a container; answers the ids of its two halves.
    ///
    /// # Errors
    /// There is no such container, or its range is too narrow.
    pub fn split(&self, database: &str, container: &str) -> Result<Vec<String>, ControlError> {
        self.split_range(database, container, None)
    }

    /// Splits this range of a container, or the fullest one; answers the ids of its two halves.
    ///
    /// # Errors
    /// There is no such container or range, or it is too narrow.
    pub fn split_range(
        &self,
        database: &str,
        container: &str,
        range: Option<u32>,
    ) -> Result<Vec<String>, ControlError> {
        let ids = self.change_ranges(database, container, |found| found.split(range))?;
        Ok(ids.iter().map(u32::to_string).collect())
    }

    /// Starts a split that takes its time by the emulator's clock; answers the range, which serves
    /// nobody until then.
    ///
    /// # Errors
    /// There is no such container or range, or it is too narrow.
    pub fn split_within(
        &self,
        (database, container): (&str, &str),
        range: Option<u32>,
        duration: Duration,
    ) -> Result<String, ControlError> {
        let duration = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let until = self.clock.now().as_millisecond().saturating_add(duration);
        let start = |found: &mut Container| found.start_split(range, until);
        let range = self.change_ranges(database, container, start)?;
        self.splits.fetch_add(1, Ordering::Relaxed);
        Ok(range.to_string())
    }

    /// Merges two neighbouring ranges of a container; answers the new one's id.
    ///
    /// # Errors
    /// There is no such container, or it has only one range.
    pub fn merge(&self, database: &str, container: &str) -> Result<Vec<String>, ControlError> {
        let id = self.change_ranges(database, container, Container::merge)?;
        Ok(vec![id.to_string()])
    }

    /// What is stored, and what was asked: exact counts and charges by kind of request.
    pub fn state(&self) -> Value {
        let now = self.clock.now().as_second();
        let account = self.read_account();
        let mut databases: Map<String, Value> =
            account.names().into_iter().map(|name| (name, json!({"containers": {}}))).collect();
        for (database, name, container) in account.all() {
            self.end_split(&container);
            let containers = databases.get_mut(&database).and_then(|d| d.get_mut("containers"));
            if let Some(containers) = containers.and_then(Value::as_object_mut) {
                containers.insert(name, Self::lock(&container).state(now));
            }
        }
        json!({"databases": databases})
    }

    fn change_ranges<T>(
        &self,
        database: &str,
        container: &str,
        change: impl FnOnce(&mut Container) -> Result<T, SplitError>,
    ) -> Result<T, ControlError> {
        let found = self.read_account().container(database, container);
        let missing = |_| ControlError::NotFound(format!("{database}/{container}"));
        let found = found.map_err(missing)?;
        self.end_split(&found);
        let mut found = Self::lock(&found);
        change(&mut found).map_err(|error| ControlError::Refused(error.to_string()))
    }

    /// The container that owns what a request addresses.
    fn owner(&self, owner: &wire::Owner) -> Result<Shared, Refusal> {
        let found = self.read_account().owner(&owner.database, &owner.container)?;
        self.end_split(&found);
        Ok(found)
    }

    /// Ends a split whose time has come: whoever looks at a container sees it done.
    fn end_split(&self, container: &Shared) {
        if self.splits.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut container = Self::lock(container);
        if container.is_splitting() && !container.end_split(self.clock.now().as_millisecond()) {
            self.splits.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Notes a request in its container's meter.
    fn note(&self, owner: &wire::Owner, kind: &'static str, charge: f64) {
        if let Ok(container) = self.owner(owner) {
            Self::lock(&container).meter.note(kind, charge);
        }
    }

    fn read_account(&self) -> RwLockReadGuard<'_, Account> {
        self.account.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_account(&self) -> RwLockWriteGuard<'_, Account> {
        self.account.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(container: &Mutex<Container>) -> Held<'_> {
        Held(container.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Deref for Held<'_> {
    type Target = Container;

    fn deref(&self) -> &Container {
        &self.0
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Container {
        &mut self.0
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.append();
    }
}
