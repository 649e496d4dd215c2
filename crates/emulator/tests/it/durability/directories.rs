//! A directory that cannot be used is named, with what to do about it, and is left as it was.

use super::{Orders, PATIENCE, args, command, kill, start};
use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};
use tokio::time::timeout;

/// Every file below a path with its content.
fn snapshot(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    if path.is_file() {
        return BTreeMap::from([(path.to_owned(), fs::read(path).expect("a file"))]);
    }
    let entries = fs::read_dir(path).expect("a folder");
    entries.flat_map(|entry| snapshot(&entry.expect("an entry").path())).collect()
}

/// Starts on a path that cannot be used; answers what is said of it.
async fn refused(path: &Path) -> String {
    let before = snapshot(path);
    let output = command(&args(path)).kill_on_drop(true).output();
    let output = timeout(PATIENCE, output).await.expect("it ends").expect("it runs");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(path.to_str().expect("text")), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    assert_eq!(String::from_utf8(output.stdout).expect("text"), "");
    assert!(snapshot(path) == before, "it was touched: {told}");
    told
}

/// A store with one order in it.
async fn used(path: &Path) {
    let emulator = start(path).await;
    let created = Orders::of(&emulator).create("kept", "x").await;
    assert_eq!(created, Some(201));
    kill(emulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_something_else_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt");
    fs::write(&file, "mine").expect("written");
    assert!(refused(&file).await.contains("is a file"));
    let told = refused(folder.path()).await;
    assert!(told.contains("notes.txt") && told.contains("name an empty directory"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_use_is_refused_and_its_user_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("made/by/itself");
    let emulator = start(&data).await;
    let orders = Orders::of(&emulator);
    assert_eq!(orders.create("before", "x").await, Some(201));
    assert!(refused(&data).await.contains("in use by another emulator"));
    assert_eq!(orders.create("after", "x").await, Some(201));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_refused_and_a_restored_one_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    used(folder.path()).await;
    let file = folder.path().join("store.redb");
    let good = fs::read(&file).expect("a file");
    // Wherever it is: a page that a later write left behind is read by nobody.
    let mut bad = good.clone();
    for (at, _) in good.windows(6).enumerate().filter(|(_, part)| *part == b"\"kept\"") {
        bad[at] ^= 0xFF;
    }
    assert_ne!(bad, good, "the order's id is in the file");
    for damaged in [&bad[..], &good[..good.len() / 2], b"something else altogether"] {
        fs::write(&file, damaged).expect("written");
        let told = refused(folder.path()).await;
        assert!(told.contains("is damaged") && told.contains("restore it"), "{told}");
    }
    fs::write(&file, &good).expect("written");
    let emulator = start(folder.path()).await;
    let orders = Orders::of(&emulator);
    let found = orders.of_key(("GET", "kept"), "kept", &serde_json::Value::Null).await;
    assert_eq!(found.expect("an answer").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_format_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    used(folder.path()).await;
    // As the next format would write it.
    let head = "azure-emulator store, format 3, commit 00000000000000000001";
    let check = <sha2::Sha256 as sha2::Digest>::digest(head);
    let check = u64::from_be_bytes(*check.first_chunk().expect("32 bytes"));
    let head = format!("{head}, check {check:016x}\n");
    fs::write(folder.path().join("HEAD"), head).expect("written");
    assert!(refused(folder.path()).await.contains("store format 3"));
}
