//! The operator sees what is stuck, lets it go on with or without the poison, has events published
//! again, and can hold the whole store to account; all beside relays in service.

use crate::support::{container, document, states};
use anyhow::{Context, Result};
use e2e::topic::Tail;
use e2e::wait;
use e2e::world::World;
use serde_json::{Value, json};

/// The broker refuses the next transfers for their content.
async fn refuse_next(world: &World, count: u32) -> Result<()> {
    let refuse = json!({"target": "servicebus", "entity": "orders", "operation": "transfer",
        "action": "reject", "condition": "com.microsoft:argument-error", "count": count});
    world.emulator.fault(refuse).await
}

/// A world in which the first event of an order is parked and one more waits behind it.
async fn with_parked() -> Result<(World, String)> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let order = world.client.place("A-17", 3).await?;
    refuse_next(&world, 1).await?;
    world.relay.start().await?;
    states(&world.client, &order, &["parked"]).await?;
    assert_eq!(world.client.change(&order, 4).await?.status, 200);
    states(&world.client, &order, &["parked", "pending"]).await?;
    Ok((world, order))
}

async fn received(tail: &mut Tail, count: usize) -> Result<Vec<String>> {
    let arrivals = tail.take(count).await?;
    Ok(arrivals.into_iter().filter_map(|arrival| arrival.message.message_id).collect())
}

#[tokio::test]
async fn a_parked_event_is_listed_released_and_sent_before_those_behind_it() -> Result<()> {
    let (world, order) = with_parked().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let listed = world.operated(&["parked", "--json"]).await?;
    let parked = &listed["parked"][0];
    assert_eq!(parked["order"], order.as_str());
    assert_eq!((&parked["sequence"], &parked["attempts"]), (&json!(1), &json!(1)));
    assert_eq!(parked["waitingBehind"], 1);
    assert_eq!(parked["firstSeen"], parked["lastSeen"]);
    let reason = parked["reason"].as_str().context("a reason")?;
    assert!(reason.contains("com.microsoft:argument-error"), "{reason}");

    // A release in vain counts, and keeps when it was refused first.
    // The batch of both is refused, and then the first one alone.
    refuse_next(&world, 2).await?;
    world.operated(&["release", &order, "1", "--json"]).await?;
    let again = wait::until("it is parked again", async || {
        let listed = world.operated(&["parked", "--json"]).await?;
        let parked = listed["parked"][0].clone();
        Ok((parked["attempts"] == 2).then_some(parked))
    })
    .await?;
    assert_eq!(again["firstSeen"], parked["firstSeen"]);
    assert!(parked["lastSeen"].as_str() < again["lastSeen"].as_str());

    let said = world.operate(&["release", &order, "1", "--reason", "the topic was mended"]).await?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("is pending again"), "{said:?}");
    assert_eq!(received(&mut tail, 2).await?, [format!("{order}.1"), format!("{order}.2")]);
    states(&world.client, &order, &["processed", "processed"]).await?;
    let event = document(&world, &order, &format!("{order}.1")).await?.context("it stands")?;
    let notes = event["operator"].as_array().context("notes")?;
    assert_eq!(notes.len(), 2);
    let note = notes.last().context("the last note")?;
    assert_eq!(
        (&note["action"], &note["why"]),
        (&json!("released"), &json!("the topic was mended"))
    );
    assert!(note["by"].as_str().is_some_and(|by| by.contains("(system user)")), "{note}");
    assert_eq!(world.operated(&["audit", "--json"]).await?["isConserved"], true);
    Ok(())
}

#[tokio::test]
async fn a_skipped_event_is_never_sent_and_those_behind_it_are() -> Result<()> {
    let (world, order) = with_parked().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let refused = world.operate(&["skip", &order, "2", "--reason", "in the way"]).await?;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("is pending"), "{refused:?}");
    let said = world.operate(&["skip", &order, "1", "--reason", "the customer was called"]).await?;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("no consumer will see it"), "{said:?}");
    assert_eq!(received(&mut tail, 1).await?, [format!("{order}.2")]);
    states(&world.client, &order, &["skipped", "processed"]).await?;
    let event = document(&world, &order, &format!("{order}.1")).await?.context("it stands")?;
    assert_eq!(event["operator"][0]["why"], "the customer was called");
    assert!(event.get("ttl").is_none(), "{event}");
    let again = world.operate(&["release", &order, "1"]).await?;
    assert_eq!(again.code, 1);
    assert!(again.err.contains("skipped already"), "{again:?}");
    let status = world.operated(&["status", "--json"]).await?;
    assert_eq!((&status["skipped"]["count"], &status["parked"]["count"]), (&json!(1), &json!(0)));
    let shown = world.operated(&["show", &order, "--json"]).await?;
    assert_eq!(shown["events"][0]["state"], "skipped");
    Ok(())
}

#[tokio::test]
async fn of_two_operators_who_rule_at_once_one_is_told_that_he_came_too_late() -> Result<()> {
    let (world, order) = with_parked().await?;
    let release = ["release", &order, "1", "--json"];
    let skip = ["skip", &order, "1", "--reason", "in the way", "--json"];
    let (released, skipped) = tokio::join!(world.operate(&release), world.operate(&skip));
    let (released, skipped) = (released?, skipped?);
    assert_eq!(released.code + skipped.code, 1, "{released:?} {skipped:?}");
    let loser = if released.code == 1 { &released } else { &skipped };
    assert!(loser.json()?["error"].is_string(), "{loser:?}");
    let first = if released.code == 0 { "processed" } else { "skipped" };
    states(&world.client, &order, &[first, "processed"]).await
}

#[tokio::test]
async fn a_replay_repeats_message_ids_so_that_the_broker_drops_them() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut orders = Vec::new();
    for quantity in 1..=3 {
        orders.push(world.client.place("A-17", quantity).await?);
    }
    let first = orders.first().context("an order")?;
    assert_eq!(world.client.change(first, 9).await?.status, 200);
    received(&mut tail, 4).await?;
    states(&world.client, first, &["processed", "processed"]).await?;
    for order in orders.iter().skip(1) {
        states(&world.client, order, &["processed"]).await?;
    }
    let dry = world.operated(&["replay", "--since", "1h", "--dry-run", "--json"]).await?;
    assert_eq!(
        (&dry["orders"], &dry["events"], &dry["published"]),
        (&json!(3), &json!(4), &json!(0))
    );

    let inside = world.operated(&["replay", "--order", first, "--json"]).await?;
    assert_eq!(inside["published"], 2);
    // Beyond the window of duplicate detection consumers see them again, in sequence.
    world.emulator.advance(3600).await?;
    let beyond = world.operated(&["replay", "--since", "1h", "--until", "0s", "--json"]).await?;
    assert_eq!(beyond["published"], 4, "{beyond}");
    let again = received(&mut tail, 4).await?;
    let of_first: Vec<_> = again.iter().filter(|id| id.starts_with(first.as_str())).collect();
    assert_eq!(of_first, [&format!("{first}.1"), &format!("{first}.2")]);
    Ok(())
}

#[tokio::test]
async fn what_was_written_by_hand_is_shown_and_can_be_skipped_and_stops_nobody() -> Result<()> {
    let world = World::start().await?;
    let order = world.client.place("A-17", 3).await?;
    states(&world.client, &order, &["processed"]).await?;
    let id = format!("{order}.2");
    let broken = json!({"id": id, "partitionKey": order, "type": "event", "state": "pending",
        "sequence": "two", "eventType": "ByHand", "occurredAt": "2026-11-25T10:00:00Z", "data": {}});
    container(&world)?.create(&cosmos::PartitionKey::new(&order), &broken).await?;
    let other = world.client.place("A-18", 1).await?;
    states(&world.client, &other, &["processed"]).await?;
    for (command, place) in [("status", "/unreadable/0/why"), ("parked", "/unreadable/0/why")] {
        let said = world.operated(&[command, "--json"]).await?;
        let why = said.pointer(place).and_then(Value::as_str).unwrap_or_default();
        assert!(why.contains("invalid type"), "{command}: {said}");
    }
    let shown = world.operate(&["show", &order]).await?;
    assert!(shown.out.contains("cannot be read"), "{shown:?}");
    let audited = world.operate(&["audit"]).await?;
    assert_eq!(audited.code, 1);
    assert!(audited.out.contains(&format!("VIOLATION {id} cannot be read")), "{audited:?}");
    wait::until("the relay says it in its log", async || {
        let log = std::fs::read_to_string(world.logs().join("relay.log"))?;
        Ok(log
            .lines()
            .any(|line| line.contains(&id) && line.contains("cannot be read"))
            .then_some(()))
    })
    .await?;
    let skipped = world.operated(&["skip", &order, "2", "--reason", "by hand", "--json"]).await?;
    assert_eq!(skipped["to"], "skipped");
    let status = world.operated(&["status", "--json"]).await?;
    assert_eq!(status["unreadable"], json!([]));
    Ok(())
}

#[tokio::test]
async fn an_audit_names_an_event_that_was_lost() -> Result<()> {
    let world = World::start().await?;
    let order = world.client.place("A-17", 3).await?;
    states(&world.client, &order, &["processed"]).await?;
    let fine = world.operate(&["audit"]).await?;
    assert_eq!(fine.code, 0, "{fine:?}");
    let (key, id) = (cosmos::PartitionKey::new(&order), format!("{order}.1"));
    container(&world)?.delete((&key, &id), None).await?;
    let lost = world.operate(&["audit", "--json"]).await?;
    assert_eq!(lost.code, 1);
    let violation = lost.json()?["violations"][0].as_str().unwrap_or_default().to_owned();
    assert!(violation.starts_with(&format!("{id} is missing")), "{violation}");
    Ok(())
}

#[tokio::test]
async fn what_is_asked_wrongly_is_answered_with_an_example() -> Result<()> {
    let world = World::at_rest().await?;
    for (arguments, word) in [
        (&["show", "a/b"][..], "order-17"),
        (&["release", "o", "0"], "1, 2, 3"),
        (&["skip", "o", "1"], "--reason"),
        (&["replay"], "--order"),
        (&["replay", "--since", "yesterday"], "2026-11-25T10:00:00Z"),
        (&["replay", "--order", "o", "--since", "1h"], "cannot be used with"),
    ] {
        let said = world.operate(arguments).await?;
        assert_eq!(said.code, 2, "{arguments:?}: {said:?}");
        assert!(said.err.contains(word), "{arguments:?}: {said:?}");
    }
    let unset =
        world.operate_with(&["parked", "--json"], &[("COSMOS_ENDPOINT", "ftp://x")]).await?;
    assert_eq!(unset.code, 2);
    assert!(unset.json()?["error"].as_str().is_some_and(|said| said.contains("COSMOS_ENDPOINT")));
    // What needs no broker asks for none.
    let parked = world.operate_with(&["parked"], &[("SERVICEBUS_CONNECTION", "")]).await?;
    assert_eq!((parked.code, parked.out.as_str()), (0, "Nothing is parked.\n"));
    for arguments in [&["show", "nobody"][..], &["release", "nobody", "1"]] {
        let said = world.operate(arguments).await?;
        assert_eq!(said.code, 1);
        assert!(said.err.contains("there is no order `nobody`"), "{said:?}");
    }
    Ok(())
}
