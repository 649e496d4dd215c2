//! A TCP proxy that fails on demand: the network between a program and a service.
//!
//! It can be cut and mended as a whole, or each connection through it meets one [`Trouble`], as
//! many connections as were told to.

mod pipe;

use anyhow::Result;
use pipe::{Ending, pipe};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A way to one service. Dropping it cuts it for good.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect instead.
    pub address: SocketAddr,
    way: Arc<Way>,
    _acceptor: JoinSet<()>,
}

/// What a connection meets, counted from the bytes that the client sends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// After this many bytes from the client it is closed on both sides: a request cut in two.
    CutAfter(usize),
    /// The same, but the client's side is reset: what was on its way there is gone.
    ResetAfter(usize),
    /// What the service says after this many bytes from the client never arrives: it happened, and
    /// the connection ends instead of an answer.
    SwallowAnswerAfter(usize),
    /// After this many bytes from the client the service hears that the client is done, and the
    /// client hears nothing of that: half of the connection is closed.
    HalfCloseAfter(usize),
    /// Each piece of it takes this much longer, in both directions.
    Delay(Duration),
}

#[derive(Debug)]
struct Way {
    target: String,
    is_open: watch::Sender<bool>,
    planned: Mutex<Option<Planned>>,
    /// How many connections have met their trouble.
    struck: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
struct Planned {
    trouble: Trouble,
    connections: usize,
}

impl Proxy {
    /// Opens a way to `target` (`host:port`).
    pub async fn open(target: &str) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (is_open, struck) = (watch::Sender::new(true), AtomicUsize::new(0));
        let (target, planned) = (target.to_owned(), Mutex::default());
        let way = Arc::new(Way { target, is_open, planned, struck });
        let mut acceptor = JoinSet::new();
        acceptor.spawn(accept(listener, Arc::clone(&way)));
        Ok(Self { address, way, _acceptor: acceptor })
    }

    /// Cuts every connection, and closes each new one at once.
    pub fn cut(&self) {
        self.way.is_open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.way.is_open.send_replace(true);
    }

    /// The next `connections` that are opened meet this trouble; those after them none.
    pub fn plan(&self, trouble: Trouble, connections: usize) {
        *self.way.planned() = Some(Planned { trouble, connections });
    }

    /// How many connections have met their trouble, delays aside.
    pub fn struck(&self) -> usize {
        self.way.struck.load(Ordering::Relaxed)
    }
}

impl Way {
    fn planned(&self) -> MutexGuard<'_, Option<Planned>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next connection meets.
    fn next(&self) -> Option<Trouble> {
        let mut planned = self.planned();
        let Planned { trouble, connections } = planned.as_mut()?;
        *connections = connections.checked_sub(1)?;
        Some(*trouble)
    }
}

async fn accept(listener: TcpListener, way: Arc<Way>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let mut is_open = way.is_open.subscribe();
        if *is_open.borrow_and_update() {
            let way = Arc::clone(&way);
            connections.spawn(async move {
                tokio::select! {
                    () = relay(client, &way) => {}
                    // It was open: whatever changes, this connection was cut.
                    _ = is_open.changed() => {}
                }
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn relay(client: TcpStream, way: &Way) {
    let Ok(server) = TcpStream::connect(&way.target).await else { return };
    let trouble = way.next();
    // Either side may reset: the end of a connection is no error of the proxy.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    if let Ok(Ending::Struck) = pipe(client, server, trouble).await {
        way.struck.fetch_add(1, Ordering::Relaxed);
    }
}
