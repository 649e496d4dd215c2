//! Function keys: what a request must bring when the host is told to ask for them.

use super::load::AuthLevel;
use http::{Request, Uri};
use sha2::{Digest, Sha256};
use std::fmt;

/// The keys of one host. Without any, every request is let in, as with `func start`.
#[derive(Clone, Default)]
pub struct Keys {
    /// Opens everything, the admin routes too.
    pub master: Option<String>,
    /// Opens functions whose `authLevel` is `function`.
    pub function: Option<String>,
}

impl Keys {
    /// Whether the request brings a key that opens `level`.
    pub(crate) fn open<B>(&self, level: AuthLevel, request: &Request<B>) -> bool {
        if self.master.is_none() && self.function.is_none() {
            return true;
        }
        let header = request.headers().get("x-functions-key").and_then(|key| key.to_str().ok());
        let given = header.map(str::to_owned).or_else(|| code(request.uri()));
        let is = |key: &Option<String>| {
            key.as_deref().zip(given.as_deref()).is_some_and(|(key, given)| same(key, given))
        };
        match level {
            AuthLevel::Anonymous => true,
            AuthLevel::Function => is(&self.function) || is(&self.master),
            AuthLevel::Admin => is(&self.master),
        }
    }
}

/// The query's `code`.
fn code(uri: &Uri) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.into_iter().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
}

/// Compares digests, so that the time taken tells nothing of the key.
fn same(key: &str, given: &str) -> bool {
    Sha256::digest(key) == Sha256::digest(given)
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("master", &self.master.is_some())
            .field("function", &self.function.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(level: AuthLevel, header: Option<&str>, uri: &str) -> bool {
        let keys = Keys { master: Some("m&1".into()), function: Some("f".into()) };
        let mut request = Request::get(uri);
        if let Some(key) = header {
            request = request.header("X-Functions-Key", key);
        }
        keys.open(level, &request.body(()).unwrap())
    }

    #[test]
    fn each_level_takes_its_keys() {
        for (level, none, function, master) in [
            (AuthLevel::Anonymous, true, true, true),
            (AuthLevel::Function, false, true, true),
            (AuthLevel::Admin, false, false, true),
        ] {
            let opened = [None, Some("f"), Some("m&1")].map(|key| opens(level, key, "/"));
            assert_eq!(opened, [none, function, master], "{level:?}");
        }
    }

    #[test]
    fn the_key_may_be_in_the_query() {
        assert!(opens(AuthLevel::Admin, None, "/api?x=1&code=m%261"));
        assert!(!opens(AuthLevel::Admin, None, "/api?code=wrong"));
    }

    #[test]
    fn without_keys_everything_is_open() {
        let request = Request::get("/").body(()).unwrap();
        assert!(Keys::default().open(AuthLevel::Admin, &request));
    }
}
