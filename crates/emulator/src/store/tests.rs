//! A store is opened, written, closed and opened again; what is not one is left as it was.

use super::*;
use std::{collections::BTreeMap, fs, path::PathBuf};

type Found = BTreeMap<Vec<u8>, Vec<u8>>;

fn items(rows: &Rows) -> Found {
    let mut found = Found::new();
    let taken = rows.each(Table::Items, |key, value| {
        found.insert(key.to_vec(), value.to_vec());
        Ok(())
    });
    taken.unwrap();
    found
}

fn put(number: u64, value: &[u8]) -> Change {
    Change::Put(Table::Items, key::two(1, number), value.to_vec())
}

/// A store with some rows, written in several commits and closed in order.
async fn filled(path: &Path) {
    let store = Opened::at(path).unwrap().start().unwrap();
    for number in 0..20 {
        store.journal.append([put(number, &[7; 900])]);
        store.journal.settled().await.unwrap();
    }
}

fn snapshot(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Why the directory is refused; it is as before then.
fn refused(path: &Path) -> String {
    let before = snapshot(path);
    let error = Opened::at(path).unwrap_err();
    assert_eq!(snapshot(path), before, "{error}");
    error.to_string()
}

#[tokio::test]
async fn what_is_settled_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/deep");
    filled(&path).await;
    let store = Opened::at(&path).unwrap();
    assert_eq!(items(store.rows()).len(), 20);
    let store = store.start().unwrap();
    store.journal.append([Change::Clear(Table::Items, key::one(1)), put(3, b"x")]);
    drop(store);
    let expected = Found::from([(key::two(1, 3), b"x".to_vec())]);
    assert_eq!(items(Opened::at(&path).unwrap().rows()), expected);
}

#[tokio::test]
async fn a_start_that_came_to_nothing_leaves_a_new_directory() {
    let folder = tempfile::tempdir().unwrap();
    drop(Opened::at(folder.path()).unwrap());
    drop(Opened::at(folder.path()).unwrap().start().unwrap());
    filled(folder.path()).await;
    assert_eq!(items(Opened::at(folder.path()).unwrap().rows()).len(), 20);
}

#[tokio::test]
async fn a_directory_in_use_is_not_opened_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = Opened::at(folder.path()).unwrap().start().unwrap();
    store.journal.append([put(1, b"x")]);
    store.journal.settled().await.unwrap();
    assert!(matches!(Opened::at(folder.path()), Err(OpenError::InUse)));
}

#[test]
fn what_is_no_store_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "mine").unwrap();
    assert!(matches!(Opened::at(&file), Err(OpenError::File)));
    assert!(refused(folder.path()).contains("notes.txt"));
    fs::write(folder.path().join("HEAD"), "ref: refs/heads/main\n").unwrap();
    assert!(refused(folder.path()).contains("holds something else"));
}

#[tokio::test]
async fn a_store_without_its_files_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let [head, store] = ["HEAD", "store.redb"].map(|name| folder.path().join(name));
    let (head_bytes, store_bytes) = (fs::read(&head).unwrap(), fs::read(&store).unwrap());
    fs::remove_file(&store).unwrap();
    assert!(refused(folder.path()).contains("store.redb is missing"));
    fs::write(&store, &store_bytes[..0]).unwrap();
    assert!(refused(folder.path()).contains("is damaged"));
    fs::write(&store, &store_bytes[..store_bytes.len() / 2]).unwrap();
    assert!(refused(folder.path()).contains("is damaged"));
    fs::write(&store, &store_bytes).unwrap();
    fs::write(&head, &head_bytes[..10]).unwrap();
    refused(folder.path());
    fs::write(&head, "").unwrap();
    assert!(refused(folder.path()).contains("is damaged"));
    fs::remove_file(&head).unwrap();
    assert!(refused(folder.path()).contains("store.redb"));
}

/// Wherever a byte is flipped: either nothing that was acknowledged is touched by it, or the store
/// is refused and left alone. Never is anything missing without a word.
#[tokio::test]
async fn a_flipped_byte_never_takes_anything_away_silently() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let file = folder.path().join("store.redb");
    let good = fs::read(&file).unwrap();
    let whole = items(Opened::at(folder.path()).unwrap().rows());
    let header = 0..400;
    let pages = (0..good.len()).step_by(4096).map(|page| page + 4096 / 3);
    let mut refusals = 0;
    for at in header.chain(pages).filter(|at| *at < good.len()) {
        let mut bytes = good.clone();
        bytes[at] ^= 0xFF;
        fs::write(&file, &bytes).unwrap();
        match Opened::at(folder.path()) {
            Ok(store) => assert_eq!(items(store.rows()), whole, "byte {at}"),
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged(_)), "byte {at}: {error}");
                refusals += 1;
            }
        }
        assert_eq!(fs::read(&file).unwrap(), bytes, "byte {at}");
    }
    assert!(10 < refusals, "{refusals}");
}
