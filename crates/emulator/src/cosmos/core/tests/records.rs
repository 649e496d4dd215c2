//! What a container tells of itself is all there is to know: from it, the same container comes back.

use super::model::{Step, step};
use super::*;
use crate::cosmos::core::Throughput;
use crate::store::{Journal, sample::Sample};
use proptest::prelude::*;

/// The container that a store holds.
fn restored(sample: &Sample) -> Container {
    let account = super::super::Account::load(&sample.rows(), &Journal::default()).unwrap();
    let shared = account.container("d", "c").unwrap();
    drop(account);
    std::sync::Arc::into_inner(shared).unwrap().into_inner().unwrap()
}

/// Everything that a container tells, stored afresh.
fn told(container: &mut Container) -> Sample {
    let sample = Sample::with(container.retell());
    sample.apply(super::super::account::sample_database("d", 1, None));
    sample
}

fn act(container: &mut Container, step: &Step, at: usize, now: i64) {
    let document = |pk: u8, id: u8| {
        // Some of them expire while the test goes on, and some share a unique key.
        let ttl = if id == 0 { json!(5) } else { json!(-1) };
        let unique = if pk == 0 { json!(id) } else { json!([at, id]) };
        json!({"id": id.to_string(), "pk": pk.to_string(), "ttl": ttl, "unique": unique})
            .to_string()
    };
    match step {
        Step::Upsert(pk, id) => {
            let text = document(*pk, *id);
            let operation =
                Operation::Upsert(Document::parse(text.as_bytes()).unwrap(), no_conditions());
            let key = key(container, &pk.to_string());
            drop(container.perform(&key, &operation, now));
        }
        Step::Delete(pk, id) => {
            let key = key(container, &pk.to_string());
            drop(container.perform(&key, &delete(&id.to_string()), now));
        }
        Step::Rename(pk, from, to) => {
            let text = document(*pk, *to);
            let document = Document::parse(text.as_bytes()).unwrap();
            let replace = Operation::Replace(from.to_string(), document, no_conditions());
            let key = key(container, &pk.to_string());
            drop(container.perform(&key, &replace, now));
        }
        Step::Batch(pk, operations) => {
            let texts: Vec<_> = operations.iter().map(|(_, id)| document(*pk, *id)).collect();
            let sent = texts.iter().zip(operations).map(|(text, (put, id))| match put {
                true => {
                    let document = Document::parse(text.as_bytes()).unwrap();
                    Operation::Create(document, no_conditions())
                }
                false => delete(&id.to_string()),
            });
            let key = key(container, &pk.to_string());
            let sent: Vec<_> = sent.collect();
            container.batch(&key, &sent, now).unwrap();
        }
        Step::Split => drop(container.split(None)),
        Step::Merge => drop(container.merge()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_changes_told_add_up_to_the_container(steps in prop::collection::vec(step(), 1..40)) {
        let mut container = container(json!({
            "uniqueKeyPolicy": {"uniqueKeys": [{"paths": ["/unique"]}]},
            "changeFeedPolicy": {"retentionDuration": 1},
        }));
        container.record_for_test();
        let sample = Sample::with(super::super::account::sample_database("d", 1, None));
        for (at, step) in steps.iter().enumerate() {
            let now = NOW + 3 * i64::try_from(at).unwrap();
            act(&mut container, step, at, now);
            if at == 20 {
                let definition = json!({
                    "id": "c", "defaultTtl": 7,
                    "partitionKey": {"paths": ["/pk"], "kind": "Hash", "version": 2},
                    "uniqueKeyPolicy": {"uniqueKeys": [{"paths": ["/unique"]}]},
                    "changeFeedPolicy": {"retentionDuration": 2},
                });
                container.replace(definition, now).unwrap();
            }
            sample.apply(container.take_changes());
        }
        let mut again = restored(&sample);
        prop_assert_eq!(told(&mut again).dump(), told(&mut container).dump());
        let later = NOW + 200;
        prop_assert_eq!(again.state(later), container.state(later));
        let number = |container: &mut Container| body(&perform(container, "9", &upsert(NEW)));
        prop_assert_eq!(number(&mut again), number(&mut container));
    }
}

const NEW: &str = r#"{"id":"new","pk":"9"}"#;

#[test]
fn offers_and_the_ranges_they_asked_for_are_kept() {
    let throughput = |text| Some(Throughput::manual(text).unwrap());
    for (own, ranges) in [(None, 1), (throughput("30000"), 5)] {
        let definition = container(json!({})).describe();
        let rid = ContainerRid { database: DatabaseRid(1), number: 2 };
        let mut container = Container::new(definition, rid, own.clone(), NOW).unwrap();
        container.record_for_test();
        let mut again = restored(&told(&mut container));
        assert_eq!(again.throughput, own);
        assert_eq!(again.describe_ranges(), container.describe_ranges());
        assert_eq!(again.describe_ranges().0.len(), ranges);
        assert_eq!(again.split(None).unwrap(), container.split(None).unwrap());
    }
    for shared in [None, throughput("700")] {
        let rows = super::super::account::sample_database("d", 1, shared.clone());
        let account =
            super::super::Account::load(&Sample::with(rows).rows(), &Journal::default()).unwrap();
        let offers = account.offers().into_iter().map(|offer| offer.throughput);
        assert_eq!(offers.collect::<Vec<_>>(), Vec::from_iter(shared));
    }
}
