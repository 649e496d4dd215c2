//! `relay release` and `relay skip`: what is parked goes on, with it or without it.
//!
//! | the event is | release | skip |
//! |---|---|---|
//! | parked | pending again | skipped |
//! | parked, and cannot be read | refused: the relay could not read it either | skipped |
//! | pending | refused | refused: a relay may be sending it this moment |
//! | pending, and cannot be read | refused | skipped |
//! | processed, skipped | refused | refused |
//!
//! INVARIANT(in-order-per-order): only what no relay can be sending is ever skipped.

use super::answer::{Answer, Trouble, failed};
use super::show::unknown;
use super::tools::Tools;
use cosmos::{CosmosDesk, Note, Record, Ruling};
use domain::EventId;
use serde_json::json;

pub(super) async fn rule(
    tools: &Tools<'_>,
    event: EventId,
    (ruling, why): (Ruling, String),
) -> Result<Answer, Trouble> {
    let desk = tools.desk()?;
    let seen = desk.event(&event).await.map_err(failed("read the event"))?;
    let Some(seen) = seen else { return Err(missing(&desk, &event).await) };
    may(ruling, &seen.record).map_err(|why| Trouble::Refused(format!("{event} {why}")))?;
    let by = tools.who(&desk).await?;
    let (action, at) = (deed(ruling).to_owned(), format!("{:.6}", tools.now()));
    let note = Note { action, at, by, why };
    let ruled = desk.rule(&event, &seen, (ruling, note.clone())).await;
    if !ruled.map_err(failed("write it"))? {
        let now = desk.event(&event).await.ok().flatten();
        let state = now.map_or_else(|| "gone".to_owned(), |now| now.record.state);
        return Err(Trouble::Refused(format!(
            "{event} was changed meanwhile, and is {state} now; nothing was done"
        )));
    }
    let waiting = desk.waiting_behind(&event).await.map_err(failed("count what waits"))?;
    Ok(answer(&event, &seen.record.state, (ruling, note), waiting))
}

fn answer(event: &EventId, from: &str, (ruling, note): (Ruling, Note), waiting: u64) -> Answer {
    let behind = match waiting {
        0 => String::new(),
        1 => ", and the event that waits behind it".to_owned(),
        many => format!(", and the {many} events that wait behind it"),
    };
    let Note { by, why, .. } = &note;
    let text = match ruling {
        Ruling::Release => format!(
            "{event} was {from} and is pending again: the relay publishes it{behind}.\n\
             Released by {by}: {why}\n"
        ),
        Ruling::Skip => format!(
            "{event} was {from} and is skipped: no consumer will see it. The relay publishes what \
             comes after it: {waiting} waiting.\nSkipped by {by}: {why}\n"
        ),
    };
    let json = json!({
        "event": event.to_string(),
        "from": from,
        "to": match ruling { Ruling::Release => "pending", Ruling::Skip => "skipped" },
        "waitingBehind": waiting,
        "operator": note,
    });
    Answer { text, json, is_fine: true }
}

/// Whether the ruling may be made on an event as it stands; if not, why not.
fn may(ruling: Ruling, record: &Record) -> Result<(), String> {
    match (ruling, record.state.as_str(), &record.entry) {
        (_, "processed", _) => {
            Err("is processed: it was published, and `relay replay` can do so again".into())
        }
        (_, "skipped", _) => Err("is skipped already".into()),
        (Ruling::Release | Ruling::Skip, "parked", Ok(_)) | (Ruling::Skip, _, Err(_)) => Ok(()),
        (Ruling::Release, _, Err(why)) => Err(format!(
            "cannot be read ({why}), so that the relay could not publish it; mend the document, \
             or skip it"
        )),
        (Ruling::Skip, _, Ok(_)) => Err("is pending: a relay may be sending it this moment. \
             Only what is parked can be skipped; `relay parked` lists that"
            .into()),
        (Ruling::Release, _, Ok(_)) => Err("is pending, not parked: the relay publishes it by \
             itself, or waits for a parked one before it; `relay parked` lists those"
            .into()),
    }
}

const fn deed(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Release => "released",
        Ruling::Skip => "skipped",
    }
}

/// Says whether the order or only the event is unknown.
async fn missing(desk: &CosmosDesk, event: &EventId) -> Trouble {
    match desk.all_of(&event.key).await {
        Err(fault) => Trouble::Failed("read the order", fault),
        Ok(found) if found.is_empty() => unknown(&event.key),
        Ok(_) => Trouble::Refused(format!(
            "{} has no event {}, or it has expired; `relay show {}` lists what is there",
            event.key, event.sequence, event.key
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::tests;
    use domain::{EventState, Timestamp};

    fn record(state: &str, is_readable: bool) -> Record {
        let mut record = tests::record("o.1", Timestamp::UNIX_EPOCH, EventState::Pending);
        state.clone_into(&mut record.state);
        if !is_readable {
            record.entry = Err("the state is unknown".to_owned());
        }
        record
    }

    #[test]
    fn in_order_per_order_only_what_no_relay_can_be_sending_is_ruled_on() {
        for (state, is_readable, release, skip) in [
            ("parked", true, true, true),
            ("parked", false, false, true),
            ("pending", true, false, false),
            ("pending", false, false, true),
            ("processed", true, false, false),
            ("processed", false, false, false),
            ("skipped", true, false, false),
            ("held", false, false, true),
        ] {
            let record = record(state, is_readable);
            assert_eq!(may(Ruling::Release, &record).is_ok(), release, "release {state}");
            assert_eq!(may(Ruling::Skip, &record).is_ok(), skip, "skip {state}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do_instead() {
        let said = |ruling, state| may(ruling, &record(state, true)).unwrap_err();
        assert!(said(Ruling::Skip, "pending").contains("relay parked"));
        assert!(said(Ruling::Release, "processed").contains("relay replay"));
    }

    #[test]
    fn what_was_changed_is_said_in_words() {
        let note = Note {
            action: "released".to_owned(),
            at: "t".to_owned(),
            by: "ada".to_owned(),
            why: "mended".to_owned(),
        };
        let event = "order-17.2".parse().unwrap();
        let said = answer(&event, "parked", (Ruling::Release, note.clone()), 3).text;
        assert_eq!(
            said,
            "order-17.2 was parked and is pending again: the relay publishes it, and the 3 events \
             that wait behind it.\nReleased by ada: mended\n"
        );
        let skipped = answer(&event, "parked", (Ruling::Skip, note), 0);
        assert_eq!(skipped.json["to"], "skipped");
    }
}
