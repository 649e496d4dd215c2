//! Named features, run one after the other: a line for each, the totals last.

use crate::world::World;
use anyhow::{Context, Result, bail};
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// What a feature does with the world.
pub type Proof<'w> = Pin<Box<dyn Future<Output = Result<()>> + 'w>>;

/// A feature, and what proves it.
pub struct Feature {
    name: &'static str,
    prove: for<'w> fn(&'w World) -> Proof<'w>,
}

/// What one feature may take; nothing here waits for longer than a few seconds.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Names the proof of a feature.
pub fn feature(name: &'static str, prove: for<'w> fn(&'w World) -> Proof<'w>) -> Feature {
    Feature { name, prove }
}

/// Runs every feature; answers how many failed.
pub async fn run(world: &World, features: impl Iterator<Item = Feature>) -> u32 {
    let (mut passed, mut failed) = (0, 0);
    for Feature { name, prove } in features {
        let started = Instant::now();
        let proof = tokio::time::timeout(TIME_MAX, prove(world)).await;
        let proof = proof.context("it takes too long").and_then(|proof| proof);
        let took = started.elapsed().as_secs_f64();
        match proof {
            Ok(()) => {
                passed += 1;
                println!("ok  {name} ({took:.2} s)");
            }
            Err(error) => {
                failed += 1;
                println!("FAIL {name} ({took:.2} s)");
                println!("     {}", format!("{error:#}").replace('\n', "\n     "));
                // What a feature that broke off has set is not to reach the next one.
                drop(world.no_faults().await);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    failed
}

/// Fails unless both are the same, and says both.
pub fn equal<A: PartialEq<B> + Debug, B: Debug>(actual: A, expected: B) -> Result<()> {
    if actual == expected {
        return Ok(());
    }
    bail!("{actual:?} is not {expected:?}")
}

/// Fails unless the condition holds.
pub fn holds(condition: bool, what: &str) -> Result<()> {
    if condition { Ok(()) } else { bail!("it does not hold that {what}") }
}
