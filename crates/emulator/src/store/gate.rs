//! The store's file behind a gate: while it is closed, the file is only read.
//!
//! redb repairs a file as soon as it opens it. A file that turns out to be damaged, or not ours,
//! must not be touched; so what redb writes before everything has been read and understood is
//! kept here, and goes to the file, in the same order, when the gate opens.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A file that is written only once the gate is open.
#[derive(Debug)]
pub(super) struct Gate {
    file: File,
    held: Mutex<Option<Held>>,
}

/// The gate as redb sees it.
#[derive(Debug)]
pub(super) struct Backend(pub(super) Arc<Gate>);

/// What was written while the gate was closed.
#[derive(Debug)]
struct Held {
    len: u64,
    /// How much of the file is still as it was.
    untouched: u64,
    pages: BTreeMap<u64, Vec<u8>>,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
}

/// The granularity in which held writes are found again.
const PAGE: usize = 4096;

impl Gate {
    /// A file that is written at once.
    pub(super) fn opened(file: File) -> Self {
        Self { file, held: Mutex::new(None) }
    }

    /// A file that is only read for now.
    pub(super) fn closed(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let held = Held { len, untouched: len, pages: BTreeMap::new(), steps: Vec::new() };
        Ok(Self { file, held: Mutex::new(Some(held)) })
    }

    /// Writes what was held back. In order, so that a crash on the way leaves what a crash of redb
    /// would have left.
    pub(super) fn open(&self) -> io::Result<()> {
        let Some(held) = self.lock().take() else { return Ok(()) };
        for step in held.steps {
            match step {
                Step::Write(offset, data) => self.file.write_all_at(&data, offset)?,
                Step::SetLen(len) => self.file.set_len(len)?,
                Step::Sync => self.file.sync_data()?,
            }
        }
        self.file.sync_data()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn read(&self, file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len() as u64);
        if self.len < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_file(file, offset, out)?;
        for (number, part, within) in parts(offset, out.len()) {
            let Some(page) = self.pages.get(&number) else { continue };
            if let (Some(out), Some(page)) = (out.get_mut(part), page.get(within)) {
                out.copy_from_slice(page);
            }
        }
        Ok(())
    }

    /// Reads what is in the file; what is not reads as zeros.
    fn read_file(&self, file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = self.untouched.saturating_sub(offset);
        let there = usize::try_from(there).unwrap_or(usize::MAX).min(out.len());
        let (there, beyond) = out.split_at_mut(there);
        beyond.fill(0);
        file.read_exact_at(there, offset)
    }

    fn write(&mut self, file: &File, offset: u64, data: &[u8]) -> io::Result<()> {
        for (number, part, within) in parts(offset, data.len()) {
            if !self.pages.contains_key(&number) {
                let mut page = vec![0; PAGE];
                self.read_file(file, number * PAGE as u64, &mut page)?;
                self.pages.insert(number, page);
            }
            let page = self.pages.get_mut(&number).and_then(|page| page.get_mut(within));
            if let (Some(page), Some(data)) = (page, data.get(part)) {
                page.copy_from_slice(data);
            }
        }
        self.len = self.len.max(offset + data.len() as u64);
        self.steps.push(Step::Write(offset, data.to_vec()));
        Ok(())
    }

    fn set_len(&mut self, len: u64) {
        self.untouched = self.untouched.min(len);
        self.pages.retain(|number, _| number * (PAGE as u64) < len);
        let kept = usize::try_from(len % PAGE as u64).unwrap_or_default();
        if let Some(page) = self.pages.get_mut(&(len / PAGE as u64)) {
            page.iter_mut().skip(kept).for_each(|byte| *byte = 0);
        }
        self.len = len;
        self.steps.push(Step::SetLen(len));
    }
}

/// The pages that `len` bytes at `offset` touch: which, which of the bytes, where in the page.
fn parts(
    offset: u64,
    len: usize,
) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if len <= done {
            return None;
        }
        let at = offset + done as u64;
        let start = usize::try_from(at % PAGE as u64).unwrap_or_default();
        let count = (PAGE - start).min(len - done);
        let part = (at / PAGE as u64, done..done + count, start..start + count);
        done += count;
        Some(part)
    })
}

impl redb::StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        match &*self.0.lock() {
            Some(held) => Ok(held.len),
            None => Ok(self.0.file.metadata()?.len()),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &*self.0.lock() {
            Some(held) => held.read(&self.0.file, offset, out),
            None => self.0.file.read_exact_at(out, offset),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        match &mut *self.0.lock() {
            Some(held) => {
                held.set_len(len);
                Ok(())
            }
            None => self.0.file.set_len(len),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        match &mut *self.0.lock() {
            Some(held) => {
                held.steps.push(Step::Sync);
                Ok(())
            }
            None => self.0.file.sync_data(),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &mut *self.0.lock() {
            Some(held) => held.write(&self.0.file, offset, data),
            None => self.0.file.write_all_at(data, offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::StorageBackend;

    fn all(backend: &Backend) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(backend.len().unwrap()).unwrap()];
        backend.read(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn behind_a_closed_gate_writes_are_seen_and_the_file_is_as_it_was() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let before: Vec<u8> = (0..10_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        std::fs::write(file.path(), &before).unwrap();
        let gate = Arc::new(Gate::closed(file.reopen().unwrap()).unwrap());
        let backend = Backend(Arc::clone(&gate));
        let mut expected = before.clone();
        backend.write(4_000, &[7; 5_000]).unwrap();
        expected[4_000..9_000].fill(7);
        backend.set_len(9_500).unwrap();
        backend.set_len(12_000).unwrap();
        expected.truncate(9_500);
        expected.resize(12_000, 0);
        backend.sync_data().unwrap();
        backend.write(11_000, &[9; 2_000]).unwrap();
        expected.resize(13_000, 0);
        expected[11_000..].fill(9);
        assert_eq!(all(&backend), expected);
        assert_eq!(std::fs::read(file.path()).unwrap(), before);
        gate.open().unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), expected);
        assert_eq!(all(&backend), expected);
    }

    #[test]
    fn what_is_cut_off_and_added_again_is_zeros() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [5; 9_000]).unwrap();
        let backend = Backend(Arc::new(Gate::closed(file.reopen().unwrap()).unwrap()));
        backend.write(0, &[6; 9_000]).unwrap();
        backend.set_len(100).unwrap();
        backend.set_len(9_000).unwrap();
        let bytes = all(&backend);
        assert!(bytes[..100].iter().all(|byte| *byte == 6));
        assert!(bytes[100..].iter().all(|byte| *byte == 0));
    }
}
