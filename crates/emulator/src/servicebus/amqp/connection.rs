//! One TCP connection: reads frames, hands them to the [`Engine`], writes what it has to say.
//!
//! Reading and writing go on at the same time, so that neither side can block the other by
//! only sending. Everything a batch of frames gave rise to goes out in one write.

use super::{
    condition::{self, Problem},
    engine::{Engine, IDLE_MAX, Step, World},
    frame::{self, Frame, Kind},
    sasl::{self, AMQP_HEADER, Outcome, SASL_HEADER},
};
use crate::{
    clock::Clock,
    servicebus::{
        ServiceBus,
        broker::{ConnectionId, Effect},
    },
    store::{Journal, Lost},
};
use bytes::BytesMut;
use jiff::Timestamp;
use std::{io, mem, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Bytes read at once; some sixty messages of 1 KB.
const READ: usize = 64 * 1024;

/// Bytes waiting to be written beyond which nothing more is read.
const WRITE_MAX: usize = 1024 * 1024;

/// How long a client may take to get through SASL and its headers.
const GREETING_MAX: Duration = Duration::from_secs(30);

/// How long the last bytes may take to be written.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// What a client hears that has been silent for too long.
const IDLE: &str = "The connection was idle for longer than its idle-time-out.";

/// A connection with its buffers.
struct Connection {
    bus: Arc<ServiceBus>,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    input: BytesMut,
    engine: Engine,
    /// What goes out next; the engine gathers what comes behind it.
    sealed: Sealed,
    effects: UnboundedReceiver<Effect>,
}

/// Bytes that may be written once the journal has come to a unit: they tell of what it holds.
#[derive(Default)]
struct Sealed {
    bytes: BytesMut,
    unit: u64,
}

/// Why the loop ended.
enum End {
    /// Everything has been said.
    Closed,
    /// The client has gone, or is to see it so.
    Cut,
}

/// Serves one connection until it ends or `stop` says so.
pub(crate) async fn serve(bus: Arc<ServiceBus>, stream: TcpStream, stop: CancellationToken) {
    let (id, effects) = bus.connect();
    let served = run(Arc::clone(&bus), stream, (id, effects), stop).await;
    if let Err(error) = served {
        tracing::debug!(connection = id.0, %error, "connection lost");
    }
    bus.disconnect(id);
}

/// Greets, serves, and says goodbye.
async fn run(
    bus: Arc<ServiceBus>,
    stream: TcpStream,
    (id, effects): (ConnectionId, UnboundedReceiver<Effect>),
    stop: CancellationToken,
) -> io::Result<()> {
    let (mut reader, mut writer) = stream.into_split();
    let mut input = BytesMut::with_capacity(READ);
    let greeted = timeout(GREETING_MAX, greet(&mut reader, &mut writer, &mut input));
    let outcome = tokio::select! {
        greeted = greeted => greeted.map_err(|_| io::ErrorKind::TimedOut)??,
        () = stop.cancelled() => return Ok(()),
    };
    let Some(outcome) = outcome else { return Ok(()) };
    let engine = Engine::new(id, outcome == Outcome::Trusted);
    let sealed = Sealed { bytes: BytesMut::from(&AMQP_HEADER[..]), unit: 0 };
    let mut connection = Connection { bus, reader, writer, input, engine, sealed, effects };
    let end = connection.go_on(&stop).await;
    connection.bus.with(|world| connection.engine.shut_down(world));
    if let Ok(End::Closed) = end {
        let _ = timeout(FAREWELL_MAX, connection.say_goodbye()).await;
        let _ = connection.writer.shutdown().await;
        // Whatever the client still says is heard out: to close on it would reset the connection,
        // and our last words with it.
        let mut nowhere = tokio::io::sink();
        let rest = tokio::io::copy(&mut connection.reader, &mut nowhere);
        let _ = timeout(FAREWELL_MAX, rest).await;
    }
    end.map(|_| ())
}

/// Headers and SASL. Ends when the client's AMQP header is in: rhea loses what comes before.
///
/// A client may leave SASL out, and has then shown as little as by ANONYMOUS. So does the
/// JavaScript SDK when its connection string has a token instead of a key.
///
/// Returns none if the client was told that this is not how it is done.
async fn greet(
    reader: &mut OwnedReadHalf,
    writer: &mut OwnedWriteHalf,
    input: &mut BytesMut,
) -> io::Result<Option<Outcome>> {
    match header(reader, input).await? {
        SASL_HEADER => {}
        AMQP_HEADER => return Ok(Some(Outcome::Anonymous)),
        _ => {
            // Another version, or not AMQP at all: told what is expected, as AMQP 1.0, 2.2 wants.
            writer.write_all(&SASL_HEADER).await?;
            return Ok(None);
        }
    }
    let mut out = BytesMut::from(&SASL_HEADER[..]);
    sasl::put_mechanisms(&mut out);
    writer.write_all_buf(&mut out).await?;
    let init = next_frame(reader, input).await?.ok_or(io::ErrorKind::InvalidData)?;
    let outcome = sasl::answer_init(&init.body, &mut out);
    let outcome = outcome.map_err(|_| io::ErrorKind::InvalidData)?;
    writer.write_all_buf(&mut out).await?;
    if outcome == Outcome::Refused {
        return Ok(None);
    }
    if header(reader, input).await? != AMQP_HEADER {
        writer.write_all(&AMQP_HEADER).await?;
        return Ok(None);
    }
    Ok(Some(outcome))
}

/// The next eight bytes: a protocol header.
async fn header(reader: &mut OwnedReadHalf, input: &mut BytesMut) -> io::Result<[u8; 8]> {
    while input.len() < 8 {
        more(reader, input).await?;
    }
    let header = input.split_to(8);
    header.first_chunk().copied().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// The next SASL frame; none if what comes is not one.
async fn next_frame(reader: &mut OwnedReadHalf, input: &mut BytesMut) -> io::Result<Option<Frame>> {
    loop {
        match frame::next(input) {
            Ok(Some(frame)) => return Ok((frame.kind == Kind::Sasl).then_some(frame)),
            Ok(None) => more(reader, input).await?,
            Err(_) => return Ok(None),
        }
    }
}

/// Reads some more.
async fn more(reader: &mut OwnedReadHalf, input: &mut BytesMut) -> io::Result<()> {
    match reader.read_buf(input).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

impl Connection {
    /// Reads, handles and writes until one side has had enough.
    async fn go_on(&mut self, stop: &CancellationToken) -> io::Result<End> {
        let mut heard = Instant::now();
        let mut spoken = Instant::now();
        loop {
            if let Err(lost) = self.bus.journal.check() {
                return Ok(self.give_up(&lost));
            }
            if let Some(end) = self.handle_input(stop).await {
                return Ok(end);
            }
            let Self { bus, reader, writer, input, engine, sealed, effects } = self;
            let beat = engine.peer_idle().map(|idle| spoken + idle / 2);
            sealed.refill(engine.out(), &bus.journal);
            let settled = bus.journal.is_settled_to(sealed.unit);
            let (waiting, hungry) = (sealed.bytes.len() + engine.out().len(), engine.is_hungry());
            let expiry = engine.next_expiry().map(until);
            input.reserve(READ);
            tokio::select! {
                biased;
                written = writer.write_buf(&mut sealed.bytes), if settled && 0 < waiting => {
                    written?;
                    spoken = Instant::now();
                }
                result = bus.journal.settled_to(sealed.unit), if !settled => {
                    if let Err(lost) = result {
                        return Ok(self.give_up(&lost));
                    }
                }
                effect = effects.recv() => if let Some(effect) = effect {
                    self.handle_effects(effect);
                },
                read = reader.read_buf(input), if waiting < WRITE_MAX => {
                    if read? == 0 {
                        return Ok(End::Cut);
                    }
                    heard = Instant::now();
                }
                () = stop.cancelled() => return Ok(self.force("The emulator is shutting down.")),
                () = sleep_until(heard + IDLE_MAX) => return Ok(self.force(IDLE)),
                () = sleep_until(beat.unwrap_or(heard + IDLE_MAX)), if beat.is_some() => {
                    engine.heartbeat();
                }
                () = sleep(expiry.unwrap_or_default()), if expiry.is_some() => {
                    self.bus.with(|world| self.engine.expire_tokens(world));
                }
                () = std::future::ready(()), if hungry && waiting == 0 => {}
                () = bus.journal.lost() => {}
            }
        }
    }

    /// Handles every frame that is in whole.
    async fn handle_input(&mut self, stop: &CancellationToken) -> Option<End> {
        loop {
            let (bus, engine, input) = (&self.bus, &mut self.engine, &mut self.input);
            let next = bus.with(|world| {
                let next = handle_frames(engine, input, world);
                engine.settle_down(world);
                next
            });
            match next {
                Step::Go => return None,
                Step::Close => return Some(End::Closed),
                Step::Cut => return Some(End::Cut),
                Step::Pause(pause) => {
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = stop.cancelled() => return None,
                    }
                    self.bus.with(|world| self.engine.resume(world));
                }
            }
        }
    }

    /// Writes everything that is left to say, as far as it is durable.
    async fn say_goodbye(&mut self) -> io::Result<()> {
        if let Err(lost) = self.bus.journal.settled().await {
            self.give_up(&lost);
        }
        self.writer.write_all_buf(&mut self.sealed.bytes).await?;
        self.writer.write_all_buf(self.engine.out()).await
    }

    /// The store cannot be written: takes back what tells of things that are not durable, and
    /// closes the connection instead.
    fn give_up(&mut self, lost: &Lost) -> End {
        if !self.bus.journal.is_settled_to(self.sealed.unit) {
            self.sealed.bytes.clear();
        }
        self.engine.retract(&Problem::new(condition::INTERNAL, lost.to_string()));
        End::Closed
    }

    /// Closes the connection; clients connect again.
    fn force(&mut self, words: &'static str) -> End {
        self.engine.close(&Problem::new(condition::CONNECTION_FORCED, words));
        End::Closed
    }

    /// Handles everything the broker has said, in one go.
    fn handle_effects(&mut self, first: Effect) {
        let (engine, effects) = (&mut self.engine, &mut self.effects);
        self.bus.with(|world| {
            engine.effect(first, world);
            while let Ok(effect) = effects.try_recv() {
                engine.effect(effect, world);
            }
        });
    }
}

impl Sealed {
    /// Takes what the engine has said, if everything before it has been written.
    fn refill(&mut self, out: &mut BytesMut, journal: &Journal) {
        if self.bytes.is_empty() && !out.is_empty() {
            mem::swap(&mut self.bytes, out);
            self.unit = journal.appended();
        }
    }
}

/// How long it is until `instant`, by the machine's time.
fn until(instant: Timestamp) -> Duration {
    Duration::try_from(Clock::machine().duration_until(instant)).unwrap_or_default()
}

/// Handles frames until none is whole, or one of them is not to be followed by the next.
pub(crate) fn handle_frames(
    engine: &mut Engine,
    input: &mut BytesMut,
    world: &mut World<'_>,
) -> Step {
    loop {
        let step = match frame::next(input) {
            Ok(Some(frame)) => engine.frame(&frame, world),
            Ok(None) => return Step::Go,
            Err(bad) => engine.close(&Problem::new(condition::FRAMING, bad.to_string())),
        };
        if step != Step::Go {
            return step;
        }
    }
}
