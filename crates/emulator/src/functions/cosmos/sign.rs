//! The signature that a request to Cosmos DB carries.

use base64::{DecodeError, Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use std::{fmt, str::FromStr};

/// An account key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(Vec<u8>);

/// A text is not an account key.
#[derive(Debug, thiserror::Error)]
#[error("the account key is not base64")]
pub(crate) struct KeyError(#[source] DecodeError);

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        BASE64_STANDARD.decode(text.trim()).map(Self).map_err(KeyError)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// The key that every local emulator has; it is public.
    pub(crate) fn emulator() -> Self {
        Self(BASE64_STANDARD.decode(EMULATOR_KEY).unwrap_or_default())
    }

    /// The value of `authorization`, for a request dated `date`.
    ///
    /// `link` names the resource by its decoded path: the item, or for a feed its parent.
    pub(crate) fn authorization(&self, verb: &str, kind: &str, link: &str, date: &str) -> String {
        let text = format!("{}\n{kind}\n{link}\n{}\n\n", verb.to_lowercase(), date.to_lowercase());
        // An HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(text.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let token = format!("type=master&ver=1.0&sig={signature}");
        utf8_percent_encode(&token, ESCAPED).to_string()
    }
}

/// Documented by Microsoft for every emulator; it protects nothing.
const EMULATOR_KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";
/// The signature is base64, whose `+`, `/` and `=` must be escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of Microsoft's "Access control on Cosmos DB resources".
    #[test]
    fn the_documented_example_is_reproduced() {
        let key: Key =
            "dsZQi3KtZmCv1ljt3VNWNm7sQUF1y5rJfC6kv5JiwvW0EndXdDku/dkKBp8/ufDToSxLzR4y+O/0H/t4bQtVNw=="
                .parse()
                .unwrap();
        assert_eq!(
            key.authorization("GET", "dbs", "dbs/ToDoList", "Thu, 27 Apr 2017 00:51:12 GMT"),
            "type%3Dmaster%26ver%3D1.0%26sig%3Dc09PEVJrgp2uQRkr934kFbTqhByc7TVr3OHyqlu%2Bc%2Bc%3D"
        );
    }

    #[test]
    fn a_key_is_never_shown() {
        assert_eq!(format!("{:?}", Key::emulator()), "Key(…)");
    }
}
