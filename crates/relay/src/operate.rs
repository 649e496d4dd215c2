//! The operator's tool: looks, releases, skips, replays, audits, checks. Each subcommand a file.
//!
//! It runs on the operator's own identity and talks to store and broker itself: a relay in service
//! has no door for it. What it changes, the relay learns from the feed like any other change.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done, and all is well |
//! | 1 | not done, or something was found that is not well |
//! | 2 | asked wrongly: the arguments or the environment |

mod answer;
pub mod arguments;
mod audit;
mod check;
mod gaps;
mod parked;
mod replay;
mod rule;
mod show;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod tools;

use crate::logs;
use crate::setup::Setup;
use answer::{Answer, Trouble};
use arguments::{Look, ParkedList, Released, Replayed, Skipped, Which};
use clap::Subcommand;
use cosmos::Ruling;
use domain::Timestamp;
use tools::Tools;

/// What an operator wants.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// How it is: what is pending, parked and published, and whether store and broker are ready
    Status(Look),
    /// What the broker refused, why, and what waits behind it
    Parked(ParkedList),
    /// One order: its events, and what happened to each
    Show(Which),
    /// Let the relay try a parked event again
    Release(Released),
    /// Give a parked event up, so that those behind it go on
    Skip(Skipped),
    /// Publish processed events again, under the same message ids
    Replay(Replayed),
    /// Account for every event of every order
    Audit(Look),
    /// Whether topic, subscriptions and containers are made as the promises need it
    Check(Look),
}

impl Command {
    /// Does it, and says what came of it. Returns the exit code.
    pub async fn run(self, get: impl Fn(&str) -> Option<String>, clock: fn() -> Timestamp) -> u8 {
        let is_json = self.is_json();
        let done = match logs::start_for_operator(&get) {
            Ok(()) => self.done(&Tools { get: &get, clock }).await,
            Err(_) => Err(Trouble::Environment(Setup::read(&get).err().unwrap_or_default())),
        };
        answer::say(done, is_json)
    }

    async fn done(self, tools: &Tools<'_>) -> Result<Answer, Trouble> {
        match self {
            Self::Status(_) => status::status(tools).await,
            Self::Parked(list) => parked::parked(tools, list.limit).await,
            Self::Show(which) => show::show(tools, &which.order).await,
            Self::Release(asked) => {
                rule::rule(tools, asked.event(), (Ruling::Release, asked.why())).await
            }
            Self::Skip(asked) => {
                rule::rule(tools, asked.event(), (Ruling::Skip, asked.reason)).await
            }
            Self::Replay(asked) => replay::replay(tools, &asked).await,
            Self::Audit(_) => audit::audit(tools).await,
            Self::Check(_) => check::check(tools).await,
        }
    }

    const fn is_json(&self) -> bool {
        match self {
            Self::Status(form) | Self::Audit(form) | Self::Check(form) => form.json,
            Self::Parked(asked) => asked.form.json,
            Self::Show(asked) => asked.form.json,
            Self::Release(asked) => asked.form.json,
            Self::Skip(asked) => asked.form.json,
            Self::Replay(asked) => asked.form.json,
        }
    }
}
