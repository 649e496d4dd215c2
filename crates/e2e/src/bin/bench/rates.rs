//! What the emulator does in a second, with its clients on the same machine.

use crate::items;
use crate::messages::{Topic, drain, envelopes, start};
use crate::meter::{Cost, Meter};
use crate::table::{head, line};
use anyhow::Result;
use domain::ports::Publisher as _;
use e2e::emulator::Emulator;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Each is measured so often, and the best counts: the machine may have other work.
const RUNS: u32 = 3;
/// Batches, and as many reads of what they wrote.
const BATCHES: u32 = 40_000;
/// Sessions at once, each with a sender and a receiver of its own.
const SESSIONS: u32 = 4;
const MESSAGES: u32 = 100_000;
/// Messages that a sender has on their way unsettled.
const IN_FLIGHT: u32 = 64;
/// Messages that a receiver takes before it settles them.
const TAKEN: usize = 250;

/// Batches, reads and messages.
pub(crate) async fn all() -> Result<()> {
    println!("\nThe emulator by itself, its clients beside it:\n");
    head(&["per second", "value", "aim", "emulator, µs each", "clients, µs each"]);
    for (kept, aims) in [("", ["8,000", "20,000", "20,000"]), (", on disk", [""; 3])] {
        let [mut batches, mut reads, mut messages] = [const { Vec::new() }; 3];
        for _ in 0..RUNS {
            let folder = tempfile::tempdir()?;
            let data = (!kept.is_empty()).then(|| folder.path().join("data"));
            let mut emulator = start(folder.path(), data.as_deref()).await?;
            let address = emulator.cosmos_address().to_owned();
            let meter = Meter::start(&emulator)?;
            items::orders(&address, 0..BATCHES).await?;
            batches.push(meter.stop()?);
            let meter = Meter::start(&emulator)?;
            items::reads(&address, 0..BATCHES).await?;
            reads.push(meter.stop()?);
            messages.push(through(&emulator).await?);
            emulator.process.stop().await?;
        }
        let [batch, read, message] = aims;
        row(&format!("transactional batches of two items{kept}"), &batches, (BATCHES, batch))?;
        row(&format!("point reads{kept}"), &reads, (BATCHES, read))?;
        let what = format!("messages of 1 KB sent, received and settled{kept}");
        row(&what, &messages, (MESSAGES, message))?;
    }
    Ok(())
}

fn row(what: &str, costs: &[Cost], (count, aim): (u32, &str)) -> Result<()> {
    let [value, emulator, clients] = Cost::best(costs.iter().copied())?.rate(count);
    line(&[what.to_owned(), value, aim.to_owned(), emulator, clients]);
    Ok(())
}

/// Sends messages one by one and receives them at the same time, until the last is settled.
async fn through(emulator: &Emulator) -> Result<Cost> {
    let topic = Topic::of(emulator)?;
    let mut receivers = Vec::new();
    for session in 0..SESSIONS {
        let consumer = topic.consumer().await?;
        receivers.push((consumer.session(&format!("s{session}")).await?, consumer));
    }
    let mut workers = JoinSet::new();
    let meter = Meter::start(emulator)?;
    for (session, (mut receiver, consumer)) in (0..SESSIONS).zip(receivers) {
        workers.spawn(send(topic.clone(), session));
        workers.spawn(async move {
            drain(&mut receiver, usize::try_from(MESSAGES / SESSIONS)?, TAKEN).await?;
            receiver.close().await;
            consumer.close().await;
            anyhow::Ok(())
        });
    }
    workers.join_all().await.into_iter().collect::<Result<()>>()?;
    meter.stop()
}

/// Sends the messages of a session one by one, many at once on their way.
async fn send(topic: Topic, session: u32) -> Result<()> {
    let publisher = Arc::new(topic.publisher()?);
    let all = Arc::new(envelopes(&format!("s{session}"), 1..=MESSAGES / SESSIONS)?);
    let mut senders = JoinSet::new();
    for first in 0..IN_FLIGHT {
        let (publisher, all) = (Arc::clone(&publisher), Arc::clone(&all));
        senders.spawn(async move {
            for message in all.iter().skip(first as usize).step_by(IN_FLIGHT as usize) {
                publisher.publish(std::slice::from_ref(message)).await?;
            }
            anyhow::Ok(())
        });
    }
    senders.join_all().await.into_iter().collect::<Result<()>>()?;
    publisher.close().await;
    Ok(())
}
