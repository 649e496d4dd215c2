//! A scripted AMQP peer on loopback: it takes tokens on `$cbs` and transfers on any other target,
//! answers each transfer as the script says, and remembers what it saw.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use fe2o3_amqp::acceptor::SaslAnonymousMechanism;
use fe2o3_amqp::acceptor::{ConnectionAcceptor, LinkAcceptor, LinkEndpoint, SessionAcceptor};
use fe2o3_amqp_types::definitions::{Error, Role};
use fe2o3_amqp_types::messaging::{Data, Message, Outcome};
use fe2o3_amqp_types::performatives::Attach;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

mod cbs;
pub(crate) mod subscription;
mod topic;

pub(crate) use topic::Act;

/// What the peer is to do; what is not said is done well.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The answers to the transfers, in the order of their arrival.
    pub(crate) acts: VecDeque<Act>,
    /// The statuses of the put-token replies.
    pub(crate) token_statuses: VecDeque<i32>,
    /// What a receiver is handed.
    pub(crate) messages: VecDeque<Message<Data>>,
    /// What the link to the topic takes; without a bound if absent.
    pub(crate) max_message_size: Option<u64>,
}

/// What the peer saw.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) links: usize,
    /// Audience and token of each put-token.
    pub(crate) tokens: Vec<(String, String)>,
    /// Each transfer: the message ids in it, and whether it was a batch.
    pub(crate) transfers: Vec<Transfer>,
    /// Address and filter of each receiver.
    pub(crate) attached: Vec<(String, Option<String>)>,
    /// How the messages that were handed out were settled.
    pub(crate) outcomes: Vec<Outcome>,
    /// How many receivers said goodbye.
    pub(crate) detached: usize,
    /// How many transfers were unsettled at once, at most.
    pub(crate) unsettled_max: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) ids: Vec<String>,
    pub(crate) is_batch: bool,
    pub(crate) session: String,
}

/// The script and what was seen, shared with the connections.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shared {
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

impl Shared {
    pub(crate) fn see<T>(&self, note: impl FnOnce(&mut Seen) -> T) -> T {
        note(&mut self.seen.lock().unwrap())
    }
}

/// A peer that listens until it is dropped.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    shared: Shared,
    _tasks: JoinSet<()>,
}

/// What a link asks of its connection.
#[derive(Debug)]
pub(crate) enum Order {
    Close(Error),
    Cut,
    /// Keep the socket, and neither read nor write it any more.
    Freeze,
}

impl Peer {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { script: Arc::new(Mutex::new(script)), seen: Arc::default() };
        let mut tasks = JoinSet::new();
        let serving = shared.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(connection(stream, serving.clone()));
            }
        });
        Self { address, shared, _tasks: tasks }
    }

    /// Hands out these messages too.
    pub(crate) fn hand_out(&self, messages: impl IntoIterator<Item = Message<Data>>) {
        self.shared.script.lock().unwrap().messages.extend(messages);
    }

    pub(crate) fn seen(&self) -> Seen {
        self.shared.see(|seen| seen.clone())
    }
}

/// Between the socket and AMQP lies a pipe, so that the socket can be cut or frozen at any moment.
struct Pipe {
    task: JoinSet<()>,
    freeze: oneshot::Sender<()>,
}

impl Pipe {
    fn lay(mut socket: TcpStream) -> (Self, DuplexStream) {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let (freeze, frozen) = oneshot::channel();
        let mut task = JoinSet::new();
        task.spawn(async move {
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut socket, &mut far) => (),
                Ok(()) = frozen => std::future::pending().await,
            }
        });
        (Self { task, freeze }, near)
    }

    async fn freeze(mut self) {
        let _ = self.freeze.send(());
        self.task.join_next().await;
    }
}

async fn connection(socket: TcpStream, shared: Shared) {
    socket.set_nodelay(true).unwrap();
    shared.see(|seen| seen.connections += 1);
    let (mut pipe, near) = Pipe::lay(socket);
    let acceptor = ConnectionAcceptor::builder()
        .container_id("peer")
        .sasl_acceptor(SaslAnonymousMechanism {})
        .build();
    let Ok(mut connection) = acceptor.accept(near).await else { return };
    let Ok(mut session) = SessionAcceptor::new().accept(&mut connection).await else { return };
    let (orders, mut ordered) = mpsc::unbounded_channel();
    let mut links = JoinSet::new();
    let mut cbs = cbs::Half::Nothing;
    loop {
        let attach = tokio::select! {
            attach = session.next_incoming_attach() => attach,
            order = ordered.recv() => {
                match order {
                    Some(Order::Close(error)) => { let _ = connection.close_with_error(error).await; }
                    Some(Order::Freeze) => pipe.freeze().await,
                    Some(Order::Cut) | None => pipe.task.shutdown().await,
                }
                return;
            }
        };
        let Some(mut attach) = attach else { return };
        let is_cbs = is_cbs(&attach);
        if !is_cbs && attach.role == Role::Receiver {
            subscription::grant(&mut attach, &shared);
        }
        let max = shared.script.lock().unwrap().max_message_size.filter(|_| !is_cbs);
        let acceptor = LinkAcceptor::builder().max_message_size(max.unwrap_or(0)).build();
        let Ok(link) = acceptor.accept_incoming_attach(attach, &mut session).await else { return };
        match link {
            link if is_cbs => cbs = cbs.with(link, &mut links, &shared),
            LinkEndpoint::Receiver(receiver) => {
                shared.see(|seen| seen.links += 1);
                links.spawn(topic::serve(receiver, shared.clone(), orders.clone()));
            }
            LinkEndpoint::Sender(sender) => {
                links.spawn(subscription::serve(sender, shared.clone()));
            }
        }
    }
}

fn is_cbs(attach: &Attach) -> bool {
    format!("{:?}{:?}", attach.source, attach.target).contains("$cbs")
}
