//! The identity endpoint that Azure gives an app: tokens of Entra ID over loopback HTTP, as App
//! Service documents it (api-version 2019-08-01). It can falter, and hand out what opens nothing.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The one identity that it knows.
pub const CLIENT_ID: &str = "5b7a3f1e-0d0c-4c55-9a55-2f6b5d1c0e77";
/// The secret that an app shows it.
pub const HEADER: &str = "the-secret-of-the-identity-endpoint";
/// For whom tokens are asked.
pub const COSMOS: &str = "https://cosmos.azure.com";
/// For whom tokens are asked.
pub const SERVICEBUS: &str = "https://servicebus.azure.net";

/// An identity endpoint. Dropping it ends it.
#[derive(Debug)]
pub struct Identity {
    endpoint: String,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

/// What the next request is answered with.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// No token, but this status.
    Status(u16),
    /// A token for another service than was asked for.
    ForAnother,
    /// A token that has expired, said to be good for an hour.
    Expired,
}

#[derive(Debug)]
struct Shared {
    life: Duration,
    script: Mutex<VecDeque<Answer>>,
    seen: Mutex<HashMap<String, usize>>,
}

impl Identity {
    /// Starts it on a free port. Its tokens are good for this long, in whole seconds.
    pub async fn start(life: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}/msi/token", listener.local_addr()?);
        let shared = Arc::new(Shared { life, script: Mutex::default(), seen: Mutex::default() });
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { endpoint, shared, _serving: serving })
    }

    /// What Azure sets in the environment of an app.
    pub fn variables(&self) -> [(&'static str, &str); 3] {
        [
            ("IDENTITY_ENDPOINT", &self.endpoint),
            ("IDENTITY_HEADER", HEADER),
            ("AZURE_CLIENT_ID", CLIENT_ID),
        ]
    }

    /// Answers the next requests like this; those after them well.
    pub fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }

    /// How many answers of [`Identity::then`] have not been given yet.
    pub fn left(&self) -> usize {
        self.shared.script.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How often this came about: a token was issued for a resource (its name), or a request was
    /// refused (its reason).
    pub fn seen(&self, what: &str) -> usize {
        let seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(what).copied().unwrap_or(0)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request: Request<Incoming>| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(shared.reply(&request)) }
        });
        connections.spawn(async move {
            // How a connection ends is the client's affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Shared {
    fn reply<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let (status, body) = match self.token(request) {
            Ok(token) => (200, token),
            Err((status, why)) => (status, json!({"error": {"message": why}})),
        };
        let mut response = Response::new(Full::from(body.to_string()));
        *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
        response
    }

    fn token<B>(&self, request: &Request<B>) -> Result<Value, (u16, &'static str)> {
        let resource = asked(request).map_err(|(status, why)| {
            self.note(why);
            (status, why)
        })?;
        let now = now().map_err(|_| (500, "before 1970"))?;
        let good = now + self.life.as_secs();
        let answer = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let (audience, expires, told) = match answer {
            None => (resource, good, good),
            Some(Answer::ForAnother) => ("https://another.example", good, now + 3600),
            Some(Answer::Expired) => (resource, now - 1, now + 3600),
            Some(Answer::Status(status)) => return Err((status, "as the test says")),
        };
        self.note(resource);
        let token = jwt(&json!({
            "aud": audience, "nbf": now - 300, "exp": expires, "appid": CLIENT_ID,
        }));
        Ok(json!({
            "access_token": token, "expires_on": told.to_string(), "resource": resource,
            "token_type": "Bearer", "client_id": CLIENT_ID,
        }))
    }

    fn note(&self, what: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(what.to_owned()).or_default() += 1;
    }
}

/// The resource that is asked for, or the status and the reason of the refusal.
fn asked<B>(request: &Request<B>) -> Result<&'static str, (u16, &'static str)> {
    let url = reqwest::Url::parse(&format!("http://localhost{}", request.uri()))
        .map_err(|_| (400, "no address"))?;
    let is = |name: &str, value: &str| url.query_pairs().any(|(n, v)| n == name && v == value);
    let secret = request.headers().get("x-identity-header");
    if secret.is_none_or(|secret| secret != HEADER) {
        return Err((401, "wrong header"));
    }
    if url.path() != "/msi/token" || !is("api-version", "2019-08-01") {
        return Err((404, "wrong address or api-version"));
    }
    if !is("client_id", CLIENT_ID) {
        return Err((400, "no such identity"));
    }
    let resource = [COSMOS, SERVICEBUS].into_iter().find(|resource| is("resource", resource));
    resource.ok_or((400, "unknown resource"))
}

fn jwt(claims: &Value) -> String {
    let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let header = json!({"typ": "JWT", "alg": "RS256"}).to_string();
    // Nobody here can verify a signature of Entra ID, so any will do.
    [part(header.as_bytes()), part(claims.to_string().as_bytes()), part(b"signature")].join(".")
}

#[expect(clippy::disallowed_methods, reason = "tokens expire by the wall clock")]
fn now() -> Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(since.context("before 1970")?.as_secs())
}
