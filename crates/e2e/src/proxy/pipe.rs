//! One connection through the proxy, and the trouble it meets.

use super::Trouble;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// One of its sides ended it, before any trouble.
    Itself,
    /// It met its trouble.
    Struck,
}

/// Carries bytes both ways until the trouble strikes or a side is done.
pub(super) async fn pipe(
    mut client: TcpStream,
    mut server: TcpStream,
    trouble: Option<Trouble>,
) -> io::Result<Ending> {
    let ending = both(&mut client, &mut server, trouble).await?;
    if let (Ending::Struck, Some(Trouble::ResetAfter(_))) = (ending, trouble) {
        client.set_zero_linger()?;
    }
    Ok(ending)
}

async fn both(
    client: &mut TcpStream,
    server: &mut TcpStream,
    trouble: Option<Trouble>,
) -> io::Result<Ending> {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let (limit, delay) = bounds(trouble);
    let is_reached = {
        let mut back = pin!(carry(&mut from_server, &mut to_client, usize::MAX, delay));
        let there = carry(&mut from_client, &mut to_server, limit, delay);
        let is_reached = tokio::select! {
            there = there => there?,
            _ = &mut back => return Ok(Ending::Itself),
        };
        if !is_reached || matches!(trouble, Some(Trouble::HalfCloseAfter(_))) {
            // The service hears that no more comes, and may still have something to say.
            to_server.shutdown().await?;
            back.await?;
        }
        is_reached
    };
    if is_reached && matches!(trouble, Some(Trouble::SwallowAnswerAfter(_))) {
        // All of the request arrives; the first that is said to it ends the connection.
        let mut answer = [0; 1];
        tokio::select! {
            there = carry(&mut from_client, &mut to_server, usize::MAX, delay) => drop(there?),
            _ = from_server.read(&mut answer) => {}
        }
    }
    Ok(if is_reached { Ending::Struck } else { Ending::Itself })
}

/// After how many bytes from the client the trouble strikes, and how long each piece takes.
const fn bounds(trouble: Option<Trouble>) -> (usize, Duration) {
    match trouble {
        Some(
            Trouble::CutAfter(bytes)
            | Trouble::ResetAfter(bytes)
            | Trouble::SwallowAnswerAfter(bytes)
            | Trouble::HalfCloseAfter(bytes),
        ) => (bytes, Duration::ZERO),
        Some(Trouble::Delay(delay)) => (usize::MAX, delay),
        None => (usize::MAX, Duration::ZERO),
    }
}

/// Carries bytes until `limit` of them are through, which it says, or there are no more.
async fn carry(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    limit: usize,
    delay: Duration,
) -> io::Result<bool> {
    let (mut buffer, mut left) = (vec![0; PIECE], limit);
    while 0 < left {
        let most = left.min(PIECE);
        let (piece, _) = buffer.split_at_mut(most);
        let read = from.read(piece).await?;
        if read == 0 {
            return Ok(false);
        }
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let (piece, _) = buffer.split_at(read);
        to.write_all(piece).await?;
        left -= read;
    }
    Ok(true)
}

const PIECE: usize = 16 * 1024;
