//! The address of an account: https, or http on this machine only.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use url::{Host, Url};

/// Where an account answers: a scheme, a host and a port, and nothing else. Cheap to
/// clone: every attempt names one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Arc<Url>);

/// Why a text is not the address of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL at all.
    #[error("is not a URL; write https://<account>.documents.azure.com")]
    NotAUrl(#[source] url::ParseError),
    /// Plain http would carry data and signatures in the clear.
    #[error("must start with https:// (http:// serves only for localhost and 127.0.0.1)")]
    NotHttps,
    /// User, path, query or fragment: none of them belongs to an account.
    #[error("must be the account alone, as in https://<account>.documents.azure.com")]
    MoreThanAnAccount,
}

impl Endpoint {
    /// Whether traffic to it stays on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => false,
        }
    }

    /// Its host name, without a port.
    pub(crate) fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    /// Whether it is reached by plain http (then it is on this machine).
    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address of one path below the account; `path` is percent-encoded already.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = Url::clone(&self.0);
        url.set_path(path);
        url
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text.trim()).map_err(EndpointError::NotAUrl)?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        let endpoint = Self(Arc::new(url));
        match endpoint.0.scheme() {
            "https" => {}
            "http" if endpoint.is_loopback() => {}
            _ => return Err(EndpointError::NotHttps),
        }
        if bare { Ok(endpoint) } else { Err(EndpointError::MoreThanAnAccount) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        text.parse::<Endpoint>().expect_err(text).to_string()
    }

    #[test]
    fn an_account_is_taken_with_and_without_slash() {
        for text in ["https://a.documents.azure.com", "https://a.documents.azure.com:443/"] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), "https://a.documents.azure.com");
            assert!(!endpoint.is_loopback());
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for text in ["http://127.0.0.1:8081", "http://localhost:8081/", "http://[::1]:8081"] {
            assert!(text.parse::<Endpoint>().unwrap().is_loopback(), "{text}");
        }
        assert!(refused("http://a.documents.azure.com").contains("https://"));
        assert!(refused("http://localhost.example.com").contains("https://"));
        assert!(refused("ftp://127.0.0.1").contains("https://"));
    }

    #[test]
    fn anything_beside_the_account_is_refused() {
        for text in ["https://a/dbs/x", "https://u:p@a", "https://a/?x=1", "https://a/#x"] {
            assert!(refused(text).contains("account alone"), "{text}");
        }
        assert!(refused("a.documents.azure.com").contains("not a URL"));
    }

    #[test]
    fn a_path_hangs_below_the_account() {
        let endpoint: Endpoint = "http://127.0.0.1:8081".parse().unwrap();
        assert_eq!(endpoint.at("/dbs/a%20b").as_str(), "http://127.0.0.1:8081/dbs/a%20b");
    }
}
