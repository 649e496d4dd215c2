//! Shared access signatures: a pure function of key, audience and expiry.
//!
//! `SharedAccessSignature sr=<audience>&sig=<base64 HMAC-SHA256(key, sr "\n" se)>&se=<unix
//! seconds>&skn=<key name>`, each value percent-encoded.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

/// A named key of a namespace or an entity. Shows only its name.
#[derive(Clone)]
pub(crate) struct SharedKey {
    name: String,
    key: String,
}

/// Everything but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl SharedKey {
    pub(crate) fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into() }
    }

    /// The token that opens `audience` until `expiry`, in unix seconds.
    pub(crate) fn token(&self, audience: &str, expiry: i64) -> String {
        let resource = utf8_percent_encode(audience, RESERVED).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(format!("{resource}\n{expiry}").as_bytes());
        let signature = BASE64.encode(mac.finalize().into_bytes());
        let signature = utf8_percent_encode(&signature, RESERVED);
        let name = utf8_percent_encode(&self.name, RESERVED);
        format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={name}")
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedKey({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_pinned() {
        let key = SharedKey::new("RootManageSharedAccessKey", "SAS_KEY_VALUE");
        let token = key.token("sb://contoso.servicebus.windows.net/orders", 1_700_000_000);
        assert_eq!(token, GOLDEN);
    }

    #[test]
    fn every_part_of_the_request_changes_the_signature() {
        let token = |key: &str, audience, expiry| SharedKey::new("n", key).token(audience, expiry);
        let signature = |token: String| {
            token.split('&').find(|part| part.starts_with("sig=")).map(str::to_owned).unwrap()
        };
        let one = signature(token("k", "sb://x/a", 1));
        for other in
            [token("l", "sb://x/a", 1), token("k", "sb://x/b", 1), token("k", "sb://x/a", 2)]
        {
            assert_ne!(one, signature(other));
        }
    }

    #[test]
    fn an_odd_key_name_is_escaped() {
        assert!(SharedKey::new("a b&c", "k").token("x", 1).ends_with("&skn=a%20b%26c"));
    }

    /// Made with Python's `hmac`, `hashlib`, `base64` and `urllib.parse.quote(…, safe="")`.
    const GOLDEN: &str = "SharedAccessSignature sr=sb%3A%2F%2Fcontoso.servicebus.windows.net%2Forders\
        &sig=84rPUAG2IdYOoTefxrM3dGTAUltSBOtwT0Pxhv9eBCA%3D\
        &se=1700000000&skn=RootManageSharedAccessKey";
}
