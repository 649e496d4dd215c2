//! A gate: whoever connects to one address is led to another, byte by byte.
//!
//! Clients speak without TLS to loopback only. Where the emulator serves on another machine, or in
//! another container, a gate beside the client makes it one of loopback again; and it is the one
//! way out that such a client has, which a test can close.

use crate::port;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where to listen, and where to lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    listen: SocketAddr,
    target: String,
}

/// What is wrong with a way.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no way; right would be 127.0.0.1:8081=emulator:8081")]
pub struct WayError(String);

impl FromStr for Way {
    type Err = WayError;

    fn from_str(text: &str) -> Result<Self, WayError> {
        let wrong = || WayError(text.to_owned());
        let (listen, target) = text.split_once('=').ok_or_else(wrong)?;
        let (host, port) = target.rsplit_once(':').ok_or_else(wrong)?;
        let has_port = port.parse::<u16>().is_ok_and(|port| 0 < port);
        match listen.parse() {
            Ok(listen) if !host.is_empty() && has_port => {
                Ok(Self { listen, target: target.to_owned() })
            }
            Ok(_) | Err(_) => Err(wrong()),
        }
    }
}

/// Leads along these ways until `stop`.
///
/// # Errors
/// If an address cannot be had.
pub async fn serve(ways: &[Way], stop: &CancellationToken) -> io::Result<()> {
    let mut doors = JoinSet::new();
    for way in ways {
        let listener = TcpListener::bind(way.listen).await?;
        tracing::info!("{} leads to {}", listener.local_addr()?, way.target);
        doors.spawn(lead(listener, way.target.clone()));
    }
    stop.cancelled().await;
    Ok(())
}

async fn lead(listener: TcpListener, target: String) {
    let mut connections = JoinSet::new();
    loop {
        match port::accept(&listener).await {
            Ok(client) => connections.spawn(pass(client, target.clone())),
            Err(error) => return tracing::error!("cannot accept any more: {error}"),
        };
        while connections.try_join_next().is_some() {}
    }
}

/// Either side may end or break it off; the other one then sees the same.
async fn pass(mut client: TcpStream, target: String) {
    match TcpStream::connect(&target).await {
        Ok(mut server) => {
            let _ = server.set_nodelay(true);
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
        Err(error) => tracing::warn!("cannot reach {target}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn a_way_has_an_address_and_a_target_with_a_port() {
        let way: Way = "127.0.0.1:8081=emulator:8081".parse().unwrap();
        assert_eq!(way.target, "emulator:8081");
        for wrong in
            ["127.0.0.1:8081", "here=emulator:8081", "127.0.0.1:1=emulator", "127.0.0.1:1=:1"]
        {
            let error = wrong.parse::<Way>().unwrap_err().to_string();
            assert!(error.contains("right would be"), "{error}");
        }
    }

    #[tokio::test]
    async fn bytes_pass_in_both_directions_and_so_does_the_end() {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = listener.local_addr().unwrap();
        let mut doors = JoinSet::new();
        doors.spawn(lead(listener, target.local_addr().unwrap().to_string()));
        let mut client = TcpStream::connect(gate).await.unwrap();
        let (mut server, _) = target.accept().await.unwrap();
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.unwrap();
        server.write_all(b"answer").await.unwrap();
        drop(server);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!((heard.as_str(), answer.as_str()), ("question", "answer"));
    }
}
