//! The directory of a store: whose it is, that nobody else has it, and how far it must have come.
//!
//! It holds `HEAD` and `store.redb`. `HEAD` is one line: the format, the number of the last commit,
//! and a checksum. It is locked as long as the store is in use, and it is what tells a store that
//! has lost commits (redb falls back to the one before where the last does not read, as if it had
//! never been finished) from one that was only interrupted: a commit is in `HEAD` after it is
//! durable, and before it is told to anyone.

use super::{FORMAT, OpenError, gate::Gate, rows::Rows};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// A directory that is ours for now.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    head: File,
    commit: u64,
}

/// What is in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing that was ever acknowledged.
    New,
    /// A store.
    Used,
}

const HEAD: &str = "HEAD";
const FILE: &str = "store.redb";
const WHOSE: &str = "azure-emulator store";

impl Folder {
    /// Takes a directory, which is made if it is not there.
    pub(super) fn open(path: &Path) -> Result<(Self, Standing), OpenError> {
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => return Err(OpenError::File),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(path)?,
            Err(error) => return Err(error.into()),
        }
        let head = Self::take_head(path)?;
        let mut text = String::new();
        let read = (&head).read_to_string(&mut text);
        read.map_err(|error| OpenError::Damaged(format!("{HEAD} cannot be read: {error}")))?;
        let commit = if text.is_empty() && others(path)?.is_empty() { 0 } else { parse(&text)? };
        let folder = Self { path: path.to_owned(), head, commit };
        if commit == 0 {
            folder.begin()?;
            return Ok((folder, Standing::New));
        }
        Ok((folder, Standing::Used))
    }

    /// Opens `HEAD` and locks it.
    fn take_head(path: &Path) -> Result<File, OpenError> {
        let at = path.join(HEAD);
        let head = match OpenOptions::new().read(true).write(true).open(&at) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(other) = others(path)?.into_iter().next() {
                    return Err(OpenError::Foreign(other));
                }
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&at)?
            }
            opened => opened?,
        };
        match head.try_lock() {
            Ok(()) => Ok(head),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Makes ready for the first commit; whatever an earlier start has left was told to nobody.
    fn begin(&self) -> io::Result<()> {
        self.head.write_all_at(line(0).as_bytes(), 0)?;
        self.head.sync_data()?;
        match fs::remove_file(self.path.join(FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::open(&self.path)?.sync_all(),
        }
    }

    /// A new file for the store.
    pub(super) fn make_file(&self) -> io::Result<Gate> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(self.path.join(FILE))?;
        File::open(&self.path)?.sync_all()?;
        Ok(Gate::opened(file))
    }

    /// The file of the store, to be read first.
    pub(super) fn closed_file(&self) -> Result<Gate, OpenError> {
        match OpenOptions::new().read(true).write(true).open(self.path.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(OpenError::Damaged(format!("{FILE} is missing")))
            }
            file => Ok(Gate::closed(file?)?),
        }
    }

    /// Checks that the store has everything that was acknowledged.
    pub(super) fn check(&self, rows: &Rows) -> Result<(), OpenError> {
        let commit: Option<u64> = rows.meta("commit").map_err(|bad| OpenError::Damaged(bad.0))?;
        let commit = commit.unwrap_or(0);
        if commit < self.commit {
            let lost = self.commit;
            return Err(OpenError::Damaged(format!(
                "{FILE} reads up to commit {commit}, and commit {lost} was acknowledged"
            )));
        }
        Ok(())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the next commit.
    pub(super) fn next_commit(&self) -> u64 {
        self.commit + 1
    }

    /// Notes that this commit is durable.
    pub(super) fn note(&mut self, commit: u64) -> io::Result<()> {
        self.head.write_all_at(line(commit).as_bytes(), 0)?;
        if self.commit == 0 {
            // From here on the directory is no new one, whatever happens to the machine.
            self.head.sync_data()?;
        }
        self.commit = commit;
        Ok(())
    }

    /// Goes on from the store's last commit, which may be ahead of `HEAD`.
    pub(super) fn catch_up(&mut self, rows: &Rows) {
        if let Ok(Some(commit)) = rows.meta("commit") {
            self.commit = self.commit.max(commit);
        }
    }
}

/// What is in a directory besides `HEAD`.
fn others(path: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into()));
    let names = names.collect::<io::Result<Vec<String>>>()?;
    Ok(names.into_iter().filter(|name| name != HEAD).collect())
}

/// What `HEAD` says. Lines of all commits are of the same length, so that each replaces the last.
fn line(commit: u64) -> String {
    let text = format!("{WHOSE}, format {FORMAT}, commit {commit:020}");
    let check = check(&text);
    format!("{text}, check {check}\n")
}

fn check(text: &str) -> String {
    let first = Sha256::digest(text).first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(first))
}

/// Reads what `HEAD` says.
fn parse(line: &str) -> Result<u64, OpenError> {
    let damaged = || OpenError::Damaged(format!("{HEAD} does not read as it was written"));
    let Some(rest) = line.strip_prefix(WHOSE) else {
        let foreign = !WHOSE.starts_with(line);
        return Err(if foreign { OpenError::Foreign(HEAD.to_owned()) } else { damaged() });
    };
    let (text, found) = line.trim_end().rsplit_once(", check ").ok_or_else(damaged)?;
    if check(text) != found || !line.ends_with('\n') {
        return Err(damaged());
    }
    let rest = rest.strip_prefix(", format ").and_then(|rest| rest.split_once(", commit "));
    let (format, rest) = rest.ok_or_else(damaged)?;
    match format.parse() {
        Ok(FORMAT) => {}
        Ok(other) => return Err(OpenError::OtherFormat(other)),
        Err(_) => return Err(damaged()),
    }
    let commit = rest.split(',').next().unwrap_or_default();
    commit.parse().map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_it_was_written_and_no_other_does() {
        assert_eq!(parse(&line(7)).unwrap(), 7);
        let good = line(u64::MAX);
        assert_eq!(good.len(), line(0).len());
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1;
            let text = String::from_utf8(bytes).unwrap();
            assert!(parse(&text).is_err(), "{text}");
            assert!(parse(&good[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn a_later_format_is_named() {
        let text = format!("{WHOSE}, format 9, commit 1");
        let line = format!("{text}, check {}\n", check(&text));
        assert!(matches!(parse(&line), Err(OpenError::OtherFormat(9))));
    }
}
