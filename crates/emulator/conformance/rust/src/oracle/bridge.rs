//! The SDK's test double behind a socket, so that any client can ask it.

use anyhow::{Context, Result};
use azure_core::http::{Method, Request, Url};
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, VirtualAccountConfig, VirtualRegion,
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A running double; it ends with this value.
pub struct Bridge {
    /// Where a client finds it.
    pub endpoint: String,
    _connections: JoinSet<()>,
}

impl Bridge {
    /// Starts a double with one region.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let region = VirtualRegion::new("East US", Url::parse(&endpoint)?);
        let config = VirtualAccountConfig::new(vec![region])?;
        let config = config.with_consistency(ConsistencyLevel::Session);
        let double = Arc::new(InMemoryEmulatorHttpClient::try_new(config)?);
        let mut connections = JoinSet::new();
        let base = endpoint.clone();
        connections.spawn(async move {
            let mut inner = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (double, base) = (Arc::clone(&double), base.clone());
                let service = service_fn(move |request| {
                    let (double, base) = (Arc::clone(&double), base.clone());
                    async move { exchange(&double, &base, request).await }
                });
                inner.spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Ok(Self { endpoint, _connections: connections })
    }
}

async fn exchange(
    double: &InMemoryEmulatorHttpClient,
    base: &str,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let url = Url::parse(&format!(
        "{base}{}",
        parts.uri.path_and_query().map_or("/", |path| path.as_str())
    ))?;
    let method: Method = parts.method.as_str().parse()?;
    let mut asked = Request::new(url, method);
    for (name, value) in &parts.headers {
        let value = value.to_str().context("a header is no text")?.to_owned();
        asked.headers_mut().insert(name.as_str().to_owned(), value);
    }
    asked.set_body(body.collect().await?.to_bytes());
    let (status, headers, body) = double.execute_request(&asked).await?.deconstruct();
    let mut answer = http::Response::builder().status(u16::from(status));
    for (name, value) in headers.iter() {
        answer = answer.header(name.as_str(), value.as_str());
    }
    Ok(answer.body(Full::new(body.collect().await?))?)
}
