//! Service Bus: a broker core, and AMQP 1.0 over it.
//!
//! ```text
//! topology ──► broker (queues, locks, sessions, duplicates; pure, steppable)
//!                 ▲ calls        │ effects
//! socket ──► amqp::connection ──► amqp::engine (frames, credit, windows; no I/O)
//! ```
//! One mutex holds the broker; a connection takes it once for a batch of frames and never while
//! it waits for anything.

mod admin;
pub(crate) mod amqp;
pub(crate) mod broker;
pub(crate) mod filter;
pub(crate) mod message;
pub(crate) mod topology;

pub use topology::{ConfigErrors, Topology};

use crate::{
    clock::Clock,
    faults::Faults,
    port,
    store::{BadRow, Journal, Rows},
};
use amqp::{
    connection,
    engine::{Tallies, World},
};
use broker::{Broker, ConnectionId, Effect};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Connections at once, as Azure has it for a namespace.
const CONNECTIONS_MAX: usize = 5_000;

/// The Service Bus namespace of the emulator.
#[derive(Debug)]
pub struct ServiceBus {
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    pub(crate) journal: Journal,
    shared: Mutex<Shared>,
    /// The broker's next alarm has moved forward.
    alarm_moved: Notify,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    broker: Broker,
    tallies: Tallies,
    /// Where to send each connection its effects; a consumer has at most one wake under way.
    connections: HashMap<ConnectionId, UnboundedSender<Effect>>,
    last_connection: u64,
}

impl ServiceBus {
    /// A namespace with the entities of `topology`, all empty, in memory only.
    pub fn new(clock: Arc<Clock>, faults: Arc<Faults>, topology: &Topology) -> Arc<Self> {
        let mut broker = Broker::new(topology);
        broker.date(clock.now());
        Arc::new(Self::over(broker, Journal::default(), clock, faults))
    }

    /// The namespace that was stored, and is stored from now on, with those entities of `topology`
    /// that it was never given before.
    pub(crate) fn stored(
        (rows, journal): (&Rows, &Journal),
        clock: Arc<Clock>,
        faults: Arc<Faults>,
        topology: &Topology,
    ) -> Result<Arc<Self>, BadRow> {
        let mut broker = Broker::load(rows, clock.now())?;
        for path in broker.provision(topology, rows)? {
            tracing::warn!(
                "'{path}' is configured in another way than it is stored; what is stored counts"
            );
        }
        journal.append(broker.take_changes());
        Ok(Arc::new(Self::over(broker, journal.clone(), clock, faults)))
    }

    fn over(broker: Broker, journal: Journal, clock: Arc<Clock>, faults: Arc<Faults>) -> Self {
        let shared = Shared {
            broker,
            tallies: Tallies::default(),
            connections: HashMap::new(),
            last_connection: 0,
        };
        let (shared, alarm_moved) = (Mutex::new(shared), Notify::new());
        Self { clock, faults, journal, shared, alarm_moved }
    }

    /// Serves AMQP connections until `stop` is cancelled, then says goodbye to each.
    ///
    /// # Errors
    /// If the listener can accept no more.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let mut connections = JoinSet::new();
        let timer = self.keep_time();
        tokio::pin!(timer);
        loop {
            tokio::select! {
                accepted = port::accept(&listener) => match accepted? {
                    stream if connections.len() < CONNECTIONS_MAX => {
                        let (bus, stop) = (Arc::clone(&self), stop.clone());
                        connections.spawn(connection::serve(bus, stream, stop));
                    }
                    _ => tracing::warn!("too many connections"),
                },
                Some(_) = connections.join_next() => {}
                () = &mut timer => {}
                () = stop.cancelled() => break,
            }
        }
        while connections.join_next().await.is_some() {}
        Ok(())
    }

    /// Every entity with its counts, and what went over the wire.
    pub fn state(&self) -> Value {
        self.with(|world| world.broker.tick(world.now));
        let shared = self.lock();
        json!({
            "entities": shared.broker.report(),
            "connections": shared.connections.len(),
            "wire": shared.tallies,
        })
    }

    /// Does something with the broker at this instant, and passes on what it gives rise to.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut World<'_>) -> T) -> T {
        let now = self.clock.now();
        let mut guard = self.lock();
        let Shared { broker, tallies, connections, .. } = &mut *guard;
        let alarm = broker.next_alarm();
        let machine = Clock::machine();
        let mut world = World { broker, faults: &self.faults, tallies, now, machine };
        let result = work(&mut world);
        self.journal.append(broker.take_changes());
        for (connection, effect) in broker.take_effects() {
            if let Some(sender) = connections.get(&connection) {
                // A connection that has gone closes its consumers itself.
                let _ = sender.send(effect);
            }
        }
        if broker.next_alarm() != alarm {
            self.alarm_moved.notify_one();
        }
        result
    }

    /// Enters a new connection.
    pub(crate) fn connect(&self) -> (ConnectionId, UnboundedReceiver<Effect>) {
        let mut shared = self.lock();
        shared.last_connection += 1;
        let id = ConnectionId(shared.last_connection);
        let (sender, receiver) = unbounded_channel();
        shared.connections.insert(id, sender);
        (id, receiver)
    }

    /// Removes a connection, whose consumers are closed already.
    pub(crate) fn disconnect(&self, id: ConnectionId) {
        self.lock().connections.remove(&id);
    }

    /// Ticks the broker whenever something falls due.
    async fn keep_time(&self) {
        loop {
            let alarm = self.lock().broker.next_alarm();
            let due = async {
                match alarm {
                    Some(alarm) => self.clock.sleep_until(alarm).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with(|world| world.broker.tick(world.now)),
                () = self.alarm_moved.notified() => {}
            }
        }
    }

    /// The shared state. A panic elsewhere does not make it unusable: each call leaves it sound.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
