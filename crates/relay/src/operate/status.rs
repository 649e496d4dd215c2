//! `relay status`: how it is, on one screen.

use super::answer::{Answer, Trouble, failed};
use super::table::{one_line, second, table};
use super::tools::{Tools, both};
use cosmos::{Counts, Record};
use domain::ports::{Lag, Leases, Outbox, Publisher};
use domain::{Chain, Fault, Timestamp};
use serde_json::{Value, json};
use std::borrow::Borrow;
use std::time::Duration;
use tokio::time::timeout;

/// What was found.
struct Status {
    store: Result<(), Fault>,
    broker: Result<(), Fault>,
    counts: Option<Counts>,
    unreadable: Vec<Record>,
    /// Who reads which part of the feed; or why that cannot be said.
    leases: Result<Vec<Lag>, Fault>,
}

pub(super) async fn status(tools: &Tools<'_>) -> Result<Answer, Trouble> {
    let ((desk, leases), relay) = both(tools.desk_and_leases(), tools.relay())?;
    let (store, broker) = tokio::join!(
        timeout(READY_TIME_MAX, relay.outbox().ready()),
        timeout(READY_TIME_MAX, relay.publisher().ready())
    );
    let late = |_| Err(Fault::Unanswered("took too long to say".into()));
    let (store, broker) = (store.unwrap_or_else(late), broker.unwrap_or_else(late));
    relay.publisher().close().await;
    let (mut counts, mut unreadable) = (None, Vec::new());
    if store.is_ok() {
        counts = Some(desk.counts().await.map_err(failed("count the events"))?);
        let (found, _) =
            desk.unreadable(None).await.map_err(failed("look for unreadable events"))?;
        unreadable = found;
    }
    let leases = timeout(READY_TIME_MAX, leases.lags()).await;
    let leases = leases.unwrap_or_else(|_| Err(Fault::Unanswered("took too long to say".into())));
    Ok(Status { store, broker, counts, unreadable, leases }.answer(tools.now()))
}

impl Status {
    fn answer(&self, now: Timestamp) -> Answer {
        let age = self.counts.as_ref().and_then(|counts| age(counts, now));
        Answer {
            text: self.text(age),
            json: self.json(age),
            is_fine: self.store.is_ok() && self.broker.is_ok(),
        }
    }

    fn text(&self, age: Option<Duration>) -> String {
        let mut rows = vec![
            ["store".to_owned(), readiness(&self.store)],
            ["broker".to_owned(), readiness(&self.broker)],
        ];
        if let Some(counts) = &self.counts {
            let age =
                age.map(|age| format!(", the oldest for {}", humantime::format_duration(age)));
            let pending = format!("{}{}", counts.pending, age.unwrap_or_default());
            let processed = format!("{} (not expired yet)", counts.processed);
            let cells = [
                ("pending", pending),
                ("parked", counts.parked.to_string()),
                ("skipped", counts.skipped.to_string()),
                ("processed", processed),
            ];
            rows.extend(cells.map(|(name, cell)| [name.to_owned(), cell]));
        }
        let broken = self.unreadable.iter().map(|record| {
            let why = record.entry.as_ref().err().map_or("", String::as_str);
            [
                "unreadable".to_owned(),
                format!("{}: {}", one_line(&record.id, 80), one_line(why, 200)),
            ]
        });
        rows.extend(broken);
        match &self.leases {
            Ok(lags) => rows.extend(lags.iter().map(lease_row)),
            Err(fault) => rows.push(["leases".to_owned(), readiness(&Err::<(), _>(fault))]),
        }
        table(["WHAT", "HOW IT IS"], &rows)
    }

    fn json(&self, age: Option<Duration>) -> Value {
        let ready = |state: &Result<(), Fault>| match state {
            Ok(()) => json!({"ready": true}),
            Err(fault) => json!({"ready": false, "reason": Chain(fault).to_string()}),
        };
        let unreadable = self.unreadable.iter();
        let unreadable: Vec<_> = unreadable.map(super::parked::unreadable_json).collect();
        let count = |of: fn(&Counts) -> u64| {
            self.counts.as_ref().map(|counts| json!({"count": of(counts)}))
        };
        json!({
            "store": ready(&self.store),
            "broker": ready(&self.broker),
            "pending": self.counts.as_ref().map(|counts| json!({
                "count": counts.pending,
                "oldestOccurredAt": counts.oldest_pending,
                "oldestAgeSeconds": age.map(|age| age.as_secs()),
            })),
            "parked": count(|counts| counts.parked),
            "skipped": count(|counts| counts.skipped),
            "processed": count(|counts| counts.processed),
            "unreadable": unreadable,
            "leases": self.leases.as_ref().ok().map(|lags| {
                lags.iter().map(lease_json).collect::<Vec<_>>()
            }),
        })
    }
}

fn lease_row(lag: &Lag) -> [String; 2] {
    let owner = lag.owner.as_deref().map_or("nobody".to_owned(), |owner| one_line(owner, 80));
    let behind =
        lag.behind.map_or("not known how far".to_owned(), |count| format!("{count} changes"));
    let at = second(Some(&format!("{:.6}", lag.written_at)));
    [
        format!("lease {}", one_line(&lag.token, 40)),
        format!("{owner}, {behind} behind, written {at}"),
    ]
}

fn lease_json(lag: &Lag) -> Value {
    json!({
        "lease": lag.token,
        "owner": lag.owner,
        "behind": lag.behind,
        "writtenAt": format!("{:.6}", lag.written_at),
    })
}

fn readiness<E: Borrow<Fault>>(state: &Result<(), E>) -> String {
    match state {
        Ok(()) => "ready".to_owned(),
        Err(fault) => format!("not ready: {}", one_line(&Chain(fault.borrow()).to_string(), 300)),
    }
}

/// How long the oldest pending event has been waiting, in whole seconds.
fn age(counts: &Counts, now: Timestamp) -> Option<Duration> {
    let oldest: Timestamp = counts.oldest_pending.as_ref()?.parse().ok()?;
    let seconds = now.as_second().saturating_sub(oldest.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// What probes wait at least.
const READY_TIME_MAX: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn now() -> Timestamp {
        "2026-11-25T10:02:05Z".parse().unwrap()
    }

    fn counts() -> Counts {
        let oldest_pending = Some("2026-11-25T10:00:00.000000Z".to_owned());
        Counts { pending: 3, parked: 1, skipped: 0, processed: 120, oldest_pending }
    }

    #[test]
    fn it_is_said_on_one_screen() {
        let broker = Err(Fault::Unavailable("refused".into()));
        let leases = Ok(vec![Lag {
            token: "0".to_owned(),
            owner: Some("relay-1".to_owned()),
            continuation: None,
            written_at: now(),
            behind: Some(7),
        }]);
        let status =
            Status { store: Ok(()), broker, counts: Some(counts()), unreadable: vec![], leases };
        let answer = status.answer(now());
        expect![[r"
            WHAT       HOW IT IS
            store      ready
            broker     not ready: unavailable: refused
            pending    3, the oldest for 2m 5s
            parked     1
            skipped    0
            processed  120 (not expired yet)
            lease 0    relay-1, 7 changes behind, written 2026-11-25T10:02:05Z
        "]]
        .assert_eq(&answer.text);
        assert!(!answer.is_fine);
        assert_eq!(answer.json["pending"]["oldestAgeSeconds"], 125);
    }

    #[test]
    fn a_store_that_is_away_leaves_the_counts_out() {
        let store = Err(Fault::Unavailable("away".into()));
        let leases = Err(Fault::Unavailable("away".into()));
        let status = Status { store, broker: Ok(()), counts: None, unreadable: vec![], leases };
        let answer = status.answer(now());
        assert!(answer.json["pending"].is_null());
        assert!(answer.text.contains("leases  not ready: unavailable: away"), "{}", answer.text);
    }

    #[test]
    fn an_event_from_the_future_is_not_old() {
        let oldest_pending = Some("2026-11-25T11:00:00Z".to_owned());
        assert_eq!(age(&Counts { oldest_pending, ..counts() }, now()), Some(Duration::ZERO));
    }
}
