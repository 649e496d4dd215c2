//! What a message costs, however long the backlog is.

use crate::messages::{Topic, complete, drain, envelopes, receive, send, start, until_left};
use crate::meter::{Cost, Meter};
use crate::table::{bytes_each, head, line, mib, thousands};
use anyhow::{Context, Result};
use e2e::emulator::Emulator;
use e2e::usage::usage;
use servicebus::{ServiceBusConsumer, ServiceBusPublisher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// Messages in one transfer, and in each of many sessions.
const TOGETHER: u32 = 100;
/// Transfers on their way at once, so that the messages of a session stay in order.
const SENDERS: u32 = 8;
/// Messages that a receiver takes before it settles them.
const TAKEN: usize = 500;
/// Messages of one session that are received under one lock, which lasts a minute.
const LOCKED: u32 = 50_000;
/// Messages that are settled at once when settling is measured, or half of them if fewer.
const SETTLED: u32 = 5_000;
/// Receivers of many sessions.
const RECEIVERS: u32 = 4;
/// Up to here each is measured three times, and the best counts.
const QUICK: u32 = 10_000;
const RUNS: u32 = 3;

/// What was measured with a backlog.
#[derive(Clone, Copy)]
struct Figures {
    send: Cost,
    settle: Cost,
    one: Cost,
    many: Cost,
    kib: (u64, u64),
}

/// Backlogs of one session and of many, drained.
pub(crate) async fn messages(sizes: &[u32]) -> Result<()> {
    println!(
        "\nMessages of 1 KB; microseconds for each (elapsed / of the emulator), and its memory:\n"
    );
    let drains = ["drain one session", "drain sessions of 100"];
    let [one, many] = drains;
    head(&["backlog", "send", "settle", one, many, "resident", "bytes per message"]);
    for size in sizes.iter().copied() {
        let mut runs = Vec::new();
        for _ in 0..if size <= QUICK { RUNS } else { 1 } {
            runs.push(measure(size).await?);
        }
        let best = |figure: fn(&Figures) -> Cost| Cost::best(runs.iter().map(figure));
        let (idle, resident) = runs.last().context("nothing was measured")?.kib;
        line(&[
            thousands(size),
            best(|run| run.send)?.each(size),
            best(|run| run.settle)?.each(settled(size)),
            best(|run| run.one)?.each(size - settled(size)),
            best(|run| run.many)?.each(size),
            mib(resident),
            bytes_each(resident.saturating_sub(idle), size),
        ]);
    }
    Ok(())
}

async fn measure(size: u32) -> Result<Figures> {
    let logs = tempfile::tempdir()?;
    let mut emulator = start(logs.path(), None).await?;
    let topic = Topic::of(&emulator)?;
    let pid = emulator.process.pid()?;
    let idle = usage(pid)?.resident_kib;
    let meter = Meter::start(&emulator)?;
    load(&topic, size, |_| "one".to_owned()).await?;
    let send = meter.stop()?;
    let kib = (idle, usage(pid)?.resident_kib);
    let consumer = topic.consumer().await?;
    let settle = settling(&emulator, &consumer, size).await?;
    let meter = Meter::start(&emulator)?;
    drain_one(&consumer, size - settled(size)).await?;
    let one = meter.stop()?;
    until_left(&emulator, 0).await?;
    consumer.close().await;
    load(&topic, size, |number| format!("s{number}")).await?;
    let meter = Meter::start(&emulator)?;
    drain_many(&topic, size).await?;
    let many = meter.stop()?;
    until_left(&emulator, 0).await?;
    // Not asked to stop: how long that takes is not measured here.
    emulator.process.kill().await?;
    Ok(Figures { send, settle, one, many, kib })
}

/// Sends so many messages, a hundred together, to the session that is named for each hundred.
async fn load(topic: &Topic, size: u32, session: impl Fn(u32) -> String) -> Result<()> {
    let publisher = Arc::new(topic.publisher()?);
    let mut senders = JoinSet::new();
    for number in 0..size / TOGETHER {
        if SENDERS <= u32::try_from(senders.len())? {
            senders.join_next().await.context("nobody sends")???;
        }
        let session = session(number);
        senders.spawn(send_hundred(Arc::clone(&publisher), session, number));
    }
    senders.join_all().await.into_iter().collect::<Result<()>>()?;
    publisher.close().await;
    Ok(())
}

async fn send_hundred(
    publisher: Arc<ServiceBusPublisher>,
    session: String,
    number: u32,
) -> Result<()> {
    let first = number * TOGETHER + 1;
    send(&publisher, &envelopes(&session, first..=first + TOGETHER - 1)?).await
}

/// Settles messages of a backlog of this size. The broker has heard it all when the receiver is
/// closed.
async fn settling(emulator: &Emulator, consumer: &ServiceBusConsumer, size: u32) -> Result<Cost> {
    let mut receiver = consumer.session("one").await?;
    let messages = receive(&mut receiver, settled(size) as usize).await?;
    let meter = Meter::start(emulator)?;
    complete(&receiver, &messages).await?;
    receiver.close().await;
    let cost = meter.stop()?;
    until_left(emulator, size - settled(size)).await?;
    Ok(cost)
}

fn settled(size: u32) -> u32 {
    SETTLED.min(size / 2)
}

/// Receives and settles everything in one session.
async fn drain_one(consumer: &ServiceBusConsumer, count: u32) -> Result<()> {
    let mut left = count;
    while 0 < left {
        let mut receiver = consumer.session("one").await?;
        drain(&mut receiver, usize::try_from(left.min(LOCKED))?, TAKEN).await?;
        left -= left.min(LOCKED);
        receiver.close().await;
    }
    Ok(())
}

/// Receives and settles everything in whatever session is next, a hundred of each.
async fn drain_many(topic: &Topic, count: u32) -> Result<()> {
    let left = Arc::new(AtomicU32::new(count / TOGETHER));
    let mut workers = JoinSet::new();
    for _ in 0..RECEIVERS {
        let (topic, left) = (topic.clone(), Arc::clone(&left));
        workers.spawn(async move {
            let consumer = topic.consumer().await?;
            let take = |left: u32| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                let next = consumer.next_session(WAIT).await?;
                let mut receiver = next.context("no session has messages")?;
                drain(&mut receiver, TOGETHER as usize, TAKEN).await?;
                receiver.close().await;
            }
            consumer.close().await;
            anyhow::Ok(())
        });
    }
    workers.join_all().await.into_iter().collect()
}

/// For a session that is there already.
const WAIT: Duration = Duration::from_secs(20);
