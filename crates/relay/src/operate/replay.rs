//! `relay replay`: publishes processed events again, under the same message ids.
//!
//! Inside the window of duplicate detection the broker drops them; beyond it consumers see them
//! again, each order's in sequence. Events are chosen by when they were processed, which is when
//! they went out: what a subscription missed is what was sent in that time.

use super::answer::{Answer, Trouble, failed};
use super::arguments::Replayed;
use super::gaps::Gap;
use super::show::unknown;
use super::tools::{Tools, both, progress};
use crate::decide::Source;
use crate::round::Relay;
use cosmos::{CosmosDesk, CosmosOutbox, Found};
use domain::{Chain, Entry, EventId, EventState, Key, Reading, Sequence};
use serde_json::json;
use servicebus::ServiceBusPublisher;
use std::collections::{BTreeMap, BTreeSet};

/// What was found, and what became of it.
#[derive(Debug, Default)]
struct Tally {
    orders: usize,
    events: usize,
    published: usize,
    /// The first of them by id.
    first: Vec<String>,
    /// Events that are not there any more, as far as that can be known.
    expired: Vec<String>,
    /// Why it ended before all was published.
    fault: Option<String>,
}

type Publishing = Option<Relay<CosmosOutbox, ServiceBusPublisher>>;

pub(super) async fn replay(tools: &Tools<'_>, asked: &Replayed) -> Result<Answer, Trouble> {
    let relay = if asked.dry_run { Ok(None) } else { tools.relay().map(Some) };
    let (desk, relay) = both(tools.desk(), relay)?;
    let tally = match &asked.order {
        Some(order) => one_order(&desk, &relay, (order, tools)).await,
        None => in_time(&desk, &relay, (asked, tools)).await,
    };
    if let Some(relay) = relay {
        relay.publisher().close().await;
    }
    Ok(tally?.answer(asked.dry_run))
}

async fn one_order(
    desk: &CosmosDesk,
    relay: &Publishing,
    (order, tools): (&Key, &Tools<'_>),
) -> Result<Tally, Trouble> {
    let found = desk.all_of(order).await.map_err(failed("read the order"))?;
    if found.is_empty() {
        return Err(unknown(order));
    }
    let mut tally = Tally { expired: expired(&found, order), ..Tally::default() };
    tally.publish(relay, found, tools).await;
    Ok(tally)
}

async fn in_time(
    desk: &CosmosDesk,
    relay: &Publishing,
    (asked, tools): (&Replayed, &Tools<'_>),
) -> Result<Tally, Trouble> {
    let (now, retention) = (tools.now(), tools.settings()?.limits.retention);
    let since = asked.since.map_or(now, |since| since.at(now));
    let until = asked.until.map_or(now, |until| until.at(now));
    if until <= since {
        return Err(Trouble::Asked(format!(
            "--until {until:.0} is not after --since {since:.0}; write for example --since 2h \
             --until 1h"
        )));
    }
    let gather = desk.gather_processed(since, until).await;
    let mut gather = gather.map_err(failed("count the events"))?;
    let bar = progress(gather.total(), "replayed");
    let mut tally = Tally::default();
    let kept_since = now.checked_sub(retention).unwrap_or(domain::Timestamp::MIN);
    if since < kept_since {
        tally.expired.push(format!("whatever was processed before {kept_since:.0}"));
    }
    while tally.fault.is_none() {
        let slice = desk.next_slice(&mut gather).await.map_err(failed("read the events"))?;
        let Some(found) = slice else { break };
        bar.inc(u64::try_from(found.len()).unwrap_or(u64::MAX));
        tally.publish(relay, found, tools).await;
    }
    bar.finish_and_clear();
    Ok(tally)
}

impl Tally {
    /// Publishes what is processed of this, a hundred orders a round.
    async fn publish(&mut self, relay: &Publishing, found: Vec<Found>, tools: &Tools<'_>) {
        let mut orders: Vec<_> = by_order(found).into_iter().collect();
        self.orders += orders.len();
        for (_, events) in &orders {
            self.events += events.len();
            let room = FIRST_MAX.saturating_sub(self.first.len());
            self.first
                .extend(events.values().take(room).map(|entry| entry.envelope.id().to_string()));
        }
        let Some(relay) = relay else { return };
        while !orders.is_empty() && self.fault.is_none() {
            let rest = orders.split_off(orders.len().min(ORDERS_MAX));
            let round = orders.into_iter().flat_map(|(_, events)| events.into_values());
            let readings = round.map(Reading::Event).collect();
            match relay.round_in_time(readings, Source::Replay, tools.now()).await {
                Ok(report) => self.published += report.published,
                Err(fault) => {
                    self.published += fault.report.published;
                    self.fault = Some(Chain(&fault).to_string());
                }
            }
            orders = rest;
        }
    }

    fn answer(self, is_dry: bool) -> Answer {
        let Self { orders, events, published, first, expired, fault } = self;
        let mut text = vec![if is_dry {
            format!("{events} events of {orders} orders would be published again.\n")
        } else {
            format!(
                "{published} of {events} events of {orders} orders were published again, under \
                 the same message ids: inside the window of duplicate detection the broker drops \
                 them.\n"
            )
        }];
        if is_dry && !first.is_empty() {
            let more = if first.len() < events { ", …" } else { "" };
            text.push(format!("First of all: {}{more}\n", first.join(", ")));
        }
        if !expired.is_empty() {
            text.push(format!("Expired, and so not there: {}.\n", expired.join(", ")));
        }
        if let Some(fault) = &fault {
            let again = "Run it again: repeats carry the same ids.";
            text.push(format!("It ended early: {fault}. {again}\n"));
        }
        let text = text.concat();
        let json = json!({
            "dryRun": is_dry,
            "orders": orders,
            "events": events,
            "published": published,
            "first": first,
            "expired": expired,
            "fault": fault,
        });
        Answer { text, json, is_fine: fault.is_none() }
    }
}

/// The processed events of each order, in sequence.
fn by_order(found: Vec<Found>) -> BTreeMap<Key, BTreeMap<Sequence, Entry>> {
    let mut orders: BTreeMap<Key, BTreeMap<Sequence, Entry>> = BTreeMap::new();
    for one in found {
        let Found::Event(record) = one else { continue };
        let Ok(entry) = record.entry else { continue };
        if matches!(entry.state, EventState::Processed { .. }) {
            let events = orders.entry(entry.envelope.key.clone()).or_default();
            events.insert(entry.envelope.sequence, entry);
        }
    }
    orders
}

/// The events that an order has had and has no more.
fn expired(found: &[Found], order: &Key) -> Vec<String> {
    let mut version = 0;
    let mut there = BTreeSet::new();
    for one in found {
        match one {
            Found::Aggregate(holder) => version = holder.version,
            Found::Event(record) => {
                let id = record.id.parse::<EventId>();
                there.extend(id.map(|id| id.sequence.get()));
            }
            Found::Other => {}
        }
    }
    Gap::all(version, there).into_iter().map(|gap| gap.of(order)).collect()
}

/// As many orders as a page of the feed may bring.
const ORDERS_MAX: usize = 100;
/// Enough to see whether it is what was meant.
const FIRST_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::tests;
    use cosmos::Holder;
    use domain::Timestamp;

    fn event(order: &str, sequence: u32, state: EventState) -> Found {
        let id = format!("{order}.{sequence}");
        Found::Event(Box::new(tests::record(&id, Timestamp::UNIX_EPOCH, state)))
    }

    fn processed(order: &str, sequence: u32) -> Found {
        event(order, sequence, EventState::Processed { at: Timestamp::UNIX_EPOCH })
    }

    #[test]
    fn only_what_is_processed_goes_again_each_order_in_sequence() {
        let found = vec![
            processed("b", 2),
            processed("a", 1),
            event("b", 3, EventState::Pending),
            processed("b", 1),
            event("c", 1, EventState::Skipped),
        ];
        let orders = by_order(found);
        let ids = |key: &str| {
            let events = orders.get(&key.parse().unwrap()).unwrap();
            events.values().map(|entry| entry.envelope.id().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(orders.len(), 2);
        assert_eq!(ids("b"), ["b.1", "b.2"]);
    }

    #[test]
    fn what_has_expired_is_named() {
        let holder = Holder { key: "o".to_owned(), version: 3, placed_at: None };
        let found = [Found::Aggregate(holder), processed("o", 2)];
        assert_eq!(expired(&found, &"o".parse().unwrap()), ["o.1", "o.3"]);
    }

    #[test]
    fn a_dry_run_counts_and_names_the_first() {
        let tally =
            Tally { orders: 1, events: 2, first: vec!["o.1".to_owned()], ..Tally::default() };
        let text = tally.answer(true).text;
        assert_eq!(text, "2 events of 1 orders would be published again.\nFirst of all: o.1, …\n");
    }

    #[test]
    fn what_ended_early_is_no_success() {
        let tally = Tally { fault: Some("no answer: cut".to_owned()), ..Tally::default() };
        let answer = tally.answer(false);
        assert!(!answer.is_fine && answer.text.contains("no answer: cut"));
    }
}
