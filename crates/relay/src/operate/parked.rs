//! `relay parked`: what the broker refused, why, and what waits behind it.

use super::answer::{Answer, Trouble, failed};
use super::table::{one_line, second, table};
use super::tools::Tools;
use cosmos::{CosmosDesk, Record};
use domain::EventId;
use serde_json::{Value, json};

pub(super) async fn parked(tools: &Tools<'_>, limit: u64) -> Result<Answer, Trouble> {
    let desk = tools.desk()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut list, mut cursor) = (Vec::new(), None);
    loop {
        let page = desk.parked(cursor.as_deref()).await.map_err(failed("list what is parked"))?;
        list.extend(page.0);
        cursor = page.1;
        if cursor.is_none() || limit < list.len() {
            break;
        }
    }
    let is_cut = cursor.is_some() || limit < list.len();
    list.truncate(limit);
    list.sort_by(|a, b| a.first_parked_at.cmp(&b.first_parked_at));
    let mut rows = Vec::with_capacity(list.len());
    for record in list {
        rows.push((waiting(&desk, &record).await?, record));
    }
    let unreadable = unreadable(&desk, limit).await?;
    Ok(answer(&rows, &unreadable, is_cut))
}

/// What cannot be read holds its order too.
async fn unreadable(desk: &CosmosDesk, limit: usize) -> Result<Vec<Record>, Trouble> {
    let (mut list, mut cursor) = (Vec::new(), None);
    loop {
        let page = desk.unreadable(cursor.as_deref()).await;
        let page = page.map_err(failed("look for unreadable events"))?;
        list.extend(page.0);
        cursor = page.1;
        if cursor.is_none() || limit < list.len() {
            list.truncate(limit);
            return Ok(list);
        }
    }
}

async fn waiting(desk: &CosmosDesk, record: &Record) -> Result<u64, Trouble> {
    match record.id.parse::<EventId>() {
        Ok(id) => desk.waiting_behind(&id).await.map_err(failed("count what waits")),
        Err(_) => Ok(0),
    }
}

fn answer(rows: &[(u64, Record)], unreadable: &[Record], is_cut: bool) -> Answer {
    let cells: Vec<_> = rows.iter().map(|(behind, record)| line(*behind, record)).collect();
    let head = ["ORDER", "SEQ", "TYPE", "REFUSED", "FIRST", "LAST", "BEHIND", "REASON"];
    let broken = unreadable.iter().map(|record| {
        let why = record.entry.as_ref().err().map_or("", String::as_str);
        let (id, why) = (one_line(&record.id, 80), one_line(why, 200));
        format!("{id} cannot be read, and holds its order: {why}\n")
    });
    let none = if rows.is_empty() { "Nothing is parked.\n" } else { "" };
    let more = if is_cut { "There are more; raise --limit to see them.\n" } else { "" };
    let text =
        format!("{}{none}{more}{}", table(head, &cells), broken.collect::<Vec<_>>().concat());
    let json = json!({
        "parked": rows.iter().map(|(behind, record)| row_json(*behind, record)).collect::<Vec<_>>(),
        "more": is_cut,
        "unreadable": unreadable.iter().map(unreadable_json).collect::<Vec<_>>(),
    });
    Answer { text, json, is_fine: true }
}

fn line(behind: u64, record: &Record) -> [String; 8] {
    [
        one_line(&record.key, 64),
        sequence(record),
        one_line(&record.event_type, 40),
        format!("{}×", record.attempts),
        second(record.first_parked_at.as_deref()),
        second(record.parked_at.as_deref()),
        behind.to_string(),
        one_line(record.reason.as_deref().unwrap_or("-"), 120),
    ]
}

fn row_json(behind: u64, record: &Record) -> Value {
    json!({
        "order": record.key,
        "sequence": record.entry.as_ref().ok().map(|entry| entry.envelope.sequence.get()),
        "eventType": record.event_type,
        "reason": record.reason,
        "attempts": record.attempts,
        "firstSeen": record.first_parked_at,
        "lastSeen": record.parked_at,
        "waitingBehind": behind,
    })
}

/// A document that cannot be read, for programs.
pub(super) fn unreadable_json(record: &Record) -> Value {
    json!({"id": record.id, "state": record.state, "why": record.entry.as_ref().err()})
}

/// As the id says it, so that it can be given to `relay release`.
fn sequence(record: &Record) -> String {
    record.id.rsplit_once('.').map_or("-", |(_, number)| number).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn record(id: &str, entry: Result<domain::Entry, String>) -> Record {
        Record {
            id: id.to_owned(),
            key: "order-17".to_owned(),
            entry,
            state: "parked".to_owned(),
            event_type: "OrderPlaced".to_owned(),
            first_parked_at: Some("2026-11-25T10:00:00.000000Z".to_owned()),
            parked_at: Some("2026-11-25T11:00:00.000000Z".to_owned()),
            attempts: 2,
            reason: Some("too\nlarge".to_owned()),
            ttl: None,
            notes: vec![],
        }
    }

    #[test]
    fn each_is_listed_with_its_reason_and_what_waits() {
        let broken = record("order-17.3", Err("the state \"held\" is unknown".to_owned()));
        let rows = [(4, record("order-17.2", Err("left out".to_owned())))];
        let answer = answer(&rows, &[broken], true);
        expect![[r#"
            ORDER     SEQ  TYPE         REFUSED  FIRST                 LAST                  BEHIND  REASON
            order-17  2    OrderPlaced  2×       2026-11-25T10:00:00Z  2026-11-25T11:00:00Z  4       too large
            There are more; raise --limit to see them.
            order-17.3 cannot be read, and holds its order: the state "held" is unknown
        "#]]
        .assert_eq(&answer.text);
        assert_eq!(answer.json["parked"][0]["waitingBehind"], 4);
    }

    #[test]
    fn nothing_parked_is_said_in_words() {
        assert_eq!(answer(&[], &[], false).text, "Nothing is parked.\n");
    }
}
