//! A store in memory, for the cores' tests: what they tell of themselves, and the way back.

use super::{Change, Rows, Table, writer::Outcome};
use redb::{Database, backends::InMemoryBackend};
use std::collections::BTreeMap;

/// A store that is gone with its test.
pub(crate) struct Sample(Database);

impl Sample {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        Self(database.expect("memory does not fail"))
    }

    /// One with these changes in it.
    pub(crate) fn with(changes: Vec<Change>) -> Self {
        let sample = Self::new();
        sample.apply(changes);
        sample
    }

    /// Stores changes as the writer does.
    pub(crate) fn apply(&self, changes: Vec<Change>) {
        let transaction = self.0.begin_write().expect("nobody else writes");
        Outcome::of(changes).write(&transaction).expect("memory does not fail");
        transaction.commit().expect("memory does not fail");
    }

    /// What is stored.
    pub(crate) fn rows(&self) -> Rows {
        Rows::of(&self.0).expect("memory does not fail")
    }

    /// All rows, to be compared.
    pub(crate) fn dump(&self) -> BTreeMap<(Table, Vec<u8>), Vec<u8>> {
        let mut dump = BTreeMap::new();
        for table in Table::ALL {
            let taken = self.rows().each(table, |key, value| {
                dump.insert((table, key.to_vec()), value.to_vec());
                Ok(())
            });
            taken.expect("memory does not fail");
        }
        dump
    }
}
