//! Random operations, against a model that is only maps: what is stored, and what the feed says.

use super::*;
use crate::cosmos::core::Search;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One step on one of a few items.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Upsert(u8, u8),
    Delete(u8, u8),
    Batch(u8, Vec<(bool, u8)>),
    /// Of this key, the item of the first id goes by the second.
    Rename(u8, u8, u8),
    Split,
    Merge,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let (key, id) = (0..6_u8, 0..4_u8);
    prop_oneof![
        4 => (key.clone(), id.clone()).prop_map(|(key, id)| Step::Upsert(key, id)),
        2 => (key.clone(), id.clone()).prop_map(|(key, id)| Step::Delete(key, id)),
        2 => (key.clone(), id.clone(), id.clone())
            .prop_map(|(key, from, to)| Step::Rename(key, from, to)),
        3 => (key, prop::collection::vec((any::<bool>(), id), 1..5))
            .prop_map(|(key, operations)| Step::Batch(key, operations)),
        1 => Just(Step::Split),
        1 => Just(Step::Merge),
    ]
}

/// Item → number of the step that last wrote it.
type Model = BTreeMap<(u8, u8), usize>;

fn operation(text: Option<&str>, id: u8) -> Operation<'_> {
    match text {
        Some(text) => Operation::Upsert(Document::parse(text.as_bytes()).unwrap(), no_conditions()),
        None => Operation::Delete(id.to_string(), no_conditions()),
    }
}

fn apply(
    container: &mut Container,
    model: &mut Model,
    at: usize,
    (pk, operations): (u8, &[(bool, u8)]),
) {
    let text = |put: bool, id: u8| {
        put.then(|| json!({"id": id.to_string(), "pk": pk.to_string(), "step": at}).to_string())
    };
    let texts: Vec<Option<String>> = operations.iter().map(|(put, id)| text(*put, *id)).collect();
    let sent: Vec<Operation<'_>> = texts
        .iter()
        .zip(operations)
        .map(|(text, (_, id))| operation(text.as_deref(), *id))
        .collect();
    let key = key(container, &pk.to_string());
    let done = container.batch(&key, &sent, NOW).unwrap();
    let mut next = model.clone();
    let possible = operations.iter().all(|(put, id)| match put {
        true => {
            next.insert((pk, *id), at);
            true
        }
        false => next.remove(&(pk, *id)).is_some(),
    });
    assert_eq!(done.committed, possible);
    if possible {
        *model = next;
    }
}

fn rename(container: &mut Container, model: &mut Model, at: usize, (pk, from, to): (u8, u8, u8)) {
    let text = json!({"id": to.to_string(), "pk": pk.to_string(), "step": at}).to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let replace = Operation::Replace(from.to_string(), document, no_conditions());
    let key = key(container, &pk.to_string());
    let expected = match (model.contains_key(&(pk, from)), model.contains_key(&(pk, to))) {
        (false, _) => 404,
        (true, true) if from != to => 409,
        (true, _) => 200,
    };
    assert_eq!(status(&container.perform(&key, &replace, NOW)), expected);
    if expected == 200 {
        model.remove(&(pk, from));
        model.insert((pk, to), at);
    }
}

fn check(container: &mut Container, model: &Model) {
    let feed = container.feed(
        &Scope::All,
        &FeedRequest {
            mode: Mode::Latest,
            start: Start::Beginning,
            since: None,
            items_max: usize::MAX,
        },
        NOW,
    );
    let mut entries = BTreeMap::new();
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for entry in feed.unwrap().entries {
        let body: Value = serde_json::from_slice(&entry.body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let step = usize::try_from(body["step"].as_u64().unwrap()).unwrap();
        let before = last.insert(text("pk"), body["step"].as_u64().unwrap());
        assert!(before.is_none_or(|before| before <= step as u64), "out of order in a key");
        entries.insert((text("pk").parse().unwrap(), text("id").parse().unwrap()), step);
    }
    assert_eq!(&entries, model);
    let everything = Search { scope: &Scope::All, wanted: &[] };
    let mut scanned = ids(container.snapshot(everything, NOW).unwrap());
    let mut expected: Vec<String> = model.keys().map(|(_, id)| id.to_string()).collect();
    scanned.sort_unstable();
    expected.sort_unstable();
    assert_eq!(scanned, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_core_agrees_with_a_map(steps in prop::collection::vec(step(), 1..60)) {
        let mut container = container(json!({}));
        let mut model = Model::new();
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Upsert(pk, id) => {
                    apply(&mut container, &mut model, at, (*pk, &[(true, *id)]));
                }
                Step::Delete(pk, id) => {
                    apply(&mut container, &mut model, at, (*pk, &[(false, *id)]));
                }
                Step::Batch(pk, operations) => {
                    apply(&mut container, &mut model, at, (*pk, operations));
                }
                Step::Rename(pk, from, to) => {
                    rename(&mut container, &mut model, at, (*pk, *from, *to));
                }
                Step::Split => drop(container.split(None)),
                Step::Merge => drop(container.merge()),
            }
            check(&mut container, &model);
        }
    }
}
