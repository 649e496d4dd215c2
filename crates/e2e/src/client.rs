//! A client of the API: what curl would do.

use crate::http;
use anyhow::{Context, Result, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::fmt;

/// A client of one API.
#[derive(Clone)]
pub struct Client {
    base: String,
    key: Option<String>,
    http: reqwest::Client,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

/// An answer of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The `ETag`, if any.
    pub etag: Option<String>,
    /// The JSON body; null where there is none.
    pub body: Value,
}

impl Client {
    /// A client of the API at `http://host:port`.
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), key: None, http: http::client() }
    }

    /// With the key that a Functions host asks for.
    #[must_use]
    pub fn with_key(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// `POST /api/orders` with this body.
    pub async fn post(&self, body: &Value) -> Result<Answer> {
        self.send(self.request(Method::POST, "/api/orders"), Some(body)).await
    }

    /// Places an order that must be taken, and returns its id.
    pub async fn place(&self, account: &str, quantity: u32) -> Result<String> {
        let answer = self.post(&json!({"accountNumber": account, "quantity": quantity})).await?;
        ensure!(answer.status == 201, "not placed: {answer:?}");
        let id = answer.body.get("orderId").and_then(Value::as_str).context("no orderId")?;
        Ok(id.to_owned())
    }

    /// `PATCH /api/orders/{id}` with this quantity.
    pub async fn change(&self, id: &str, quantity: u32) -> Result<Answer> {
        let path = format!("/api/orders/{id}");
        self.send(self.request(Method::PATCH, &path), Some(&json!({"quantity": quantity}))).await
    }

    /// `POST /api/orders/{id}/{deed}`: `cancel` or `ship`.
    pub async fn deed(&self, id: &str, deed: &str) -> Result<Answer> {
        let path = format!("/api/orders/{id}/{deed}");
        self.send(self.request(Method::POST, &path), None).await
    }

    /// `GET` of any path.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path), None).await
    }

    /// The events of an order, as `GET /api/orders/{id}/events` lists them.
    pub async fn events(&self, id: &str) -> Result<Vec<Value>> {
        let answer = self.get(&format!("/api/orders/{id}/events")).await?;
        ensure!(answer.status == 200, "no events: {answer:?}");
        let events = answer.body.get("events").and_then(Value::as_array);
        events.cloned().with_context(|| format!("no `events` in {answer:?}"))
    }

    /// The states of an order's events in sequence, such as `["processed", "pending"]`.
    pub async fn states(&self, id: &str) -> Result<Vec<String>> {
        let events = self.events(id).await?;
        let state = |event: &Value| event.get("state").and_then(Value::as_str).map(str::to_owned);
        Ok(events.iter().filter_map(state).collect())
    }

    /// A request to be refined by the caller.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.header("x-functions-key", key),
            None => request,
        }
    }

    /// Sends a request and reads its answer.
    pub async fn send(&self, request: RequestBuilder, body: Option<&Value>) -> Result<Answer> {
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let etag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
        let etag = etag.map(str::to_owned);
        let bytes = answer.bytes().await?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok(Answer { status, etag, body })
    }
}
