//! The control port: faults on demand, splits and merges, the clock, and the state as JSON.
//!
//! It is for this machine's developer and tests. It listens on loopback only, and turns away
//! requests that a web page of another origin sent through the developer's browser.

mod call;

use self::call::{Call, Refusal, Split};
use crate::{
    clock::Clock,
    cosmos::{ControlError, Cosmos},
    faults::Faults,
    port,
    servicebus::ServiceBus,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::{io, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A control request is one small JSON object; the bound only keeps a mistake from filling memory.
const BODY_MAX: usize = 64 * 1024;

/// The parts that the control port acts on.
#[derive(Debug)]
pub struct Control {
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    cosmos: Arc<Cosmos>,
    servicebus: Arc<ServiceBus>,
}

impl Control {
    /// Control over these parts.
    pub fn new(
        clock: Arc<Clock>,
        faults: Arc<Faults>,
        cosmos: Arc<Cosmos>,
        servicebus: Arc<ServiceBus>,
    ) -> Self {
        Self { clock, faults, cosmos, servicebus }
    }

    /// Serves until `stop`.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let answer = move |request| {
            let control = Arc::clone(&self);
            async move { control.answer(request).await }
        };
        port::serve(listener, stop, answer).await
    }

    /// Reads the request, does it, and says what came of it.
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let done = match port::read(body, BODY_MAX).await {
            Ok(body) => Call::parse(&head, &body).and_then(|call| self.perform(call)),
            Err(unread) => Err(Refusal::new(unread.status(), unread.to_string())),
        };
        let kept = self
            .servicebus
            .journal
            .settled()
            .await
            .map_err(|lost| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, lost.to_string()));
        let done = kept.and(done);
        match done {
            Ok(answer) => reply(StatusCode::OK, &answer, None),
            Err(refusal) => reply(refusal.status, &refusal.to_json(), refusal.allow),
        }
    }

    /// Does one thing; the answer is what is true afterwards.
    fn perform(&self, call: Call) -> Result<Value, Refusal> {
        match call {
            Call::Split { database, container, how } => self.split(&database, &container, &how),
            Call::Merge { database, container } => {
                self.cosmos.merge(&database, &container).map(ranges).map_err(absent)
            }
            Call::AddFault(rule) => {
                self.faults.add(rule);
                Ok(self.rules())
            }
            Call::ClearFaults => {
                self.faults.clear();
                Ok(self.rules())
            }
            Call::ListFaults => Ok(self.rules()),
            Call::Advance(by) => {
                self.clock.advance(by);
                Ok(json!({ "now": self.clock.now().to_string() }))
            }
            Call::State => Ok(json!({
                "now": self.clock.now().to_string(),
                "faults": self.faults.rules(),
                "cosmos": self.cosmos.state(),
                "servicebus": self.servicebus.state(),
            })),
        }
    }

    fn split(&self, database: &str, container: &str, how: &Split) -> Result<Value, Refusal> {
        let range = how.range()?;
        let Some(duration) = how.duration() else {
            let split = self.cosmos.split_range(database, container, range);
            return split.map(ranges).map_err(absent);
        };
        let split = self.cosmos.split_within((database, container), range, duration);
        split.map(|range| json!({ "splitting": range })).map_err(absent)
    }

    fn rules(&self) -> Value {
        json!({ "faults": self.faults.rules() })
    }
}

/// Reads a request, and writes the answer where it is refused.
pub(crate) fn fuzz(head: &http::request::Parts, body: &[u8]) {
    if let Err(refusal) = Call::parse(head, body) {
        drop(reply(refusal.status, &refusal.to_json(), refusal.allow));
    }
}

fn ranges(ids: Vec<String>) -> Value {
    json!({ "partitionKeyRanges": ids })
}

/// The core names what is missing.
fn absent(error: ControlError) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, error.to_string())
}

fn reply(status: StatusCode, body: &Value, allow: Option<&'static str>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Some(allow) = allow {
        headers.insert(header::ALLOW, header::HeaderValue::from_static(allow));
    }
    response
}
