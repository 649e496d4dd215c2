//! The SDK's test double as an oracle: the same random operations, sent by our own client, to it and
//! to the emulator; what comes back is compared.
//!
//! Known differences, each because the double is simpler (it is no public interface, and no service):
//!
//! * its feed has no `_lsn`, and pages of its feed may tear a transaction: feeds are read whole;
//! * within a transaction its feed is in the order of the ids, the emulator's in that of the operations;
//!   so each transaction's changes are compared as a set, and the transactions in their order;
//! * it knows no patch within a batch and no time to live: neither is asked for.

mod bridge;
mod history;
mod side;

use crate::runner::{Feature, feature};
use crate::world::World;
use anyhow::{Context, Result, ensure};
use bridge::Bridge;
use history::{History, Kind};
use side::Side;

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("oracle: point operations agree in status, body and etag", |w| {
            Box::pin(agree(w, Kind::Points))
        }),
        feature("oracle: preconditions by etag agree, fresh and stale", |w| {
            Box::pin(agree(w, Kind::Etags))
        }),
        feature("oracle: batches agree, done and refused", |w| Box::pin(agree(w, Kind::Batches))),
        feature("oracle: unique keys agree, in batches and out", |w| {
            Box::pin(agree(w, Kind::Uniques))
        }),
        feature("oracle: all of it mixed, and the feed in its order", |w| {
            Box::pin(agree(w, Kind::Mixed))
        }),
    ]
}

/// Operations of one history.
const STEPS: u32 = 300;
/// How often the feed is read, in steps.
const FEED_EVERY: u32 = 50;

async fn agree(world: &World, kind: Kind) -> Result<()> {
    let seed = match std::env::var("ORACLE_SEED") {
        Ok(seed) => seed.parse().context("ORACLE_SEED is no number")?,
        Err(_) => fastrand::u64(..),
    };
    println!("     ORACLE_SEED={seed}");
    run(world, kind, seed).await.with_context(|| format!("ORACLE_SEED={seed}"))
}

async fn run(world: &World, kind: Kind, seed: u64) -> Result<()> {
    let bridge = Bridge::start().await?;
    let mut ours = Side::new(&world.endpoint).await?;
    let mut double = Side::new(&bridge.endpoint).await?;
    let mut history = History::new(kind, seed);
    for step in 1..=STEPS {
        let operation = history.next();
        let (told, expected) = (ours.perform(&operation).await?, double.perform(&operation).await?);
        ensure!(
            told == expected,
            "step {step}, {operation:?}:\nthe emulator: {told}\nthe double:   {expected}"
        );
        if step % FEED_EVERY == 0 {
            let (told, expected) = (ours.feed().await?, double.feed().await?);
            ensure!(
                told == expected,
                "the feed after step {step}:\nthe emulator: {told:?}\nthe double:   {expected:?}"
            );
        }
    }
    ours.close().await
}
