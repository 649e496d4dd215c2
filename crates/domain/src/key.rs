//! The id of an aggregate.

use std::fmt;
use std::str::FromStr;

/// The id of an aggregate: its partition key at rest, the session id of its messages.
///
/// 1 to [`Key::LEN_MAX`] characters of `[A-Za-z0-9._-]`, but neither `.` nor `..`: what Cosmos DB
/// takes as an id, what Service Bus takes as a session id, and what stands in a path as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

impl Key {
    /// The most characters a key may have. With a dot and a sequence behind it the message id
    /// stays below Service Bus' 128 characters.
    pub const LEN_MAX: usize = 64;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if let Some(wrong) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(KeyError::Character(wrong));
        }
        if Self::LEN_MAX < text.len() {
            return Err(KeyError::TooLong { len: text.len() });
        }
        if matches!(text, "." | "..") {
            return Err(KeyError::DotSegment);
        }
        Ok(Self(text.into()))
    }
}

impl From<uuid::Uuid> for Key {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string().into_boxed_str())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing there.
    #[error("is empty; give 1 to {} characters of A-Z a-z 0-9 . _ -", Key::LEN_MAX)]
    Empty,
    /// Longer than [`Key::LEN_MAX`].
    #[error("has {len} characters; at most {} are allowed", Key::LEN_MAX)]
    TooLong {
        /// How many it has.
        len: usize,
    },
    /// A character outside the allowed set.
    #[error("has the character {0:?}; allowed are A-Z a-z 0-9 . _ -")]
    Character(char),
    /// `.` or `..`: every URL parser between here and the store drops such a segment.
    #[error("is . or .., which a path takes for a folder")]
    DotSegment,
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expect: Expect) {
        let said = match text.parse::<Key>() {
            Ok(key) => format!("key {key}"),
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn letters_digits_dot_underscore_and_hyphen_are_accepted() {
        check("Order_17.b-2", expect!["key Order_17.b-2"]);
    }

    #[test]
    fn empty_text_is_rejected() {
        check("", expect!["is empty; give 1 to 64 characters of A-Z a-z 0-9 . _ -"]);
    }

    #[test]
    fn sixty_four_characters_are_the_most() {
        assert!("x".repeat(64).parse::<Key>().is_ok());
        check(&"x".repeat(65), expect!["has 65 characters; at most 64 are allowed"]);
    }

    #[test]
    fn what_a_path_takes_for_a_folder_is_rejected() {
        check(".", expect!["is . or .., which a path takes for a folder"]);
        check("..", expect!["is . or .., which a path takes for a folder"]);
        assert!("...".parse::<Key>().is_ok());
    }

    #[test]
    fn what_a_path_or_cosmos_would_misread_is_rejected() {
        for wrong in ['/', '\\', '?', '#', ' ', '\n', '\0', '%', 'é', '注'] {
            assert_eq!(format!("a{wrong}b").parse::<Key>(), Err(KeyError::Character(wrong)));
        }
    }
}
