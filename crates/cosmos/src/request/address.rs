//! Names on the way to a document: once as they are signed, once as a path carries them.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::failure::Invalid;

/// The name of a database or a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerName(String);

/// Why a text names no database or container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 characters without / \\ ? # and without a space at its end")]
pub struct NameError;

/// A container by the names of its database and itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    link: String,
    path: String,
}

impl Address {
    pub(crate) fn new(database: &ContainerName, container: &ContainerName) -> Self {
        let link = format!("dbs/{database}/colls/{container}");
        let path = format!("/dbs/{}/colls/{}", encoded(&database.0), encoded(&container.0));
        Self { link, path }
    }

    /// As it is signed: decoded.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// As a path carries it: percent-encoded.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Path and link of a document.
    pub(crate) fn document(&self, id: &str) -> (String, String) {
        (format!("{}/docs/{}", self.path, encoded(id)), format!("{}/docs/{id}", self.link))
    }
}

/// An id that the service takes and a path can carry. `.` and `..` are steps in a path,
/// however they are encoded.
pub(crate) fn checked_id(id: &str) -> Result<&str, Invalid> {
    let fits = (1..=ID_BYTES_MAX).contains(&id.len());
    let clean = !id.contains(FORBIDDEN) && !id.chars().any(char::is_control);
    if fits && clean && id != "." && id != ".." {
        Ok(id)
    } else {
        Err(Invalid::Id(id.chars().take(ID_BYTES_MAX).collect()))
    }
}

fn encoded(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

impl FromStr for ContainerName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.ends_with(' ') || NAME_CHARS_MAX < text.chars().count() {
            return Err(NameError);
        }
        checked_id(text).map(|name| Self(name.to_owned())).map_err(|_| NameError)
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All but the characters that RFC 3986 leaves unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const FORBIDDEN: [char; 4] = ['/', '\\', '?', '#'];
/// The limit of the service.
const ID_BYTES_MAX: usize = 1023;
/// The limit of the service.
const NAME_CHARS_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_encoded_in_the_path_and_plain_in_the_link() {
        let at = Address::new(&"my shop".parse().unwrap(), &"orders".parse().unwrap());
        let (path, link) = at.document("a b+ü%.1");
        assert_eq!(path, "/dbs/my%20shop/colls/orders/docs/a%20b%2B%C3%BC%25.1");
        assert_eq!(link, "dbs/my shop/colls/orders/docs/a b+ü%.1");
    }

    #[test]
    fn ids_that_no_path_carries_are_refused() {
        for id in ["", "a/b", "a\\b", "a?b", "a#b", ".", "..", "a\nb"] {
            assert!(checked_id(id).is_err(), "{id:?}");
        }
        assert!(checked_id(&"x".repeat(1024)).is_err());
        assert!(checked_id(&"x".repeat(1023)).is_ok());
        assert!(checked_id("A-17.3_x").is_ok());
    }

    #[test]
    fn names_follow_the_rules_of_ids_and_are_shorter() {
        assert!("orders".parse::<ContainerName>().is_ok());
        for name in ["", "a/b", "orders ", &"x".repeat(256)] {
            assert_eq!(name.parse::<ContainerName>(), Err(NameError), "{name:?}");
        }
    }
}
