//! `relay show ORDER`: its events in sequence, what happened to each, and what operators did.

use super::answer::{Answer, Trouble, failed};
use super::table::{one_line, second, table};
use super::tools::Tools;
use cosmos::{Found, Note, Record};
use domain::{EventState, Key, Sequence};
use serde_json::{Value, json};

pub(super) async fn show(tools: &Tools<'_>, order: &Key) -> Result<Answer, Trouble> {
    let found = tools.desk()?.all_of(order).await.map_err(failed("read the order"))?;
    answer(order, found).ok_or_else(|| unknown(order))
}

/// There is nothing under this id.
pub(super) fn unknown(order: &Key) -> Trouble {
    Trouble::Refused(format!("there is no order `{order}`; ids are case-sensitive"))
}

fn answer(order: &Key, found: Vec<Found>) -> Option<Answer> {
    let (mut version, mut events) = (None, Vec::new());
    for one in found {
        match one {
            Found::Aggregate(holder) => version = Some(holder.version),
            Found::Event(record) => events.push(*record),
            Found::Other => {}
        }
    }
    if version.is_none() && events.is_empty() {
        return None;
    }
    events.sort_by_key(|record| (sequence(record).map(Sequence::get), record.id.clone()));
    let rows: Vec<_> = events.iter().map(row).collect();
    let head = ["SEQ", "TYPE", "STATE", "OCCURRED", "SINCE", "NOTE"];
    let kept = match version {
        Some(version) => format!("{order} has had {version} events; {} are kept.\n", events.len()),
        None => format!("{order} has events and no order: `relay audit` reports it.\n"),
    };
    let text = format!("{kept}{}{}", table(head, &rows), notes(&events));
    let json = json!({
        "order": order.as_str(),
        "version": version,
        "events": events.iter().map(event_json).collect::<Vec<_>>(),
    });
    Some(Answer { text, json, is_fine: true })
}

fn sequence(record: &Record) -> Option<Sequence> {
    record.entry.as_ref().ok().map(|entry| entry.envelope.sequence)
}

fn row(record: &Record) -> [String; 6] {
    let (since, note) = match &record.entry {
        Ok(entry) => match &entry.state {
            EventState::Processed { at } => (second(Some(&format!("{at:.6}"))), String::new()),
            EventState::Parked { at, reason } => {
                let refused = format!("refused {}×: {}", record.attempts, one_line(reason, 120));
                (second(Some(&format!("{at:.6}"))), refused)
            }
            EventState::Pending | EventState::Skipped => ("-".to_owned(), String::new()),
        },
        Err(why) => ("-".to_owned(), format!("cannot be read: {}", one_line(why, 200))),
    };
    let occurred =
        record.entry.as_ref().ok().map(|entry| format!("{:.6}", entry.envelope.occurred_at));
    [
        sequence(record).map_or_else(|| one_line(&record.id, 80), |sequence| sequence.to_string()),
        one_line(&record.event_type, 40),
        one_line(&record.state, 20),
        second(occurred.as_deref()),
        since,
        note,
    ]
}

/// What operators did, one line each.
fn notes(events: &[Record]) -> String {
    let lines = events.iter().flat_map(|record| {
        record.notes.iter().map(|Note { action, at, by, why }| {
            let (at, by, why) = (second(Some(at)), one_line(by, 100), one_line(why, 500));
            format!("{} {} at {at} by {by}: {why}\n", record.id, one_line(action, 20))
        })
    });
    lines.collect()
}

fn event_json(record: &Record) -> Value {
    let entry = record.entry.as_ref().ok();
    let processed_at = entry.and_then(|entry| match &entry.state {
        EventState::Processed { at } => Some(format!("{at:.6}")),
        EventState::Pending | EventState::Parked { .. } | EventState::Skipped => None,
    });
    json!({
        "id": record.id,
        "sequence": sequence(record).map(Sequence::get),
        "eventType": record.event_type,
        "state": record.state,
        "occurredAt": entry.map(|entry| format!("{:.6}", entry.envelope.occurred_at)),
        "processedAt": processed_at,
        "parked": record.parked_at.is_some().then(|| json!({
            "reason": record.reason,
            "attempts": record.attempts,
            "firstSeen": record.first_parked_at,
            "lastSeen": record.parked_at,
        })),
        "operator": record.notes,
        "unreadable": record.entry.as_ref().err(),
    })
}
