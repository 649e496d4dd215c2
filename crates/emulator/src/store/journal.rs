//! The journal: changes on their way to the store, and who waits for them.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A table of the store, named in the order of what depends on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// Single values by their names.
    Meta,
    /// Databases by number.
    Databases,
    /// Containers by number.
    Containers,
    /// Where each range of a container stands.
    Positions,
    /// What was done to items, by container, range and transaction.
    History,
    /// Items by container and number.
    Items,
    /// Queues, topics and subscriptions by number.
    Entities,
    /// What each of them counts.
    Counts,
    /// Messages by queue and sequence number, as they were sent.
    Messages,
    /// What has become of them.
    Entries,
    /// Scheduled messages by entity and sequence number.
    Scheduled,
    /// States of sessions by queue and session id.
    Sessions,
    /// Message ids seen, by entity.
    Seen,
}

/// One change to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// This is the value of a key now.
    Put(Table, Vec<u8>, Vec<u8>),
    /// The key is gone.
    Delete(Table, Vec<u8>),
    /// Every key that starts like this is gone.
    Clear(Table, Vec<u8>),
}

/// The store cannot be written any more: what was not acknowledged so far never will be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be written ({0}), so nothing is acknowledged until a restart")]
pub(crate) struct Lost(Arc<str>);

/// Where changes go. Without `--data` it takes nothing, and nobody waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something in the queue, or it is closed.
    filled: Condvar,
    appended: AtomicU64,
    progress: watch::Sender<Progress>,
    /// Cancelled when the store is lost.
    over: CancellationToken,
}

#[derive(Debug, Default)]
struct Queue {
    changes: Vec<Change>,
    closed: bool,
}

/// How far the writer has come.
#[derive(Debug, Clone, Default)]
struct Progress {
    stored: u64,
    lost: Option<Lost>,
}

/// All changes that waited, and the number of the last unit among them.
pub(super) type Group = (Vec<Change>, u64);

impl Journal {
    /// A journal that takes changes.
    pub(crate) fn on() -> Self {
        Self(Some(Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            appended: AtomicU64::new(0),
            progress: watch::Sender::new(Progress::default()),
            over: CancellationToken::new(),
        })))
    }

    /// Whether changes go anywhere: if not, none need be described.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Appends what one step has changed; it is stored whole or not at all. Call it while what was
    /// changed is still locked.
    pub(crate) fn append(&self, changes: impl IntoIterator<Item = Change>) {
        let Some(shared) = &self.0 else { return };
        let mut queue = shared.lock();
        let before = queue.changes.len();
        queue.changes.extend(changes);
        if before < queue.changes.len() {
            shared.appended.fetch_add(1, Ordering::Release);
            shared.filled.notify_one();
        }
    }

    /// The number of the last unit appended.
    pub(crate) fn appended(&self) -> u64 {
        self.0.as_ref().map_or(0, |shared| shared.appended.load(Ordering::Acquire))
    }

    /// Waits until everything that was appended before this call is durable.
    ///
    /// # Errors
    /// It never will be.
    pub(crate) async fn settled(&self) -> Result<(), Lost> {
        self.settled_to(self.appended()).await
    }

    /// Waits until everything up to this unit is durable.
    ///
    /// # Errors
    /// It never will be.
    pub(crate) async fn settled_to(&self, unit: u64) -> Result<(), Lost> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let mut progress = shared.progress.subscribe();
        let reached = progress.wait_for(|it| it.lost.is_some() || unit <= it.stored).await;
        match reached.as_deref() {
            Ok(Progress { stored, .. }) if unit <= *stored => Ok(()),
            Ok(Progress { lost: Some(lost), .. }) => Err(lost.clone()),
            // The sender lives as long as this journal.
            Ok(Progress { lost: None, .. }) | Err(_) => Err(Lost("the writer is gone".into())),
        }
    }

    /// Whether everything up to this unit is durable.
    pub(crate) fn is_settled_to(&self, unit: u64) -> bool {
        self.0.as_ref().is_none_or(|shared| unit <= shared.progress.borrow().stored)
    }

    /// Whether the store can be written, as far as it is known.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn check(&self) -> Result<(), Lost> {
        let lost = self.0.as_ref().and_then(|shared| shared.progress.borrow().lost.clone());
        lost.map_or(Ok(()), Err)
    }

    /// Waits until the store is lost, which may never be.
    pub(crate) async fn lost(&self) {
        match &self.0 {
            Some(shared) => shared.over.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Lets the writer end once it has stored everything.
    pub(super) fn close(&self) {
        if let Some(shared) = &self.0 {
            shared.lock().closed = true;
            shared.filled.notify_one();
        }
    }

    /// Waits for changes and takes them all; none if it is closed.
    pub(super) fn take(&self) -> Option<Group> {
        let shared = self.0.as_ref()?;
        let waiting = |queue: &mut Queue| queue.changes.is_empty() && !queue.closed;
        let queue = shared.filled.wait_while(shared.lock(), waiting);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        if queue.changes.is_empty() {
            return None;
        }
        let changes = std::mem::take(&mut queue.changes);
        Some((changes, shared.appended.load(Ordering::Acquire)))
    }

    /// Tells that everything up to this unit is durable.
    pub(super) fn stored(&self, unit: u64) {
        if let Some(shared) = &self.0 {
            shared.progress.send_modify(|progress| progress.stored = unit);
        }
    }

    /// Tells that nothing more will be.
    pub(super) fn lose(&self, at: &Path, error: &io::Error) {
        let Some(shared) = &self.0 else { return };
        let lost = Lost(format!("{}: {error}", at.display()).into());
        tracing::error!(
            "{lost}; make space, or repair what is wrong, and start the emulator again"
        );
        shared.progress.send_modify(|progress| progress.lost = Some(lost));
        shared.over.cancel();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// All of them.
    pub(super) const ALL: [Self; 13] = [
        Self::Meta,
        Self::Databases,
        Self::Containers,
        Self::Positions,
        Self::History,
        Self::Items,
        Self::Entities,
        Self::Counts,
        Self::Messages,
        Self::Entries,
        Self::Scheduled,
        Self::Sessions,
        Self::Seen,
    ];

    /// Its name in the store.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Databases => "databases",
            Self::Containers => "containers",
            Self::Positions => "positions",
            Self::History => "history",
            Self::Items => "items",
            Self::Entities => "entities",
            Self::Counts => "counts",
            Self::Messages => "messages",
            Self::Entries => "entries",
            Self::Scheduled => "scheduled",
            Self::Sessions => "sessions",
            Self::Seen => "seen",
        }
    }
}
