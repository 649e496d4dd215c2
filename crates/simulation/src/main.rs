//! `simulate`: plays many seeds, or one in words. Ends with 1 at the first broken promise.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use anyhow::{Result, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::{Failure, Options, run};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Plays orders, relays and leases over ports in memory, with faults at every call.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to play
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Play only this one, and tell its story
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
}

fn main() -> Result<ExitCode> {
    let Arguments { seeds, first, seed } = Arguments::parse();
    match seed {
        Some(seed) => Ok(tell(seed)),
        None => play(first, seeds),
    }
}

/// Plays one seed in words.
fn tell(seed: u64) -> ExitCode {
    let (told, broken) = match run(seed, Options { in_words: true, wrong: None }) {
        Ok(told) => (told, None),
        Err(failure) => (failure.told, Some(failure.what)),
    };
    for line in &told.lines {
        println!("{line}");
    }
    println!("seed {seed}: {} events in {} steps, {:016x}", told.events, told.steps, told.digest);
    let Some(what) = broken else { return ExitCode::SUCCESS };
    println!("BROKEN: {what}");
    ExitCode::FAILURE
}

/// Plays many seeds, on all cores.
fn play(first: u64, seeds: u64) -> Result<ExitCode> {
    let (started, bar) = (Instant::now(), ProgressBar::new(seeds));
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} seeds {elapsed} {eta}")?);
    let (next, end) = (AtomicU64::new(first), first.saturating_add(seeds));
    let (events, steps) = (AtomicU64::new(0), AtomicU64::new(0));
    let failed: Mutex<Option<(u64, Box<Failure>)>> = Mutex::new(None);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if end <= seed {
                return;
            }
            match run(seed, Options::default()) {
                Ok(told) => {
                    events.fetch_add(told.events as u64, Ordering::Relaxed);
                    steps.fetch_add(told.steps, Ordering::Relaxed);
                }
                Err(failure) => {
                    next.store(end, Ordering::Relaxed);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.get_or_insert((seed, failure));
                }
            }
            bar.inc(1);
        }
    };
    let cores = thread::available_parallelism()?.get();
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    bar.finish_and_clear();
    if let Some((seed, failure)) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        explain(seed, &failure);
        return Ok(ExitCode::FAILURE);
    }
    let (events, steps) = (events.into_inner(), steps.into_inner());
    if events == 0 {
        bail!("no event was told: {seeds} seeds are too few to say anything");
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds from {first}: {events} events in {steps} steps, none lost, none overtaken; \
         {took:.1} s"
    );
    Ok(ExitCode::SUCCESS)
}

/// Says what was broken, and the end of the story.
fn explain(seed: u64, failure: &Failure) {
    let told = match run(seed, Options { in_words: true, wrong: None }) {
        Ok(told) => told,
        Err(failure) => failure.told,
    };
    for line in told.lines.iter().skip(told.lines.len().saturating_sub(TAIL)) {
        println!("{line}");
    }
    if told.digest != failure.told.digest {
        println!(
            "the seed told another story this time: something is drawn that the seed does not know"
        );
    }
    println!("seed {seed} BROKEN: {}", failure.what);
    println!("\nhint: cargo xtask simulate --seed {seed} tells all of it");
}

/// Enough to see the last moves of everybody.
const TAIL: usize = 60;
