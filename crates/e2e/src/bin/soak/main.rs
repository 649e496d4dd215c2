//! Everything goes wrong at random for as long as is asked for, under load; then everything must
//! be accounted for. Started by `cargo xtask soak`.
#![expect(clippy::print_stdout, reason = "the soak tells what it does and what came of it")]

mod account;
mod faults;
mod stage;

use crate::account::Account;
use crate::faults::Kind;
use crate::stage::Stage;
use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use e2e::consumer::Consumer;
use e2e::ledger::Shared;
use e2e::load::{Load, Pace};
use e2e::process;
use fastrand::Rng;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Arguments {
    /// How long faults happen
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    minutes: u64,
    /// What everything random comes from [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// New orders in a second
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    orders_per_second: u32,
    /// Relays side by side
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=16))]
    relays: u8,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = tokio::select! {
        ended = soak(&arguments) => ended,
        () = process::asked_to_end() => Err(anyhow::anyhow!("interrupted; everything is stopped")),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("\nsoak failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was accounted for.
async fn soak(arguments: &Arguments) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    println!(
        "seed {seed}; {} relays, {} orders a second",
        arguments.relays, arguments.orders_per_second
    );
    let mut stage = Stage::start(folder.path(), usize::from(arguments.relays)).await?;
    let ledger = Shared::default();
    let _consumer = Consumer::start(&stage.world.emulator.servicebus, "all", &ledger)?;
    let mut account = Account::of(stage.take_over(TAKEOVERS).await?);
    println!("leases of a dead relay served by others after {}", account.takeovers());

    let pace = Pace { orders_per_second: arguments.orders_per_second, orders_max: u64::MAX, seed };
    let load = Load::start(&stage.world.client, &ledger, pace);
    let until = Instant::now() + Duration::from_mins(arguments.minutes);
    let went = break_things(&mut stage, (&mut account, &ledger), until, seed).await;
    if let Err(error) = went {
        let kept = stage.keep(folder);
        return Err(error.context(format!("kept for you: {kept}")));
    }
    stage.heal().await?;
    account.orders = load.close().await.context("the shoppers")?;
    println!("healed; {} orders, {}", account.orders, account::progress(&ledger));
    account.settle(&stage, &ledger).await?;
    println!("\n{account}");
    let is_clean = account.is_clean();
    if !is_clean {
        println!("{}", account.details());
        // What is left of it, for whoever looks for the reason.
        println!("kept for you: {}", stage.keep(folder));
    }
    Ok(is_clean)
}

/// A fault every few seconds.
async fn break_things(
    stage: &mut Stage,
    (account, ledger): (&mut Account, &Shared),
    until: Instant,
    seed: u64,
) -> Result<()> {
    let started = Instant::now();
    let mut rng = Rng::with_seed(seed);
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(rng.u64(500..4_000))).await;
        let kind = *rng.choice(Kind::value_variants()).context("no faults")?;
        let happened = kind.happen(stage, &mut rng).await;
        let at = started.elapsed().as_secs();
        let said =
            happened.as_ref().err().map_or_else(String::new, |error| format!(" ({error:#})"));
        println!("{at:>6} s  {kind:?}{said}  {}", account::progress(ledger));
        account.note(kind, happened.is_ok());
        if happened.is_err() {
            // One fault may be in the way of the next; nobody stays broken for that.
            stage.heal().await?;
        }
        stage.look_after()?;
    }
    Ok(())
}

/// Relays killed in quiet, to see how long it takes until others serve their leases.
const TAKEOVERS: usize = 6;
