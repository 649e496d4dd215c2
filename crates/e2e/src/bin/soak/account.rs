//! What came of it.

use crate::faults::Kind;
use crate::stage::{Stage, TAKEN_OVER_WITHIN};
use anyhow::Result;
use e2e::ledger::{Shared, Verdict};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// What is printed at the end.
#[derive(Debug, Default)]
pub(crate) struct Account {
    takeovers: Vec<Duration>,
    pub(crate) orders: u64,
    /// By kind: how many happened, and how many could not be made to happen.
    faults: BTreeMap<Kind, (u32, u32)>,
    acknowledged: usize,
    messages: usize,
    distinct: usize,
    redelivered: usize,
    dropped: u64,
    released: usize,
    verdict: Verdict,
    audit: Value,
}

/// How far it is, in a line.
pub(crate) fn progress(ledger: &Shared) -> String {
    let ledger = ledger.lock();
    format!("{} events acknowledged, {} messages", ledger.acknowledged(), ledger.received())
}

impl Account {
    /// Nothing yet but how long takeovers took.
    pub(crate) fn of(takeovers: Vec<Duration>) -> Self {
        Self { takeovers, ..Self::default() }
    }

    /// A fault happened, or could not.
    pub(crate) fn note(&mut self, kind: Kind, happened: bool) {
        let (yes, no) = self.faults.entry(kind).or_default();
        *if happened { yes } else { no } += 1;
    }

    /// Waits until nothing is on its way any more, and takes stock.
    pub(crate) async fn settle(&mut self, stage: &Stage, ledger: &Shared) -> Result<()> {
        let started = Instant::now();
        loop {
            self.released += stage.release_parked().await?;
            self.audit = stage
                .operate(&["audit", "--json"])
                .await
                .unwrap_or_else(|error| serde_json::json!({"violations": [error.to_string()]}));
            let number = |name: &str| self.audit.get(name).and_then(Value::as_u64).unwrap_or(1);
            let waiting = number("pending") + number("parked");
            let events = usize::try_from(number("events"))?;
            if waiting == 0 && events <= ledger.lock().distinct() {
                break;
            }
            if SETTLED_WITHIN < started.elapsed() {
                println!("it does not settle: {}", self.audit);
                break;
            }
            println!("settling: {waiting} events wait; {}", progress(ledger));
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        self.dropped = stage.dropped().await?;
        let ledger = ledger.lock();
        self.acknowledged = ledger.acknowledged();
        self.messages = ledger.received();
        self.distinct = ledger.distinct();
        self.redelivered = ledger.redelivered();
        self.verdict = ledger.verdict();
        Ok(())
    }

    /// Whether nothing is lost, overtaken, doubled or unaccounted for.
    pub(crate) fn is_clean(&self) -> bool {
        let is_conserved = self.audit.get("isConserved") == Some(&Value::Bool(true));
        let events = self.audit.get("events").and_then(Value::as_u64);
        let is_whole = events == u64::try_from(self.distinct).ok();
        self.verdict.is_clean() && is_conserved && is_whole
    }

    /// What is wrong, by name.
    pub(crate) fn details(&self) -> String {
        format!("{:?}\naudit {}", self.verdict, self.audit)
    }

    /// The shortest and the longest time until a dead relay's leases were served.
    pub(crate) fn takeovers(&self) -> String {
        let seconds = |taken: Option<&Duration>| taken.map_or(0.0, Duration::as_secs_f64);
        let (least, most) = (self.takeovers.iter().min(), self.takeovers.iter().max());
        let aim = TAKEN_OVER_WITHIN.as_secs();
        format!("{:.1} to {:.1} s (aim {aim} s)", seconds(least), seconds(most))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { missing, overtaken, repeated, altered } = &self.verdict;
        let audit = |name: &str| self.audit.get(name).map_or("-".to_owned(), Value::to_string);
        let rows = [
            ("orders", self.orders.to_string()),
            ("events acknowledged", self.acknowledged.to_string()),
            ("events stored, by the audit", audit("events")),
            ("messages received", self.messages.to_string()),
            ("different ones", self.distinct.to_string()),
            ("missing", missing.len().to_string()),
            ("overtaken", overtaken.len().to_string()),
            ("effective duplicates", repeated.len().to_string()),
            ("repeats with other words", altered.len().to_string()),
            ("repeats dropped by duplicate detection", self.dropped.to_string()),
            ("handed out again to consumers", self.redelivered.to_string()),
            ("audit: violations", audit("violationCount")),
            ("a dead relay's leases served again after", self.takeovers()),
        ];
        for (name, value) in rows {
            writeln!(f, "| {name} | {value} |")?;
        }
        let total: u32 = self.faults.values().map(|(yes, _)| yes).sum();
        let each = self.faults.iter().map(|(kind, (yes, no))| match no {
            0 => format!("{kind:?} {yes}"),
            no => format!("{kind:?} {yes} ({no} could not)"),
        });
        writeln!(f, "| faults | {total}: {} |", each.collect::<Vec<_>>().join(", "))
    }
}

/// Longer than the sweep and every lease.
const SETTLED_WITHIN: Duration = Duration::from_mins(5);
/// Between two audits.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(3);
