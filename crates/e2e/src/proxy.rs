//! A TCP proxy that can be cut: the network between a program and a service.

use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A way to one service. Dropping it cuts it for good.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect instead.
    pub address: SocketAddr,
    is_open: Arc<watch::Sender<bool>>,
    _acceptor: JoinSet<()>,
}

impl Proxy {
    /// Opens a way to `target` (`host:port`).
    pub async fn open(target: &str) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let is_open = Arc::new(watch::Sender::new(true));
        let mut acceptor = JoinSet::new();
        acceptor.spawn(accept(listener, target.to_owned(), Arc::clone(&is_open)));
        Ok(Self { address, is_open, _acceptor: acceptor })
    }

    /// Cuts every connection, and closes each new one at once.
    pub fn cut(&self) {
        self.is_open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.is_open.send_replace(true);
    }
}

async fn accept(listener: TcpListener, target: String, is_open: Arc<watch::Sender<bool>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let mut is_open = is_open.subscribe();
        if *is_open.borrow_and_update() {
            let target = target.clone();
            connections.spawn(async move {
                tokio::select! {
                    () = relay(client, target) => {}
                    _ = is_open.wait_for(|is_open| !is_open) => {}
                }
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn relay(mut client: TcpStream, target: String) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        // Either side may reset: the end of a connection is no error of the proxy.
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
