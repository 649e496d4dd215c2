//! The account key and the signature it makes.
//!
//! Five lines are signed: verb, resource type, resource link, date, and an empty one.
//! All are lower case except the link. The signature holds for 15 minutes from the date,
//! so every attempt is signed anew with the instant of that attempt.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use jiff::Timestamp;
use sha2::Sha256;

/// An account key, ready to sign.
#[derive(Clone)]
pub struct MasterKey {
    mac: Hmac<Sha256>,
    public: bool,
}

/// Why a text is not an account key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Keys are base64, as the portal shows them.
    #[error("is not base64; copy the primary or secondary key of the account whole")]
    NotBase64,
    /// A key of other length was cut or is something else.
    #[error("has {0} bytes where an account key has {KEY_BYTES}")]
    WrongLength(usize),
}

/// What a signature is over, apart from the date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToSign<'a> {
    /// The verb.
    pub(crate) method: &'a Method,
    /// `docs`, `colls`, `pkranges`, … or nothing for the account.
    pub(crate) resource: &'a str,
    /// The names from the database down, decoded, without a leading slash.
    pub(crate) link: &'a str,
}

/// An instant as HTTP writes it: `Mon, 23 Nov 2026 20:24:24 GMT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Date(String);

impl MasterKey {
    /// Whether this is the key that every emulator shares and everybody knows.
    pub fn is_public(&self) -> bool {
        self.public
    }

    /// The `authorization` header of one attempt.
    pub(crate) fn sign(&self, what: ToSign<'_>, date: &Date) -> String {
        let mut text = String::with_capacity(what.link.len() + 64);
        text.push_str(what.method.as_str());
        text.make_ascii_lowercase();
        text.push('\n');
        text.push_str(what.resource);
        text.push('\n');
        text.push_str(what.link);
        text.push('\n');
        text.extend(date.0.chars().map(|c| c.to_ascii_lowercase()));
        text.push_str("\n\n");
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        percent_encoded(&signature)
    }
}

/// Base64 has three characters that a URL component does not.
fn percent_encoded(signature: &str) -> String {
    let mut header = String::with_capacity(PREFIX.len() + signature.len() + 12);
    header.push_str(PREFIX);
    for c in signature.chars() {
        match c {
            '+' => header.push_str("%2B"),
            '/' => header.push_str("%2F"),
            '=' => header.push_str("%3D"),
            other => header.push(other),
        }
    }
    header
}

impl FromStr for MasterKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = BASE64_STANDARD.decode(text.trim()).map_err(|_| KeyError::NotBase64)?;
        if key.len() != KEY_BYTES {
            return Err(KeyError::WrongLength(key.len()));
        }
        let mac = Hmac::new_from_slice(&key).map_err(|_| KeyError::WrongLength(key.len()))?;
        Ok(Self { mac, public: text.trim() == PUBLIC_KEY })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl Date {
    /// The date line of an instant.
    pub(crate) fn of(now: Timestamp) -> Self {
        // No clock of a machine that runs this stands before 1970 or beyond the year 9999.
        let since = u64::try_from(now.as_second()).unwrap_or_default();
        Self(httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(since)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `type=master&ver=1.0&sig=`, percent-encoded as the whole header is.
const PREFIX: &str = "type%3Dmaster%26ver%3D1.0%26sig%3D";
const KEY_BYTES: usize = 64;
/// Published in the documentation of the emulator; it opens nothing else.
const PUBLIC_KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

#[cfg(test)]
mod tests {
    use super::*;

    fn date() -> Date {
        Date::of("2017-04-27T00:51:12Z".parse().unwrap())
    }

    #[test]
    fn the_date_is_http_s() {
        assert_eq!(date().as_str(), "Thu, 27 Apr 2017 00:51:12 GMT");
    }

    /// The worked example of the reference documentation of the REST interface.
    #[test]
    fn the_documented_example_comes_out() {
        let key: MasterKey = "dsZQi3KtZmCv1ljt3VNWNm7sQUF1y5rJfC6kv5JiwvW0EndXdDku/dkKBp8/ufDToSxLzR4y+O/0H/t4bQtVNw=="
            .parse()
            .unwrap();
        let what = ToSign { method: &Method::GET, resource: "dbs", link: "dbs/ToDoList" };
        assert_eq!(
            key.sign(what, &date()),
            "type%3Dmaster%26ver%3D1.0%26sig%3Dc09PEVJrgp2uQRkr934kFbTqhByc7TVr3OHyqlu%2Bc%2Bc%3D"
        );
    }

    #[test]
    fn another_instant_makes_another_signature() {
        let key: MasterKey = PUBLIC_KEY.parse().unwrap();
        let what = ToSign { method: &Method::POST, resource: "docs", link: "dbs/d/colls/c" };
        let later = Date::of("2017-04-27T00:51:13Z".parse().unwrap());
        assert_ne!(key.sign(what, &date()), key.sign(what, &later));
    }

    #[test]
    fn what_is_no_key_says_so() {
        assert_eq!("not a key".parse::<MasterKey>().unwrap_err(), KeyError::NotBase64);
        assert_eq!("AAAA".parse::<MasterKey>().unwrap_err(), KeyError::WrongLength(3));
    }

    #[test]
    fn the_public_key_is_known_and_none_is_printed() {
        let key: MasterKey = PUBLIC_KEY.parse().unwrap();
        assert!(key.is_public());
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }
}
