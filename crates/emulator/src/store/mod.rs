//! What `--data DIR` keeps: one journal for all parts, one embedded store, one thread that writes.
//!
//! ```text
//! cores ── changes, under their own locks ──► Journal ──► writer thread ──► redb, one fsync a group
//!   ▲                                            │
//!   └── rows, at the start                       └──► whoever has an answer to give waits for it
//! ```
//! A core appends what one of its steps has changed as one unit, while it holds its lock, so that
//! the order of units is the order of steps. The writer takes all units that wait and commits them
//! together: a unit is stored whole or not at all. No lock is held while it does.
//!
//! Every answer, also that to a read, waits until all that was appended before it is durable. So
//! nobody is told of anything that a crash could take away.

mod folder;
mod gate;
mod journal;
mod rows;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use journal::{Change, Journal, Lost, Table};
pub(crate) use rows::{BadRow, Rows, decode, decode_with, encode, encode_with, key};

use folder::{Folder, Standing};
use gate::Gate;
use redb::Database;
use std::{io, path::Path, sync::Arc, thread::JoinHandle};

/// The version of what is stored. It grows with each change that older programs cannot read.
const FORMAT: u32 = 2;

/// Pages that redb keeps in memory: enough for the upper levels of its trees, since what is read
/// is in memory already.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Why a directory cannot be used. It is left as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Name a directory.
    #[error("is a file; name a directory, or one that is not there yet")]
    File,
    /// Name another directory.
    #[error(
        "holds something else (there is '{0}' and no store of this emulator); name an empty \
         directory, or one that is not there yet"
    )]
    Foreign(String),
    /// Stop the other one, or name another directory.
    #[error("is in use by another emulator; stop that one, or name another directory")]
    InUse,
    /// Use the program that wrote it, or name another directory.
    #[error(
        "was written by another version of the emulator (store format {0}, and this one reads \
         {FORMAT}); use that version, or name another directory"
    )]
    OtherFormat(u32),
    /// Restore it, or name another directory.
    #[error(
        "is damaged ({0}); nothing in it was changed: restore it from a copy, or name another \
         directory"
    )]
    Damaged(String),
    /// Do as the system's words suggest.
    #[error("cannot be used; make it readable and writable, with space left")]
    Io(#[from] io::Error),
}

/// A store that was read and is not written yet.
#[derive(Debug)]
pub(crate) struct Opened {
    journal: Journal,
    folder: Folder,
    gate: Arc<Gate>,
    rows: Rows,
    database: Database,
    is_new: bool,
}

/// A store in use. Dropping it waits until all that was appended is stored.
#[derive(Debug)]
pub(crate) struct Store {
    journal: Journal,
    thread: Option<JoinHandle<()>>,
}

impl Opened {
    /// Opens the store in `path`, or makes one. Until [`Opened::start`] no existing one is written.
    pub(crate) fn at(path: &Path) -> Result<Self, OpenError> {
        let (folder, standing) = Folder::open(path)?;
        let is_new = standing == Standing::New;
        let gate = Arc::new(if is_new { folder.make_file()? } else { folder.closed_file()? });
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .set_check_integrity_on_open(!is_new)
            .create_with_backend(gate::Backend(Arc::clone(&gate)))
            .map_err(|error| damage(&error))?;
        let rows = Rows::of(&database).map_err(|BadRow(why)| OpenError::Damaged(why))?;
        folder.check(&rows)?;
        Ok(Self { journal: Journal::on(), folder, gate, rows, database, is_new })
    }

    /// Whether nothing was ever stored here.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// What is stored.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The journal, for the parts that are to append to it.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Begins to write, once everything that is stored has been understood.
    pub(crate) fn start(self) -> Result<Store, OpenError> {
        let Self { journal, mut folder, gate, rows, database, is_new: _ } = self;
        folder.catch_up(&rows);
        drop(rows);
        gate.open()?;
        let thread = writer::start(database, folder, &journal)?;
        Ok(Store { journal, thread: Some(thread) })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.journal.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the store has panicked");
        }
    }
}

/// What redb says of a file that it does not open.
fn damage(error: &redb::DatabaseError) -> OpenError {
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    if let redb::DatabaseError::Storage(redb::StorageError::Io(error)) = error
        && !matches!(error.kind(), UnexpectedEof | InvalidData)
    {
        return OpenError::Io(io::Error::new(error.kind(), error.to_string()));
    }
    OpenError::Damaged(error.to_string())
}
