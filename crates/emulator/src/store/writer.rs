//! The thread that writes: takes all units that wait, commits them together, tells how far it is.

use super::{
    folder::Folder,
    journal::{Change, Journal, Table},
    rows::{definition, encode},
};
use redb::{Database, WriteTransaction};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    thread::{Builder, JoinHandle},
};

/// What a group comes to: in each table the last word on each key, sorted as the trees are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    cleared: BTreeSet<(Table, Vec<u8>)>,
    last: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

/// Starts it; it ends when the journal is closed or the store is lost.
pub(super) fn start(
    database: Database,
    mut folder: Folder,
    journal: &Journal,
) -> io::Result<JoinHandle<()>> {
    let journal = journal.clone();
    Builder::new().name("store".to_owned()).spawn(move || {
        while let Some((changes, unit)) = journal.take() {
            if let Err(error) = commit(&database, &mut folder, changes) {
                journal.lose(folder.path(), &error);
                return;
            }
            journal.stored(unit);
        }
    })
}

/// Stores a group of changes: once this returns, they are durable.
fn commit(database: &Database, folder: &mut Folder, changes: Vec<Change>) -> io::Result<()> {
    let number = folder.next_commit();
    let mut outcome = Outcome::of(changes);
    outcome.last.insert((Table::Meta, b"commit".to_vec()), Some(encode(&number)));
    let transaction = database.begin_write().map_err(io::Error::other)?;
    outcome.write(&transaction).map_err(io::Error::other)?;
    transaction.commit().map_err(io::Error::other)?;
    folder.note(number)
}

impl Outcome {
    pub(super) fn of(changes: Vec<Change>) -> Self {
        let mut outcome = Self::default();
        for change in changes {
            match change {
                Change::Put(table, key, value) => {
                    outcome.last.insert((table, key), Some(value));
                }
                Change::Delete(table, key) => {
                    outcome.last.insert((table, key), None);
                }
                Change::Clear(table, prefix) => outcome.clear(table, prefix),
            }
        }
        outcome
    }

    /// Forgets what came before under a prefix.
    fn clear(&mut self, table: Table, prefix: Vec<u8>) {
        let from = (table, prefix);
        let below = self.last.range(from.clone()..).map(|(at, _)| at);
        let below = below.take_while(|(of, key)| *of == table && key.starts_with(&from.1));
        for at in below.cloned().collect::<Vec<_>>() {
            self.last.remove(&at);
        }
        self.cleared.insert(from);
    }

    /// Writes it, table by table.
    pub(super) fn write(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        for table in Table::ALL {
            let cleared = self.cleared.iter().filter(|(of, _)| *of == table);
            let last = self.last.range((table, Vec::new())..);
            let mut last = last.take_while(|((of, _), _)| *of == table).peekable();
            let mut cleared = cleared.peekable();
            if cleared.peek().is_none() && last.peek().is_none() {
                continue;
            }
            let mut rows = transaction.open_table(definition(table))?;
            for (_, prefix) in cleared {
                match end_of(prefix) {
                    Some(end) => rows.retain_in(&prefix[..]..&end[..], |_, _| false)?,
                    None => rows.retain_in(&prefix[..].., |_, _| false)?,
                }
            }
            for ((_, key), value) in last {
                match value {
                    Some(value) => drop(rows.insert(&key[..], &value[..])?),
                    None => drop(rows.remove(&key[..])?),
                }
            }
        }
        Ok(())
    }
}

/// The first key behind all that start with `prefix`; none if there is none.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &[u8], value: u8) -> Change {
        Change::Put(Table::Items, key.to_vec(), vec![value])
    }

    #[test]
    fn the_last_word_on_a_key_counts_and_a_clearing_takes_only_what_was_before() {
        let clear = Change::Clear(Table::Items, vec![1]);
        let changes = vec![put(&[1, 1], 1), put(&[2], 2), clear, put(&[1, 2], 3), put(&[2], 4)];
        let outcome = Outcome::of(changes);
        let left: Vec<_> = outcome.last.iter().map(|((_, key), value)| (&key[..], value)).collect();
        assert_eq!(left, [(&[1, 2][..], &Some(vec![3])), (&[2][..], &Some(vec![4]))]);
        assert_eq!(outcome.cleared.len(), 1);
    }

    #[test]
    fn the_end_of_a_prefix_is_behind_all_that_start_with_it() {
        assert_eq!(end_of(&[1, 0xFF]), Some(vec![2]));
        assert_eq!(end_of(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(end_of(&[0xFF]), None);
    }
}
