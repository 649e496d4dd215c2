//! A zip whose bytes depend on nothing but what it holds: sorted names, one fixed time, made by Unix.

use anyhow::{Context, Result, bail};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// A file of a zip.
#[derive(Debug)]
pub(crate) struct Entry {
    /// From the root, with forward slashes.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_executable: bool,
}

/// Zips the files.
pub(crate) fn zip(mut entries: Vec<Entry>) -> Result<Vec<u8>> {
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for Entry { name, bytes, is_executable } in entries {
        if name.contains('\\') || name.starts_with('/') {
            bail!(
                "{name} is no name for a file of a zip; right would be forward slashes from the root"
            );
        }
        // The package may be mounted read-only: the host cannot set the bit afterwards.
        let mode = if is_executable { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .system(System::Unix)
            .unix_permissions(mode);
        writer.start_file(&name, options).with_context(|| format!("cannot zip {name}"))?;
        writer.write_all(&bytes).with_context(|| format!("cannot zip {name}"))?;
    }
    Ok(writer.finish().context("cannot end the zip")?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use zip::ZipArchive;

    fn entry(name: &str, text: &str, is_executable: bool) -> Entry {
        Entry { name: name.into(), bytes: text.into(), is_executable }
    }

    fn entries() -> Vec<Entry> {
        vec![
            entry("relay", &"ELF".repeat(10_000), true),
            entry("Sweep/function.json", "{}", false),
            entry("host.json", "{\"version\":\"2.0\"}", false),
        ]
    }

    #[test]
    fn the_same_files_in_any_order_make_the_same_bytes() {
        let mut turned = entries();
        turned.reverse();
        assert_eq!(zip(entries()).unwrap(), zip(turned).unwrap());
    }

    #[test]
    fn files_lie_at_the_root_and_the_handler_may_be_run() {
        let mut archive = ZipArchive::new(Cursor::new(zip(entries()).unwrap())).unwrap();
        let mut seen = Vec::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            assert_eq!(file.system(), System::Unix);
            assert_eq!(file.last_modified(), Some(DateTime::default()));
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            let mode = file.unix_mode().unwrap() & 0o777;
            seen.push((file.name().unwrap().into_owned(), mode, bytes.len()));
        }
        let expected =
            [("Sweep/function.json", 0o644, 2), ("host.json", 0o644, 17), ("relay", 0o755, 30_000)];
        assert_eq!(seen, expected.map(|(name, mode, size)| (name.to_owned(), mode, size)));
    }

    #[test]
    fn a_name_that_windows_would_write_is_refused() {
        for name in [r"Sweep\function.json", "/host.json"] {
            zip(vec![entry(name, "", false)]).unwrap_err();
        }
    }
}
