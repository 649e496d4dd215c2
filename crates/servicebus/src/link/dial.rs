//! Opening the stream, and AMQP on it.
//!
//! We open the stream ourselves: fe2o3-amqp leaves Nagle's algorithm on (45 messages a second
//! instead of thousands, measured), and brings its own set of root certificates.

use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::Connection;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp_ws::WebSocketStream;
use fe2o3_amqp_ws::native::TokioWebSocketStream;
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Trouble;
use crate::account::Account;
use crate::credential::Login;
use crate::namespace::{Namespace, Transport};

/// Connects to the namespace and opens AMQP on the stream.
pub(super) async fn dial(
    account: &Account,
    silence_max: Duration,
) -> Result<ConnectionHandle<()>, Trouble> {
    let namespace = account.namespace();
    let as_whom = profile(account.credential().as_login());
    let unreachable = |cause| Trouble::unreachable(namespace, cause);
    let tcp =
        TcpStream::connect((namespace.host(), namespace.port())).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    match namespace.transport() {
        Transport::Plain => open(namespace, tcp, as_whom, silence_max).await,
        Transport::Tls => {
            let tls = encrypt(namespace, tcp, trust_of_platform(namespace)?).await?;
            open(namespace, tls, as_whom, silence_max).await
        }
        Transport::WebSockets => {
            let tls = encrypt(namespace, tcp, trust_of_platform(namespace)?).await?;
            open(namespace, upgrade(namespace, tls).await?, as_whom, silence_max).await
        }
    }
}

/// Without a login ANONYMOUS: who we are is told by the token that follows on `$cbs`.
fn profile(login: Option<&Login>) -> SaslProfile {
    match login {
        None | Some(Login::Anonymous) => SaslProfile::Anonymous,
        Some(Login::Plain { user, password }) => {
            SaslProfile::Plain { username: user.clone(), password: password.clone() }
        }
    }
}

async fn open<Io>(
    namespace: &Namespace,
    stream: Io,
    as_whom: SaslProfile,
    silence_max: Duration,
) -> Result<ConnectionHandle<()>, Trouble>
where
    Io: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin + 'static,
{
    let silence_max = u32::try_from(silence_max.as_millis()).unwrap_or(u32::MAX);
    let opened = Connection::builder()
        .container_id(format!("outbox-{:016x}", fastrand::u64(..)))
        .hostname(namespace.host())
        .scheme("amqp")
        .sasl_profile(as_whom)
        .idle_time_out(silence_max)
        .open_with_stream(stream);
    Ok(Box::pin(opened).await?)
}

/// Whom the platform trusts: an operator adds an authority there, and nowhere else.
fn trust_of_platform(namespace: &Namespace) -> Result<ClientConfig, Trouble> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| Trouble::untrusted(namespace, error))?;
    Ok(config.with_no_client_auth())
}

async fn encrypt(
    namespace: &Namespace,
    tcp: TcpStream,
    trust: ClientConfig,
) -> Result<TlsStream<TcpStream>, Trouble> {
    let name = ServerName::try_from(namespace.host().to_owned())
        .map_err(|error| Trouble::untrusted(namespace, error))?;
    let connected = TlsConnector::from(Arc::new(trust)).connect(name, tcp).await;
    connected.map_err(|error| {
        let refused = matches!(error.get_ref(), Some(cause) if cause.is::<rustls::Error>());
        if refused {
            Trouble::untrusted(namespace, error)
        } else {
            Trouble::unreachable(namespace, error)
        }
    })
}

/// From HTTPS to AMQP in WebSocket frames, where the service serves it.
async fn upgrade<Io>(
    namespace: &Namespace,
    stream: Io,
) -> Result<WebSocketStream<TokioWebSocketStream<Io>>, Trouble>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let address = format!("wss://{namespace}/$servicebus/websocket");
    WebSocketStream::connect_with_stream(address, stream)
        .await
        .map_err(|error| Trouble::unreachable(namespace, std::io::Error::other(error)))
}

#[cfg(test)]
mod tests;
