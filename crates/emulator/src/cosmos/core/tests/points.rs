//! One operation at a time: statuses, `ETag`s, unique keys, expiry.

use super::*;

#[test]
fn an_item_is_created_once_and_says_what_the_service_set() {
    let mut container = container(json!({}));
    let made = perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","n":1.50}"#));
    assert_eq!(status(&made), 201);
    let body = body(&made);
    for name in ["_rid", "_self", "_etag", "_attachments", "_ts"] {
        assert!(body.get(name).is_some(), "{name}: {body}");
    }
    assert_eq!((&body["_ts"], &body["_etag"]), (&NOW.into(), &made.unwrap().etag.into()));
    let again = perform(&mut container, "p", &create(r#"{"id":"1","pk":"p"}"#));
    assert_eq!(status(&again), 409);
    let elsewhere = perform(&mut container, "q", &create(r#"{"id":"1","pk":"q"}"#));
    assert_eq!(status(&elsewhere), 201);
}

#[test]
fn a_document_of_another_partition_key_is_refused() {
    let mut container = container(json!({}));
    let made = perform(&mut container, "p", &create(r#"{"id":"1","pk":"q"}"#));
    let refusal = made.unwrap_err().refusal;
    assert_eq!((refusal.status(), refusal.substatus()), (400, 1001));
}

#[test]
fn a_key_that_lacks_levels_names_no_item() {
    let key = json!({"paths": ["/t", "/pk"], "kind": "MultiHash", "version": 2});
    let mut container = container(json!({"partitionKey": key}));
    let read = perform(&mut container, "p", &read("1")).unwrap_err().refusal;
    let made = perform(&mut container, "p", &create(r#"{"id":"1","t":"p"}"#)).unwrap_err().refusal;
    for refusal in [read, made] {
        assert_eq!((refusal.status(), refusal.substatus()), (400, 1001));
    }
}

#[test]
fn every_write_needs_the_etag_it_names() {
    let mut container = container(json!({}));
    let old =
        perform(&mut container, "p", &create(r#"{"id":"1","pk":"p"}"#)).unwrap().etag.unwrap();
    let next = replace("1", r#"{"id":"1","pk":"p","n":2}"#, if_match(&old));
    let new = perform(&mut container, "p", &next).unwrap().etag.unwrap();
    assert_ne!(old, new);
    let stale = [
        replace("1", r#"{"id":"1","pk":"p"}"#, if_match(&old)),
        patch("1", json!([{"op": "set", "path": "/n", "value": 3}]), if_match(&old)),
        Operation::Delete("1".to_owned(), if_match(&old)),
        Operation::Upsert(Document::parse(br#"{"id":"1","pk":"p"}"#).unwrap(), if_match(&old)),
    ];
    for operation in stale {
        assert_eq!(status(&perform(&mut container, "p", &operation)), 412, "{operation:?}");
    }
    assert_eq!(perform(&mut container, "p", &read("1")).unwrap().etag, Some(new));
}

#[test]
fn a_read_that_knows_the_etag_is_answered_304() {
    let mut container = container(json!({}));
    let etag = perform(&mut container, "p", &create(r#"{"id":"1","pk":"p"}"#)).unwrap().etag;
    let known = Conditions { if_match: None, if_none_match: etag };
    let answer = perform(&mut container, "p", &Operation::Read("1".to_owned(), known)).unwrap();
    assert_eq!((answer.status, answer.body), (304, None));
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut container = container(json!({}));
    let absent = [
        read("1"),
        delete("1"),
        replace("1", r#"{"id":"1","pk":"p"}"#, no_conditions()),
        patch("1", json!([{"op": "set", "path": "/n", "value": 3}]), no_conditions()),
    ];
    for operation in absent {
        assert_eq!(status(&perform(&mut container, "p", &operation)), 404, "{operation:?}");
    }
    assert_eq!(status(&perform(&mut container, "p", &upsert(r#"{"id":"1","pk":"p"}"#))), 201);
    assert_eq!(status(&perform(&mut container, "p", &upsert(r#"{"id":"1","pk":"p"}"#))), 200);
}

#[test]
fn a_patch_is_done_only_while_its_condition_holds() {
    let mut container = container(json!({}));
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","state":"pending"}"#)).unwrap();
    let mark = json!({
        "condition": "from c where c.state = 'pending'",
        "operations": [{"op": "set", "path": "/state", "value": "processed"}],
    });
    let mark = patch("1", mark, no_conditions());
    let done = perform(&mut container, "p", &mark);
    assert_eq!((status(&done), &body(&done)["state"]), (200, &"processed".into()));
    assert_eq!(status(&perform(&mut container, "p", &mark)), 412);
}

#[test]
fn a_unique_key_is_held_within_its_partition_key_until_it_is_given_up() {
    let unique = json!({"uniqueKeyPolicy": {"uniqueKeys": [{"paths": ["/u"]}]}});
    let mut container = container(unique);
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","u":7}"#)).unwrap();
    let twin = create(r#"{"id":"2","pk":"p","u":7}"#);
    assert_eq!(status(&perform(&mut container, "p", &twin)), 409);
    let elsewhere = perform(&mut container, "q", &create(r#"{"id":"2","pk":"q","u":7}"#));
    assert_eq!(status(&elsewhere), 201);
    let same = replace("1", r#"{"id":"1","pk":"p","u":7}"#, no_conditions());
    assert_eq!(status(&perform(&mut container, "p", &same)), 200);
    let other = replace("1", r#"{"id":"1","pk":"p","u":8}"#, no_conditions());
    assert_eq!(status(&perform(&mut container, "p", &other)), 200);
    assert_eq!(status(&perform(&mut container, "p", &twin)), 201);
    assert_eq!(status(&perform(&mut container, "p", &same)), 409);
}

#[test]
fn a_replace_by_a_document_of_another_id_renames_the_item() {
    let mut container = container(json!({}));
    let made = perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","ttl":10}"#));
    let etag = made.as_ref().unwrap().etag.clone().unwrap();
    let rename = |etag: &str| replace("1", r#"{"id":"2","pk":"p","ttl":10}"#, if_match(etag));
    assert_eq!(status(&perform(&mut container, "p", &rename("\"stale\""))), 412);
    let renamed = perform(&mut container, "p", &rename(&etag));
    assert_eq!((status(&renamed), &body(&renamed)["_rid"]), (200, &body(&made)["_rid"]));
    assert_eq!(status(&perform(&mut container, "p", &read("1"))), 404);
    assert_eq!(body(&perform(&mut container, "p", &read("2"))), body(&renamed));
    put(&mut container, "p", "1");
    let key = key(&container, "p");
    assert_eq!(status(&container.perform(&key, &read("2"), NOW + 10)), 404);
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 10)), 200);
}

#[test]
fn an_item_is_not_renamed_to_a_taken_id_nor_out_of_its_partition_key() {
    let unique = json!({"uniqueKeyPolicy": {"uniqueKeys": [{"paths": ["/u"]}]}});
    let mut container = container(unique);
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","u":1}"#)).unwrap();
    perform(&mut container, "p", &create(r#"{"id":"2","pk":"p","u":2}"#)).unwrap();
    let before = perform(&mut container, "p", &read("1")).unwrap();
    for (to, expected) in [
        (r#"{"id":"2","pk":"p","u":1}"#, 409),
        (r#"{"id":"3","pk":"p","u":2}"#, 409),
        (r#"{"id":"3","pk":"q","u":1}"#, 400),
        (r#"{"id":"a/b","pk":"p","u":1}"#, 400),
    ] {
        let refused = perform(&mut container, "p", &replace("1", to, no_conditions()));
        assert_eq!(status(&refused), expected, "{to}");
        assert_eq!(perform(&mut container, "p", &read("1")).unwrap(), before, "{to}");
        assert_eq!(status(&perform(&mut container, "p", &read("3"))), 404, "{to}");
    }
    let own = replace("1", r#"{"id":"3","pk":"p","u":1}"#, no_conditions());
    assert_eq!(status(&perform(&mut container, "p", &own)), 200);
}

#[test]
fn a_partition_key_is_emptied_at_once_and_no_other() {
    let unique = json!({"uniqueKeyPolicy": {"uniqueKeys": [{"paths": ["/id"]}]}});
    let mut container = container(unique);
    for (pk, id) in [("p", "1"), ("q", "1"), ("p", "2")] {
        put(&mut container, pk, id);
    }
    let p = key(&container, "p");
    container.delete_key(&p, NOW).unwrap();
    assert_eq!(container.stamp(&Scope::All).unwrap().lsn, 4);
    assert_eq!(drain(&mut container, &Scope::All, 10), [["1"]]);
    assert_eq!(status(&perform(&mut container, "q", &read("1"))), 200);
    put(&mut container, "p", "1");
    container.delete_key(&key(&container, "none"), NOW).unwrap();
    assert_eq!(container.stamp(&Scope::All).unwrap().lsn, 5);
}

#[test]
fn an_expired_item_is_gone_at_once() {
    let mut container = container(json!({}));
    let key = key(&container, "p");
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","ttl":10}"#)).unwrap();
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 9)), 200);
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 10)), 404);
    let again = create(r#"{"id":"1","pk":"p"}"#);
    assert_eq!(status(&container.perform(&key, &again, NOW + 10)), 201);
}

#[test]
fn every_write_starts_the_ttl_anew() {
    let mut container = container(json!({}));
    let key = key(&container, "p");
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","ttl":10}"#)).unwrap();
    let touch = patch("1", json!([{"op": "set", "path": "/n", "value": 1}]), no_conditions());
    container.perform(&key, &touch, NOW + 8).unwrap();
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 17)), 200);
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 18)), 404);
}

#[test]
fn a_new_default_ttl_reaches_the_items_that_are_there() {
    let mut container = container(json!({}));
    let key = key(&container, "p");
    put(&mut container, "p", "1");
    let mut definition = container.describe();
    definition["defaultTtl"] = 60.into();
    container.replace(definition, NOW).unwrap();
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 59)), 200);
    assert_eq!(status(&container.perform(&key, &read("1"), NOW + 60)), 404);
}

#[test]
fn what_a_write_costs_depends_on_what_is_indexed() {
    let lean = json!({"indexingPolicy": {
        "includedPaths": [{"path": "/type/?"}], "excludedPaths": [{"path": "/*"}],
    }});
    let document = r#"{"id":"1","pk":"p","type":"t","a":1,"b":2,"c":3}"#;
    let charge = |more| perform(&mut container(more), "p", &create(document)).unwrap().charge;
    assert!(charge(lean) < charge(json!({})));
}
