//! Where the namespace is, and how it is reached: parsed once, trusted afterwards.
//!
//! | given | transport | port |
//! |---|---|---|
//! | host name, or a connection string | AMQP over TLS | 5671 |
//! | `wss://host`, or `TransportType=AmqpWebSockets` | AMQP over WebSockets over TLS | 443 |
//! | `UseDevelopmentEmulator=true`, loopback only | plain AMQP | 5672 |
//! | an address of this machine | plain AMQP | its own |

use std::fmt;
use std::net::{IpAddr, SocketAddr};

mod connection_string;
mod problem;

pub(crate) use connection_string::parse as parse_connection_string;
pub use problem::{Problem, Problems};

/// A Service Bus namespace: its host, its port and the way there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    host: String,
    port: Option<u16>,
    transport: Transport,
}

/// How AMQP travels to the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Unencrypted: only to an emulator on this machine.
    Plain,
    /// TLS, the default.
    Tls,
    /// WebSockets over TLS, for networks that let nothing but HTTPS out.
    WebSockets,
}

impl Transport {
    /// The port that the service listens on for this transport.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Plain => 5672,
            Self::Tls => 5671,
            Self::WebSockets => 443,
        }
    }
}

impl Namespace {
    /// The longest host name that DNS allows.
    pub const HOST_BYTES_MAX: usize = 253;

    /// Parses what `SERVICEBUS_NAMESPACE` holds: a host name, or `wss://` and a host name, or the
    /// address and port of a local Azure on this machine.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the name, and what would be right.
    pub fn from_host(text: &str) -> Result<Self, Problem> {
        if let Ok(Ok(local)) = text.parse().map(Self::on_this_machine) {
            return Ok(local);
        }
        let (host, transport) = match text.strip_prefix("wss://") {
            Some(host) => (host.trim_end_matches('/'), Transport::WebSockets),
            None => (text, Transport::Tls),
        };
        let wrong = if host.contains("://") || host.contains('/') {
            "is an address"
        } else if host.contains(';') || host.contains('=') {
            "is a connection string, which belongs into SERVICEBUS_CONNECTION"
        } else if !is_host_name(host) {
            "is not a host name"
        } else if !host.contains('.') {
            "is not a full host name"
        } else {
            return Ok(Self { host: host.to_owned(), port: None, transport });
        };
        Err(Problem::new(
            "SERVICEBUS_NAMESPACE",
            format!("`{text}` {wrong}"),
            "the host name alone, like `contoso.servicebus.windows.net`",
        ))
    }

    /// A broker on this machine, reached without encryption.
    ///
    /// # Errors
    ///
    /// When the address is not a loopback address: whoever listens on the way would see all.
    pub fn on_this_machine(at: SocketAddr) -> Result<Self, Problem> {
        if at.ip().is_loopback() {
            let (host, port) = (at.ip().to_string(), Some(at.port()));
            return Ok(Self { host, port, transport: Transport::Plain });
        }
        let wrong = format!("`{at}` is not this machine, and plain AMQP would show it everything");
        Err(Problem::new("address", wrong, "a loopback address"))
    }

    /// The host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }

    /// How AMQP travels there.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// What a token for `entity` is asked for: the resource's address, in the form of the SDKs.
    pub(crate) fn audience(&self, entity: &str) -> String {
        format!("sb://{}/{entity}", self.authority())
    }

    fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.authority())
    }
}

fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= Namespace::HOST_BYTES_MAX && text.split('.').all(label)
}

pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_reached_over_tls() {
        let namespace = Namespace::from_host("contoso.servicebus.windows.net").unwrap();
        assert_eq!(namespace.transport(), Transport::Tls);
        assert_eq!(namespace.port(), 5671);
        assert_eq!(namespace.audience("orders"), "sb://contoso.servicebus.windows.net/orders");
    }

    #[test]
    fn a_wss_address_is_reached_over_websockets() {
        let namespace = Namespace::from_host("wss://contoso.servicebus.windows.net/").unwrap();
        assert_eq!(namespace.transport(), Transport::WebSockets);
        assert_eq!((namespace.host(), namespace.port()), ("contoso.servicebus.windows.net", 443));
    }

    #[test]
    fn a_wrong_host_name_is_named_with_what_would_be_right() {
        let cases = [
            ("", "is not a host name"),
            ("contoso", "is not a full host name"),
            ("sb://contoso.servicebus.windows.net/", "is an address"),
            ("contoso.servicebus.windows.net/orders", "is an address"),
            ("Endpoint=sb://x;SharedAccessKey=y", "is an address"),
            ("SharedAccessKeyName=x;SharedAccessKey=y", "is a connection string"),
            ("con toso.example", "is not a host name"),
            ("contoso..example", "is not a host name"),
            ("10.0.0.1:5672", "is not a host name"),
        ];
        for (text, wrong) in cases {
            let problem = Namespace::from_host(text).unwrap_err().to_string();
            assert!(problem.contains(wrong), "{text}: {problem}");
            assert!(problem.contains("contoso.servicebus.windows.net"), "{text}: {problem}");
        }
        assert!(Namespace::from_host(&format!("{}.example", "a".repeat(250))).is_err());
    }

    #[test]
    fn an_address_of_this_machine_is_a_local_azure() {
        let namespace = Namespace::from_host("127.0.0.1:7000").unwrap();
        assert_eq!((namespace.transport(), namespace.port()), (Transport::Plain, 7000));
    }

    #[test]
    fn plain_amqp_stays_on_this_machine() {
        let namespace = Namespace::on_this_machine("[::1]:7000".parse().unwrap()).unwrap();
        assert_eq!((namespace.transport(), namespace.port()), (Transport::Plain, 7000));
        let problem = Namespace::on_this_machine("10.0.0.1:5672".parse().unwrap()).unwrap_err();
        assert!(problem.to_string().contains("10.0.0.1:5672"), "{problem}");
    }

    #[test]
    fn loopback_is_told_from_the_network() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["0.0.0.0", "10.0.0.1", "localhost.example", "example"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
