//! A client of Cosmos DB that costs as little as it can: one connection of HTTP/1.1, one request
//! at a time, nothing retried.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use e2e::world::COSMOS_KEY;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use sha2::Sha256;
use std::time::SystemTime;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A connection to container `orders`.
pub(crate) struct Gateway {
    requests: SendRequest<Full<Bytes>>,
    mac: Hmac<Sha256>,
    _connection: JoinSet<()>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is asked of the items as a whole.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: Bytes,
}

const ITEMS: &str = "dbs/shop/colls/orders";

impl Gateway {
    /// Connects to `host:port`.
    pub(crate) async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            // Its end shows where the next request is sent.
            let _ = connection.await;
        });
        let mac = Hmac::new_from_slice(&BASE64_STANDARD.decode(COSMOS_KEY)?)?;
        Ok(Self { requests, mac, _connection: connections })
    }

    /// Writes some items of one partition key, all or none.
    pub(crate) async fn batch(&mut self, key: &str, items: &[String]) -> Result<()> {
        let mut body = String::with_capacity(items.iter().map(|item| item.len() + 50).sum());
        for item in items {
            body.push(if body.is_empty() { '[' } else { ',' });
            body.push_str(r#"{"operationType":"Create","resourceBody":"#);
            body.push_str(item);
            body.push('}');
        }
        body.push(']');
        let key = format!("[\"{key}\"]");
        let headers = [
            ("x-ms-cosmos-is-batch-request", "True"),
            ("x-ms-cosmos-batch-atomic", "True"),
            ("x-ms-documentdb-partitionkey", &key),
            ("prefer", "return=minimal"),
            ("content-type", "application/json"),
        ];
        let ask = Ask { method: Method::POST, headers: &headers, body: body.into() };
        let answer = self.ask(ask).await?;
        ensure!(answer.status == 200, "batch: {} {:?}", answer.status, answer.body);
        Ok(())
    }

    /// Reads one item.
    pub(crate) async fn read(&mut self, key: &str, id: &str) -> Result<()> {
        let link = format!("{ITEMS}/docs/{id}");
        let key = format!("[\"{key}\"]");
        let request = Request::get(format!("/{link}")).header("x-ms-documentdb-partitionkey", key);
        let answer = self.send(request, &link, Bytes::new()).await?;
        ensure!(answer.status == 200, "read of {id}: {} {:?}", answer.status, answer.body);
        Ok(())
    }

    /// Sends a request to the container's items.
    pub(crate) async fn ask(&mut self, ask: Ask<'_>) -> Result<Answer> {
        let mut request = Request::builder().method(ask.method).uri(format!("/{ITEMS}/docs"));
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        self.send(request, ITEMS, ask.body).await
    }

    #[expect(clippy::disallowed_methods, reason = "requests are signed with the time")]
    async fn send(
        &mut self,
        request: hyper::http::request::Builder,
        link: &str,
        body: Bytes,
    ) -> Result<Answer> {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let method = request.method_ref().context("no method")?.as_str().to_lowercase();
        let signed = format!("{method}\ndocs\n{link}\n{}\n\n", date.to_lowercase());
        let mac = self.mac.clone().chain_update(signed.as_bytes()).finalize();
        let signature = BASE64_STANDARD.encode(mac.into_bytes());
        let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let request = request
            .header("host", "localhost")
            .header("authorization", format!("type%3Dmaster%26ver%3D1.0%26sig%3D{signature}"))
            .header("x-ms-date", date)
            .header("x-ms-version", "2020-07-15")
            .body(Full::new(body))?;
        self.requests.ready().await?;
        let answer = self.requests.send_request(request).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Answer {
    /// A header's text, if it is there.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        let value = self.headers.get(HeaderName::from_static(name));
        value.map(HeaderValue::to_str)?.ok()
    }
}
