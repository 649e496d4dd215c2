//! What the emulator does in a second, with its clients on the same machine.

use crate::items;
use crate::messages::{Topic, complete, envelopes, receive, start};
use crate::table::{aimed, head, rate};
use anyhow::Result;
use domain::ports::Publisher as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
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
    head(&["per second", "value", "aim"]);
    let logs = tempfile::tempdir()?;
    let (mut batches, mut reads, mut messages) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..RUNS {
        let mut emulator = start(logs.path()).await?;
        let address = emulator.cosmos_address().to_owned();
        batches = batches.min(items::orders(&address, 0..BATCHES).await?);
        reads = reads.min(items::reads(&address, 0..BATCHES).await?);
        messages = messages.min(through(&Topic::of(&emulator)?).await?);
        emulator.process.stop().await?;
    }
    aimed("transactional batches of two items", rate(BATCHES, batches), "8,000");
    aimed("point reads", rate(BATCHES, reads), "20,000");
    aimed("messages of 1 KB sent, received and settled", rate(MESSAGES, messages), "20,000");
    Ok(())
}

/// Sends messages one by one and receives them at the same time, until the last is settled.
async fn through(topic: &Topic) -> Result<Duration> {
    let mut receivers = Vec::new();
    for session in 0..SESSIONS {
        let consumer = topic.consumer().await?;
        receivers.push((consumer.session(&format!("s{session}")).await?, consumer));
    }
    let mut workers = JoinSet::new();
    let started = Instant::now();
    for (session, (mut receiver, consumer)) in (0..SESSIONS).zip(receivers) {
        workers.spawn(send(topic.clone(), session));
        workers.spawn(async move {
            let mut left = usize::try_from(MESSAGES / SESSIONS)?;
            while 0 < left {
                let taken = receive(&mut receiver, left.min(TAKEN)).await?;
                complete(&receiver, &taken).await?;
                left -= taken.len();
            }
            receiver.close().await;
            consumer.close().await;
            anyhow::Ok(())
        });
    }
    while let Some(done) = workers.join_next().await {
        done??;
    }
    Ok(started.elapsed())
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
    while let Some(done) = senders.join_next().await {
        done??;
    }
    publisher.close().await;
    Ok(())
}
