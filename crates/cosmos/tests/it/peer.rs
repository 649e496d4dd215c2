//! A peer that answers from a script and records what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cosmos::{Client, Container, Credential, MasterKey, Patience};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The key that every emulator shares.
pub(crate) const KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

/// One range over the whole ring, as the peer says it.
pub(crate) const ONE_RANGE: &str = r#"{"_rid":"c1","PartitionKeyRanges":[{"id":"0","minInclusive":"","maxExclusive":"FF","parents":[]}]}"#;
/// Its two halves, after a split.
pub(crate) const TWO_RANGES: &str = r#"{"_rid":"c1","PartitionKeyRanges":[{"id":"1","minInclusive":"","maxExclusive":"1F","parents":["0"]},{"id":"2","minInclusive":"1F","maxExclusive":"FF","parents":["0"]}]}"#;

/// What the peer does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Answers.
    Reply { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// Answers every operation of a batch or bulk with this status.
    Each(u16),
    /// Takes the request whole, and closes the connection without a word.
    Silence,
    /// Takes the request whole, and leaves it at that.
    Hang,
}

/// What the peer was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A server on a port of its own. It ends with the value.
pub(crate) struct Peer {
    address: SocketAddr,
    book: Arc<Book>,
    _serving: JoinSet<()>,
}

#[derive(Default)]
struct Book {
    script: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

/// An answer with this status and body.
pub(crate) fn reply(status: u16, body: &str) -> Answer {
    Answer::Reply { status, headers: Vec::new(), body: body.to_owned() }
}

impl Answer {
    /// The same answer with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Reply { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// The same answer with a substatus.
    pub(crate) fn sub(self, substatus: u16) -> Self {
        self.with("x-ms-substatus", &substatus.to_string())
    }
}

/// The pages of the ranges: what there is, and that there is no more.
pub(crate) fn ranges(body: &str) -> [Answer; 2] {
    [reply(200, body).with("etag", "\"r\""), reply(304, "").with("etag", "\"r\"")]
}

impl Asked {
    /// A header as text; empty if it was not sent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Peer {
    /// A peer with this script.
    pub(crate) async fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Book::default());
        book.script.lock().unwrap().extend(script);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&book)));
        Self { address, book, _serving: serving }
    }

    /// Adds to the script.
    pub(crate) fn then(&self, script: impl IntoIterator<Item = Answer>) {
        self.book.script.lock().unwrap().extend(script);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        guard(&self.book.asked).clone()
    }

    /// Verbs and paths of all it was asked.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }

    /// How many answers are left: a test that ends with some has not done what it says.
    pub(crate) fn left(&self) -> usize {
        guard(&self.book.script).len()
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.book.connections.load(Ordering::SeqCst)
    }

    /// A container of this peer's account.
    pub(crate) fn container(&self) -> Arc<Container> {
        self.container_as(Credential::Key(KEY.parse::<MasterKey>().unwrap()), patience())
    }

    pub(crate) fn container_as(
        &self,
        credential: Credential,
        patience: Patience,
    ) -> Arc<Container> {
        let client = Client::new(self.url().parse().unwrap(), credential, patience).unwrap();
        let (database, container) = ("shop".parse().unwrap(), "orders".parse().unwrap());
        Arc::new(Container::new(Arc::new(client), &database, &container))
    }

    /// The account document, when these are the regions.
    pub(crate) fn account(writes: &[&Self], reads: &[&Self]) -> Answer {
        let locations = |peers: &[&Self]| {
            let list: Vec<_> = peers
                .iter()
                .map(|p| format!(r#"{{"name":"r","databaseAccountEndpoint":"{}/"}}"#, p.url()))
                .collect();
            list.join(",")
        };
        reply(
            200,
            &format!(
                r#"{{"id":"a","_rid":"r","writableLocations":[{}],"readableLocations":[{}],"enableMultipleWriteLocations":false}}"#,
                locations(writes),
                locations(reads)
            ),
        )
    }
}

const OPERATION: &[u8] = b"operationType";

/// Four tries and little time: what is to fail fails soon.
pub(crate) fn patience() -> Patience {
    Patience { attempts_max: 4, total_max: Duration::from_secs(5) }
}

async fn serve(listener: TcpListener, book: Arc<Book>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let book = Arc::clone(&book);
        book.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&book)));
            let io = TokioIo::new(stream);
            // A client that goes away ends its own connection, and nothing else.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    book: Arc<Book>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    guard(&book.asked).push(Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let next = guard(&book.script).pop_front();
    let operations = body.windows(OPERATION.len()).filter(|at| *at == OPERATION).count();
    match next.unwrap_or_else(|| reply(400, r#"{"message":"not in the script"}"#)) {
        Answer::Silence => Err(std::io::Error::other("the script says so")),
        Answer::Hang => std::future::pending().await,
        Answer::Each(status) => {
            let step = format!(r#"{{"statusCode":{status},"requestCharge":10}}"#);
            let steps = format!("[{}]", vec![step; operations].join(","));
            Ok(Response::new(Full::new(steps.into())))
        }
        Answer::Reply { status, headers, body } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Full::new(body.into())).map_err(std::io::Error::other)
        }
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
