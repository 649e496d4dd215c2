//! Batches: all or nothing, under one LSN; and bulk, each for itself.

use super::*;
use crate::cosmos::core::BulkEntry;

fn statuses(outcomes: &[Outcome]) -> Vec<u16> {
    outcomes.iter().map(status).collect()
}

#[test]
fn later_operations_of_a_batch_see_earlier_ones() {
    let mut container = container(json!({}));
    let p = key(&container, "p");
    let operations = [
        create(r#"{"id":"1","pk":"p","n":1}"#),
        patch(
            "1",
            json!({"condition": "from c where c.n = 1", "operations": [
                {"op": "incr", "path": "/n", "value": 1},
            ]}),
            no_conditions(),
        ),
        read("1"),
        upsert(r#"{"id":"2","pk":"p"}"#),
        replace("2", r#"{"id":"2","pk":"p","x":1}"#, no_conditions()),
        delete("2"),
    ];
    let done = container.batch(&p, &operations, NOW).unwrap();
    assert!(done.committed);
    assert_eq!(statuses(&done.outcomes), [201, 200, 200, 201, 200, 204]);
    assert_eq!(body(&done.outcomes[2])["n"], 2);
    assert_eq!(container.stamp(&Scope::All).unwrap().lsn, 1);
}

#[test]
fn a_failed_batch_leaves_nothing_behind_wherever_it_fails() {
    for failing in 0..4 {
        let mut container = container(json!({}));
        put(&mut container, "p", "there");
        let before = perform(&mut container, "p", &read("there")).unwrap();
        let p = key(&container, "p");
        let mut operations = vec![
            create(r#"{"id":"1","pk":"p"}"#),
            replace("there", r#"{"id":"there","pk":"p","n":1}"#, no_conditions()),
            delete("there"),
        ];
        operations.insert(failing, read("absent"));
        let outcome = container.batch(&p, &operations, NOW).unwrap();
        let expected: Vec<u16> = (0..4).map(|at| if at == failing { 404 } else { 424 }).collect();
        assert_eq!((outcome.committed, statuses(&outcome.outcomes)), (false, expected));
        assert_eq!(perform(&mut container, "p", &read("there")).unwrap(), before);
        assert_eq!(status(&perform(&mut container, "p", &read("1"))), 404);
        assert_eq!(drain(&mut container, &Scope::All, 10), [["there"]]);
        assert_eq!(container.stamp(&Scope::All).unwrap().lsn, 1);
    }
}

#[test]
fn an_id_that_a_batch_gives_up_is_free_within_it_and_taken_again_if_it_fails() {
    for fails in [false, true] {
        let mut container = container(json!({}));
        put(&mut container, "p", "1");
        let before = perform(&mut container, "p", &read("1")).unwrap();
        let p = key(&container, "p");
        let mut operations = vec![
            replace("1", r#"{"id":"2","pk":"p"}"#, no_conditions()),
            create(r#"{"id":"1","pk":"p","new":true}"#),
            replace("2", r#"{"id":"3","pk":"p"}"#, no_conditions()),
        ];
        operations.extend(fails.then(|| read("2")));
        let outcome = container.batch(&p, &operations, NOW).unwrap();
        if fails {
            assert_eq!(statuses(&outcome.outcomes), [424, 424, 424, 404]);
            assert_eq!(perform(&mut container, "p", &read("1")).unwrap(), before);
            assert_eq!(drain(&mut container, &Scope::All, 10), [["1"]]);
        } else {
            assert_eq!(statuses(&outcome.outcomes), [200, 201, 200]);
            assert_eq!(drain(&mut container, &Scope::All, 10), [["1", "3"]]);
        }
    }
}

#[test]
fn a_rolled_back_batch_gives_unique_keys_and_expiries_back() {
    let unique = json!({"uniqueKeyPolicy": {"uniqueKeys": [{"paths": ["/u"]}]}});
    let mut container = container(unique);
    let p = key(&container, "p");
    perform(&mut container, "p", &create(r#"{"id":"1","pk":"p","u":1,"ttl":10}"#)).unwrap();
    let operations = [delete("1"), create(r#"{"id":"2","pk":"p","u":1}"#), read("absent")];
    assert!(!container.batch(&p, &operations, NOW).unwrap().committed);
    let twin = create(r#"{"id":"2","pk":"p","u":1}"#);
    assert_eq!(status(&perform(&mut container, "p", &twin)), 409);
    assert_eq!(status(&container.perform(&p, &read("1"), NOW + 10)), 404);
    assert_eq!(status(&container.perform(&p, &twin, NOW + 10)), 201);
}

#[test]
fn a_stale_etag_in_a_batch_is_the_culprit() {
    let mut container = container(json!({}));
    put(&mut container, "p", "1");
    let p = key(&container, "p");
    let operations = [
        create(r#"{"id":"2","pk":"p"}"#),
        replace("1", r#"{"id":"1","pk":"p"}"#, if_match("\"stale\"")),
    ];
    let outcome = container.batch(&p, &operations, NOW).unwrap();
    assert_eq!(statuses(&outcome.outcomes), [424, 412]);
}

fn entries(container: &Container) -> Vec<BulkEntry<'static>> {
    let of = |pk: &str, operation| BulkEntry { key: key(container, pk), operation };
    vec![
        of("p", create(r#"{"id":"1","pk":"p"}"#)),
        of("p", create(r#"{"id":"1","pk":"p"}"#)),
        of("q", create(r#"{"id":"1","pk":"q"}"#)),
    ]
}

#[test]
fn bulk_goes_on_after_an_error_only_if_told_to() {
    let mut told = container(json!({}));
    let operations = entries(&told);
    let outcomes = told.bulk(0, &operations, true, NOW).unwrap();
    assert_eq!(statuses(&outcomes), [201, 409, 201]);

    let mut not_told = container(json!({}));
    let outcomes = not_told.bulk(0, &operations, false, NOW).unwrap();
    assert_eq!(statuses(&outcomes), [201, 409, 424]);
}

#[test]
fn bulk_of_a_range_that_is_gone_is_refused_whole() {
    let mut container = container(json!({}));
    let operations = entries(&container);
    container.split(None).unwrap();
    let refusal = container.bulk(0, &operations, true, NOW).unwrap_err();
    assert_eq!((refusal.status(), refusal.substatus()), (410, 1002));
}

#[test]
fn bulk_refuses_keys_of_another_range_one_by_one() {
    let mut container = container(json!({}));
    let [left, right] = container.split(None).unwrap();
    let operations = entries(&container);
    let of = |container: &mut Container, id| {
        statuses(&container.bulk(id, &operations, true, NOW).unwrap())
    };
    let (left, right) = (of(&mut container, left), of(&mut container, right));
    for (left, right) in left.into_iter().zip(right) {
        assert!((left == 410) != (right == 410), "{left} {right}");
    }
}
