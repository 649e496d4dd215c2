//! Leases: who reads which part of a feed, and how far it has been read.
//!
//! A lease is a right only as long as nobody else has taken it: every write names the version it
//! was decided on, and whoever finds another version there reads again and decides again.

use super::Tag;
use crate::stretch::Stretch;
use crate::{Fault, Json, Timestamp};
use std::fmt;
use std::future::Future;

/// A store of the leases on one feed.
pub trait Leases: Send + Sync {
    /// Whether the leases were created once; if not, tries to be the one who creates them.
    fn begin(&self) -> impl Future<Output = Result<Begin, Fault>> + Send;

    /// They are created now: nobody else needs to.
    fn begun(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// All leases, and what stands where leases should, and is none.
    fn list(&self) -> impl Future<Output = Result<Listed, Fault>> + Send;

    /// One lease; `None` where there is none any more.
    fn read(&self, part: &Part) -> impl Future<Output = Result<Option<Lease>, Fault>> + Send;

    /// Creates a lease that nobody owns, unless there is one of this part.
    fn create(&self, lease: NewLease) -> impl Future<Output = Result<Created, Fault>> + Send;

    /// Writes a lease if it still is of the version of its tag.
    fn write(&self, lease: &Lease) -> impl Future<Output = Result<Written, Fault>> + Send;

    /// Deletes a lease if it still is of the version of its tag, or is gone already.
    fn delete(&self, lease: &Lease) -> impl Future<Output = Result<Deleted, Fault>> + Send;

    /// How far each lease is behind its feed.
    fn lags(&self) -> impl Future<Output = Result<Vec<Lag>, Fault>> + Send;
}

/// Which part of a feed a lease is on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A range as a whole.
    Range {
        /// Its id.
        id: String,
        /// Where it lies; leases of old writers do not say.
        stretch: Option<Stretch>,
    },
    /// A stretch of the ring, in whatever range it lies: what a merge leaves behind.
    Stretch(Stretch),
}

/// One lease, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which part of the feed it is on.
    pub part: Part,
    /// Who reads that part; `None`: nobody.
    pub owner: Option<String>,
    /// Up to where it was read; `None`: not at all yet.
    pub continuation: Option<String>,
    /// When its writer wrote it, by the writer's clock.
    pub written_at: Timestamp,
    /// When the store took it, by the store's clock.
    pub stored_at: Timestamp,
    /// What other tools keep in it: a JSON object, handed on as it is.
    pub properties: Json,
    /// Which version it is.
    pub tag: Tag,
}

/// A lease to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLease {
    /// Which part of the feed it is on.
    pub part: Part,
    /// From where that is to be read; `None`: from now on.
    pub continuation: Option<String>,
    /// What other tools kept in the lease it comes from.
    pub properties: Json,
    /// When.
    pub at: Timestamp,
}

/// What stands where leases should.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The leases.
    pub leases: Vec<Lease>,
    /// What is none, or one of a kind that this relay does not serve. It stays untouched.
    pub strangers: Vec<Stranger>,
}

/// A document with the id of a lease, and not the content of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stranger {
    /// Its id.
    pub id: String,
    /// The token that the id names; no lease of that token can be created.
    pub token: String,
    /// What is wrong with it.
    pub reason: String,
}

/// How the first leases come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// They were created once.
    Done,
    /// The caller is to create them, and to say so with [`Leases::begun`].
    Mine,
    /// Another is creating them.
    Others,
}

/// What came of creating a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It stands there now.
    Done,
    /// There is a document of that id, which stays as it is.
    Exists,
}

/// What came of writing a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It stands there now, as this version.
    Done(Tag),
    /// It is of another version, or gone.
    Changed,
}

/// What came of deleting a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone now.
    Done,
    /// It is of another version, and stays.
    Changed,
}

/// How far a lease is behind its feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The part of the feed, as its lease names it.
    pub token: String,
    /// Who reads it; `None`: nobody.
    pub owner: Option<String>,
    /// Up to where it was read; `None`: not at all yet.
    pub continuation: Option<String>,
    /// When its writer last wrote it.
    pub written_at: Timestamp,
    /// How many transactions lie behind that place, about; `None` where that cannot be said: it
    /// was not read yet, or its range was split or merged and is not handed over yet.
    pub behind: Option<u64>,
}

impl Part {
    /// The name that a lease has for it, and no other lease of the feed.
    pub fn token(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { id, stretch: _ } => f.write_str(id),
            Self::Stretch(stretch) => stretch.fmt(f),
        }
    }
}
