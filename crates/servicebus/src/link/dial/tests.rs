//! Streams against a peer of this process: TLS with a certificate of its own, and WebSockets.

use fe2o3_amqp::acceptor::{ConnectionAcceptor, SaslAnonymousMechanism};
use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::*;

const HOST: &str = "contoso.example";
const SILENCE: Duration = Duration::from_mins(1);

fn namespace() -> Namespace {
    Namespace::from_host(HOST).unwrap()
}

/// A server with a self-signed certificate for [`HOST`], and the trust in it.
fn certificate() -> (ServerConfig, ClientConfig) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, client)
}

async fn loopback() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    (near, far)
}

async fn serve_amqp<Io>(stream: Io)
where
    Io: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin + 'static,
{
    let acceptor = ConnectionAcceptor::builder()
        .container_id("peer")
        .sasl_acceptor(SaslAnonymousMechanism {})
        .build();
    let mut connection = acceptor.accept(stream).await.unwrap();
    let _ = connection.on_close().await;
}

#[tokio::test]
async fn amqp_opens_over_tls_with_a_trusted_peer() {
    let (server, trust) = certificate();
    let (near, far) = loopback().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let accepted = TlsAcceptor::from(Arc::new(server)).accept(far).await.unwrap();
        serve_amqp(accepted).await;
    });
    let stream = encrypt(&namespace(), near, trust).await.unwrap();
    let mut connection = open(&namespace(), stream, SaslProfile::Anonymous, SILENCE).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_peer_that_the_platform_does_not_trust_is_a_matter_of_the_set_up() {
    let (server, _) = certificate();
    let (near, far) = loopback().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let _ = TlsAcceptor::from(Arc::new(server)).accept(far).await;
    });
    let trust = trust_of_platform(&namespace()).unwrap();
    let trouble = encrypt(&namespace(), near, trust).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Untrusted { .. }), "{trouble}");
    assert!(trouble.to_string().contains("certificate"), "{trouble}");
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_not_taken_for_the_service() {
    let (near, mut far) = loopback().await;
    far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let trust = trust_of_platform(&namespace()).unwrap();
    assert!(encrypt(&namespace(), near, trust).await.is_err());
}

/// The service's end of the upgrade: it insists on path and protocol, as Azure does.
#[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "tungstenite's signature")]
fn admit(
    request: &Request,
    mut response: Response,
) -> Result<Response, tokio_tungstenite::tungstenite::handshake::server::ErrorResponse> {
    assert_eq!(request.uri().path(), "/$servicebus/websocket");
    assert_eq!(request.headers()["Sec-WebSocket-Protocol"], "amqp");
    assert_eq!(request.headers()["Host"], HOST);
    response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("amqp"));
    Ok(response)
}

/// Carries bytes between the frames of the socket and a pipe, until either ends.
async fn carry(socket: DuplexStream, mut pipe: DuplexStream) {
    let mut socket = tokio_tungstenite::accept_hdr_async(socket, admit).await.unwrap();
    let mut buffer = vec![0; 4096];
    loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(Message::Binary(bytes))) => pipe.write_all(&bytes).await.unwrap(),
                Some(Ok(_)) => (),
                Some(Err(_)) | None => return,
            },
            read = pipe.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    let frame = Message::Binary(Bytes::copy_from_slice(&buffer[..count]));
                    socket.send(frame).await.unwrap();
                }
            },
        }
    }
    let _ = socket.close(None).await;
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn amqp_opens_over_websockets() {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (pipe, peer) = tokio::io::duplex(1 << 16);
    let mut tasks = JoinSet::new();
    tasks.spawn(carry(far, pipe));
    tasks.spawn(serve_amqp(peer));
    let stream = upgrade(&namespace(), near).await.unwrap();
    let mut connection = open(&namespace(), stream, SaslProfile::Anonymous, SILENCE).await.unwrap();
    connection.close().await.unwrap();
}
