//! HTTP over TLS on loopback: one listener for all of Azure, told apart by host and path.

use crate::world::{TOKEN, World};
use crate::{arm, login, scm, shop};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A request, read whole.
pub(crate) struct Asked {
    /// GET, POST, …
    pub(crate) method: String,
    /// The host that was asked, without the port.
    pub(crate) host: String,
    /// The path.
    pub(crate) path: String,
    /// What follows the question mark.
    pub(crate) query: BTreeMap<String, String>,
    /// Headers, names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: Bytes,
}

impl Asked {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Status, headers and body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, String);

/// An answer in JSON.
pub(crate) fn json(status: u16, body: Value) -> Answer {
    (status, vec![("content-type", "application/json".to_owned())], body.to_string())
}

/// An answer as Resource Manager refuses.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    json(status, serde_json::json!({"error": {"code": code, "message": message}}))
}

/// An Azure of its own, for as long as the test runs.
pub(crate) struct Azure {
    world: Arc<Mutex<World>>,
    /// Its certificate, as PEM.
    pub(crate) certificate: String,
}

impl Azure {
    /// Starts one, on a port of its own.
    pub(crate) fn start() -> Self {
        let names = ["localhost", "shop-api-x1.localhost", "shop-relay-x1.localhost"];
        let scm = ["shop-api-x1.scm.localhost", "shop-relay-x1.scm.localhost"];
        let names = names.iter().chain(&scm).map(|name| (*name).to_owned());
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names.collect::<Vec<_>>()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World::at(port)));
        let held = Arc::clone(&world);
        thread::spawn(move || serve(listener, TlsAcceptor::from(Arc::new(tls)), held));
        let encoded = BASE64_STANDARD.encode(cert.der());
        let certificate =
            format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        Self { world, certificate }
    }

    /// What it holds.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: TcpListener, tls: TlsAcceptor, world: Arc<Mutex<World>>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, world) = (tls.clone(), Arc::clone(&world));
        connections.spawn(connection(stream, tls, world));
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, world: Arc<Mutex<World>>) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let service = hyper::service::service_fn(|request| handle(&world, request));
    let connection = hyper::server::conn::http1::Builder::new();
    drop(connection.serve_connection(TokioIo::new(stream), service).await);
}

async fn handle(
    world: &Mutex<World>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers = parts.headers.iter();
    let headers: BTreeMap<String, String> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let asked = Asked {
        method: parts.method.to_string(),
        host: headers.get("host").map_or("", |host| host.split(':').next().unwrap()).to_owned(),
        path: parts.uri.path().replace("//", "/"),
        query: pairs
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers,
        body,
    };
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, headers, text) = answer(&mut world, &asked);
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(text)).unwrap())
}

fn answer(world: &mut World, asked: &Asked) -> Answer {
    world.asked.push(format!("{} {}{}", asked.method, asked.host, asked.path));
    if asked.host.starts_with("shop-") && !asked.host.contains(".scm.") {
        return shop::answer(world, asked);
    }
    if let Some(answer) = login::answer(world, asked) {
        return answer;
    }
    if asked.header("authorization") != format!("Bearer {TOKEN}") {
        world.complain(format!("{} {} without the token", asked.method, asked.path));
        return refusal(401, "AuthenticationFailed", "Authentication failed.");
    }
    if asked.host.contains(".scm.") { scm::answer(world, asked) } else { arm::answer(world, asked) }
}
