//! A wire tap: passes bytes on to the emulator and keeps what the client sent.

use anyhow::Result;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A listener in front of the emulator; it ends with this value.
pub struct Tap {
    /// Where a client finds it.
    pub endpoint: String,
    sent: Arc<Mutex<Vec<u8>>>,
    _connections: JoinSet<()>,
}

impl Tap {
    /// Listens in front of `endpoint`.
    pub async fn before(endpoint: &str) -> Result<Self> {
        let target = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let sent = Arc::new(Mutex::new(Vec::new()));
        let mut connections = JoinSet::new();
        let kept = Arc::clone(&sent);
        connections.spawn(async move {
            let mut inner = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                inner.spawn(pass(client, target.clone(), Arc::clone(&kept)));
            }
        });
        Ok(Self { endpoint, sent, _connections: connections })
    }

    /// Whether these bytes were sent, one behind the other.
    pub fn saw(&self, bytes: &[u8]) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.windows(bytes.len()).any(|window| window == bytes)
    }
}

async fn pass(client: TcpStream, target: String, sent: Arc<Mutex<Vec<u8>>>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            let bytes = &buffer[..count];
            sent.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            if to_server.write_all(bytes).await.is_err() {
                break;
            }
        }
    };
    let back = tokio::io::copy(&mut from_server, &mut to_client);
    tokio::select! { () = there => {}, _ = back => {} }
}
