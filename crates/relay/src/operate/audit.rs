//! `relay audit`: every event of every order is accounted for, or named.
//!
//! Reads the whole container, slice by slice of the ring, so that memory does not grow with it.
//! While it reads, the service goes on: what looks wrong is read once more on its own, and
//! reported only if it still looks wrong.

mod account;

use super::answer::{Answer, Trouble, failed};
use super::table::{one_line, table};
use super::tools::{Tools, both, progress};
use account::{Horizon, Totals, account};
use cosmos::{CosmosDesk, Found};
use domain::Key;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) async fn audit(tools: &Tools<'_>) -> Result<Answer, Trouble> {
    let (desk, settings) = both(tools.desk(), tools.settings())?;
    let horizon = Horizon::of(tools.now(), settings.limits.retention);
    let mut gather = desk.gather_all().await.map_err(failed("count the documents"))?;
    let bar = progress(gather.total(), "read");
    let (mut totals, mut violations) = (Totals::default(), Vec::new());
    while let Some(found) = desk.next_slice(&mut gather).await.map_err(failed("read a slice"))? {
        bar.inc(u64::try_from(found.len()).unwrap_or(u64::MAX));
        for (key, found) in by_key(found) {
            let (of_it, wrong) = settled(&desk, (&key, found), horizon).await?;
            totals.add(&of_it);
            violations.extend(wrong);
        }
    }
    bar.finish_and_clear();
    Ok(answer(&totals, &violations))
}

/// The account of one aggregate; taken anew while it looks wrong, since it may only be young.
async fn settled(
    desk: &CosmosDesk,
    (key, found): (&str, Vec<Found>),
    horizon: Horizon,
) -> Result<(Totals, Vec<String>), Trouble> {
    let mut taken = account(key, &found, horizon);
    for _ in 0..LOOKS_AGAIN {
        let (false, Ok(parsed)) = (taken.1.is_empty(), key.parse::<Key>()) else { break };
        let found = desk.all_of(&parsed).await.map_err(failed("read an order again"))?;
        taken = account(key, &found, horizon);
        if !taken.1.is_empty() {
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
    Ok(taken)
}

/// Whole aggregates: all of one lies in one slice.
fn by_key(found: Vec<Found>) -> BTreeMap<String, Vec<Found>> {
    let mut keys: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for one in found {
        let key = match &one {
            Found::Aggregate(holder) => holder.key.clone(),
            Found::Event(record) => record.key.clone(),
            Found::Other => continue,
        };
        keys.entry(key).or_default().push(one);
    }
    keys
}

fn answer(totals: &Totals, violations: &[String]) -> Answer {
    let Totals { orders, first, pending, parked, skipped, processed, expired } = *totals;
    let events = totals.events();
    let rows = [
        ("orders", orders),
        ("first events", first),
        ("events", events),
        ("  processed", processed),
        ("  expired", expired),
        ("  pending", pending),
        ("  parked", parked),
        ("  skipped", skipped),
    ]
    .map(|(name, count)| [name.to_owned(), count.to_string()]);
    let listed = violations.iter().take(LISTED_MAX);
    let listed: Vec<_> =
        listed.map(|violation| format!("VIOLATION {}\n", one_line(violation, 300))).collect();
    let verdict = match violations.len() {
        0 => "Every event of every order is accounted for.".to_owned(),
        many if LISTED_MAX < many => {
            format!("{many} violations; the first {LISTED_MAX} are listed.")
        }
        many => format!("{many} violations."),
    };
    let text = format!("{}{}{verdict}\n", table(["WHAT", "COUNT"], &rows), listed.concat());
    let json = json!({
        "orders": orders,
        "firstEvents": first,
        "events": events,
        "processed": processed,
        "expired": expired,
        "pending": pending,
        "parked": parked,
        "skipped": skipped,
        "violationCount": violations.len(),
        "violations": violations.iter().take(LISTED_MAX).collect::<Vec<_>>(),
        "isConserved": violations.is_empty(),
    });
    Answer { text, json, is_fine: violations.is_empty() }
}

/// How often what looks wrong is looked at again.
const LOOKS_AGAIN: usize = 2;
/// Longer than a commit takes to be seen everywhere.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// More than anybody reads.
const LISTED_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn what_is_wrong_is_listed_and_not_fine() {
        let totals = Totals { orders: 2, first: 2, pending: 1, processed: 3, ..Totals::default() };
        let answer = answer(&totals, &["o.2 is missing".to_owned()]);
        expect![[r"
            WHAT          COUNT
            orders        2
            first events  2
            events        4
              processed   3
              expired     0
              pending     1
              parked      0
              skipped     0
            VIOLATION o.2 is missing
            1 violations.
        "]]
        .assert_eq(&answer.text);
        assert!(!answer.is_fine);
        assert_eq!(answer.json["isConserved"], false);
    }
}
