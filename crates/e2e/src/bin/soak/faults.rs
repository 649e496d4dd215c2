//! What goes wrong: everything that the local Azure, the network and the machine can do.

use crate::stage::Stage;
use anyhow::Result;
use fastrand::Rng;
use serde_json::{Value, json};
use servicebus::{Account, Entity, ServiceBusConsumer};
use std::time::Duration;

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Kind {
    KillApi,
    KillRelay,
    KillAllRelays,
    KillAzure,
    StopRelay,
    PauseApi,
    PauseRelay,
    PauseAzure,
    BrokerAway,
    StoreAway,
    ThrottleStorm,
    StoreUnavailable,
    AnswersLostAfterCommit,
    RequestsCut,
    FeedFails,
    SlowStore,
    SettlementsLost,
    BrokerBusy,
    LinksDetached,
    ConnectionsClosed,
    SlowBroker,
    SessionLocked,
    Split,
    SlowSplit,
    Merge,
    ClockJump,
    Poison,
    OperatorReleases,
}

impl Kind {
    /// Makes it happen, and undoes what does not end by itself.
    pub(crate) async fn happen(self, stage: &mut Stage, rng: &mut Rng) -> Result<()> {
        if let Some(rule) = self.rule(rng) {
            return stage.world.emulator.fault(rule).await;
        }
        match self {
            Self::KillApi | Self::KillRelay | Self::KillAllRelays | Self::StopRelay => {
                self.end_app(stage, rng).await
            }
            Self::KillAzure => stage.world.emulator.kill_and_restart().await,
            Self::PauseApi | Self::PauseRelay | Self::PauseAzure => self.pause(stage, rng).await,
            Self::BrokerAway => {
                stage.broker.cut();
                pass(rng, 5..60).await;
                stage.broker.mend();
                Ok(())
            }
            Self::StoreAway => {
                stage.store.cut();
                pass(rng, 2..10).await;
                stage.store.mend();
                Ok(())
            }
            Self::SessionLocked => lock_session(stage, rng).await,
            Self::Split | Self::SlowSplit | Self::Merge => self.reshape(stage, rng).await,
            // All jumps together stay below the quarter of an hour by which Azure lets a signed
            // date be off.
            Self::ClockJump => stage.world.emulator.advance(rng.u64(1..12)).await,
            Self::OperatorReleases => stage.release_parked().await.map(drop),
            Self::ThrottleStorm
            | Self::StoreUnavailable
            | Self::AnswersLostAfterCommit
            | Self::RequestsCut
            | Self::FeedFails
            | Self::SlowStore
            | Self::SettlementsLost
            | Self::BrokerBusy
            | Self::LinksDetached
            | Self::ConnectionsClosed
            | Self::SlowBroker
            | Self::Poison => Ok(()),
        }
    }

    /// The rule that the local Azure is given.
    fn rule(self, rng: &mut Rng) -> Option<Value> {
        let few = rng.u32(1..6);
        let some = rng.u32(20..200);
        let slow = rng.u32(50..2_000);
        let store = |operation: &str, action: &str, count: u32| json!({"target": "cosmos", "operation": operation, "action": action, "count": count});
        let broker = |operation: &str, action: &str, count: u32| json!({"target": "servicebus", "operation": operation, "action": action, "count": count});
        let with = |mut rule: Value, name: &str, value: Value| {
            if let Some(rule) = rule.as_object_mut() {
                rule.insert(name.to_owned(), value);
            }
            rule
        };
        Some(match self {
            Self::ThrottleStorm => {
                with(store("any", "throttle", some), "retryAfterMs", json!(rng.u32(1..300)))
            }
            Self::StoreUnavailable => store("any", "status", some / 4),
            Self::AnswersLostAfterCommit => store("batch", "drop-after", few),
            Self::RequestsCut => store("any", "drop-before", some / 8),
            Self::FeedFails => store("feed", "drop-after", few * 4),
            Self::SlowStore => with(store("any", "delay", few * 4), "delayMs", json!(slow)),
            Self::SettlementsLost => broker("transfer", "drop-after", few),
            Self::BrokerBusy => broker("transfer", "server-busy", few * 4),
            Self::LinksDetached => broker("any", "detach", few),
            Self::ConnectionsClosed => broker("any", "close", few),
            Self::SlowBroker => with(broker("transfer", "delay", few * 2), "delayMs", json!(slow)),
            Self::Poison => {
                let rule = with(broker("transfer", "reject", 1), "entity", json!("orders"));
                with(rule, "condition", json!("com.microsoft:argument-error"))
            }
            Self::KillApi
            | Self::KillRelay
            | Self::KillAllRelays
            | Self::KillAzure
            | Self::StopRelay
            | Self::PauseApi
            | Self::PauseRelay
            | Self::PauseAzure
            | Self::BrokerAway
            | Self::StoreAway
            | Self::SessionLocked
            | Self::Split
            | Self::SlowSplit
            | Self::Merge
            | Self::ClockJump
            | Self::OperatorReleases => return None,
        })
    }

    /// Ends programs, and starts them again a little later.
    async fn end_app(self, stage: &mut Stage, rng: &mut Rng) -> Result<()> {
        let api = [&mut stage.world.api];
        let one = rng.usize(..stage.relays.len());
        let chosen = stage.relays.iter_mut().enumerate();
        let relays = chosen.filter(|(number, _)| self == Self::KillAllRelays || *number == one);
        let mut apps: Vec<_> = if self == Self::KillApi {
            api.into_iter().collect()
        } else {
            relays.map(|(_, relay)| relay).collect()
        };
        for app in &mut apps {
            match app.process() {
                Some(process) if self == Self::StopRelay => drop(process.stop().await?),
                _ => app.kill().await?,
            }
        }
        pass(rng, 0..12).await;
        for app in apps {
            app.launch()?;
        }
        Ok(())
    }

    /// Stops a program where it is; a relay often for longer than its leases live.
    async fn pause(self, stage: &mut Stage, rng: &mut Rng) -> Result<()> {
        let one = rng.usize(..stage.relays.len());
        let process = if self == Self::PauseApi {
            stage.world.api.process()
        } else if self == Self::PauseAzure {
            Some(&mut stage.world.emulator.process)
        } else {
            stage.relays.get_mut(one).and_then(e2e::world::App::process)
        };
        if let Some(process) = process {
            process.pause()?;
            pass(rng, 1..15).await;
            process.resume()?;
        }
        Ok(())
    }

    /// Splits or merges ranges, so that there are one to eight.
    async fn reshape(self, stage: &Stage, rng: &mut Rng) -> Result<()> {
        let azure = &stage.world.emulator;
        match (self, stage.ranges().await?) {
            (Self::Merge, 2..) | (_, 8..) => azure.merge_orders().await,
            (Self::SlowSplit, _) => azure.split_slowly(rng.u64(100..5_000)).await,
            _ => azure.split_orders().await,
        }
    }
}

/// An intruder holds the session of some order, so that its consumer has to wait.
async fn lock_session(stage: &Stage, rng: &mut Rng) -> Result<()> {
    let account = Account::from_connection_string(&stage.world.emulator.servicebus)?;
    let consumer =
        ServiceBusConsumer::open(&account, &Entity::subscription("orders", "all")).await?;
    // Whoever comes first has it; no session may have messages just now.
    if let Some(session) = consumer.next_session(INTRUDER_WAIT).await? {
        pass(rng, 1..5).await;
        session.close().await;
    }
    consumer.close().await;
    Ok(())
}

/// Lets some seconds pass: how long a fault lasts is part of it.
async fn pass(rng: &mut Rng, seconds: std::ops::Range<u64>) {
    let milliseconds = seconds.start * 1_000..seconds.end * 1_000;
    tokio::time::sleep(Duration::from_millis(rng.u64(milliseconds))).await;
}

/// For a session that is there already.
const INTRUDER_WAIT: Duration = Duration::from_secs(2);
