//! Plays one seed from its beginning to its end.

use crate::broker::Broker;
use crate::cast::Cast;
use crate::fate::Climate;
use crate::history::{History, Told};
use crate::leases::LeaseStore;
use crate::ledger::Ledger;
use crate::store::Store;
use crate::weather::strike;
use crate::world::{State, World, Wrong};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How to play.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether to tell the story in words.
    pub in_words: bool,
    /// A port that is to be wrong.
    pub wrong: Option<Wrong>,
}

/// A broken promise.
#[derive(Debug)]
pub struct Failure {
    /// What was promised, and what happened instead.
    pub what: String,
    /// The story up to there.
    pub told: Told,
}

/// Plays one seed.
///
/// # Errors
///
/// [`Failure`] where a promise was broken; also where the play could not be set up.
pub fn run(seed: u64, options: Options) -> Result<Told, Box<Failure>> {
    // The relay draws its pauses from this thread's source.
    fastrand::seed(seed);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(play(seed, options)),
        Err(error) => {
            let told = History::new(false).told(0);
            Err(Box::new(Failure { what: format!("cannot start the runtime: {error}"), told }))
        }
    }
}

async fn play(seed: u64, options: Options) -> Result<Told, Box<Failure>> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let world = Arc::new(World::new(draw(&mut rng, options)));
    let mut cast = Cast::draw(&world, &mut rng);
    let outcome = acts(&world, &mut cast, Duration::from_secs(rng.u64(30..=240))).await;
    let mut state = world.state();
    let events = state.ledger.seen.len();
    let told = state.history.told(events);
    outcome.map(|()| told.clone()).map_err(|what| Box::new(Failure { what, told }))
}

fn draw(rng: &mut fastrand::Rng, Options { in_words, wrong }: Options) -> State {
    let poison = if rng.bool() { 0 } else { rng.u32(10..150) };
    State {
        started: Instant::now(),
        climate: Climate::draw(rng),
        lives: Vec::new(),
        history: History::new(in_words),
        store: Store { poison, ..Store::default() },
        broker: Broker::draw(rng),
        leases: LeaseStore::default(),
        ledger: Ledger::default(),
        host_places: BTreeMap::new(),
        acknowledged: BTreeMap::new(),
        wrong,
        rng: rng.fork(),
    }
}

/// A rough time, then a calm one in which all has to come out.
async fn acts(world: &World, cast: &mut Cast, rough: Duration) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < rough {
        cast.tend(true);
        strike(world, cast);
        let pause = world.state().draw(100, 4_000);
        sleep(Duration::from_millis(pause)).await;
        unbroken(world)?;
    }
    cast.calm();
    let calm = Instant::now();
    while calm.elapsed() < DRAIN_MAX {
        cast.tend(calm.elapsed() < LAST_ORDERS);
        if LAST_ORDERS <= calm.elapsed() {
            cast.retire_writers();
        }
        sleep(Duration::from_secs(1)).await;
        unbroken(world)?;
        // What was given up may arrive this late.
        if STRAGGLERS < calm.elapsed() && world.state().open().is_empty() {
            break;
        }
    }
    let wrong = world.state().audit();
    let told = |wrong: Vec<String>| format!("not all came out: {}", wrong.join("; "));
    if wrong.is_empty() { Ok(()) } else { Err(told(wrong)) }
}

fn unbroken(world: &World) -> Result<(), String> {
    world.state().ledger.broken.take().map_or(Ok(()), Err)
}

/// Orders placed when all is well: they have to come out as well.
const LAST_ORDERS: Duration = Duration::from_secs(10);
/// Longer than anything is on its way.
const STRAGGLERS: Duration = Duration::from_secs(95);
/// Leases run out, and whoever sweeps late has swept.
const DRAIN_MAX: Duration = Duration::from_mins(20);
