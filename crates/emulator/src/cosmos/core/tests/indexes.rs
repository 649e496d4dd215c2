//! Indexes: they find what a scan finds, and look at no more than they must.

use super::*;
use crate::cosmos::core::{Position, Search};
use crate::cosmos::query::{self, Query, Requirement};
use proptest::prelude::*;
use serde_json::Map;

/// Where values are: two lie within objects, one is a text that an index cuts off.
const PATHS: [&str; 6] = ["c.a", "c.b", "c.d.x", "c['d']['y']", "c._ts", "c.id"];

/// Values that are alike, or equal though they are written otherwise.
fn value() -> impl Strategy<Value = Value> {
    let long = |end: &str| json!(format!("{}{end}", "long".repeat(20)));
    prop::sample::select(vec![
        json!(null),
        json!(false),
        json!(true),
        json!(-1.5),
        json!(-0.0),
        json!(0),
        json!(1),
        json!(1.0),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(NOW),
        json!("a"),
        json!("é\n\"\\"),
        json!("1"),
        long("1"),
        long("2"),
        json!([1]),
        json!({"x": 1, "y": "a"}),
    ])
}

fn condition() -> impl Strategy<Value = String> {
    let path = || prop::sample::select(PATHS.to_vec());
    let op = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let condition = prop_oneof![
        4 => (path(), op.clone(), value()).prop_map(|(path, op, v)| format!("{path} {op} {v}")),
        1 => (value(), op, path()).prop_map(|(v, op, path)| format!("{v} {op} {path}")),
        1 => (path(), value(), value())
            .prop_map(|(path, low, high)| format!("{path} BETWEEN {low} AND {high}")),
        1 => (path(), prop::collection::vec(value(), 1..4)).prop_map(|(path, among)| {
            let among: Vec<String> = among.iter().map(Value::to_string).collect();
            format!("{path} IN ({})", among.join(", "))
        }),
        1 => path().prop_map(|path| format!("IS_DEFINED({path})")),
    ];
    let joined = (prop::collection::vec(condition, 1..4), prop::sample::select(vec!["AND", "OR"]));
    joined.prop_map(|(all, join)| all.join(&format!(" {join} ")))
}

fn policy() -> impl Strategy<Value = Value> {
    let all = json!({"includedPaths": [{"path": "/*"}]});
    let some = json!({
        "includedPaths": [{"path": "/a/?"}, {"path": "/d/*"}],
        "excludedPaths": [{"path": "/*"}, {"path": "/d/y/?"}],
    });
    prop::sample::select(vec![all, some, json!({"indexingMode": "none"})])
}

/// What happens to a container of one range.
#[derive(Debug, Clone)]
enum Step {
    Upsert(u8, Value, Value, Value),
    Delete(u8),
    Split,
    Merge,
    Ask(String, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..24_u8, value(), value(), value()).prop_map(|(n, a, b, d)| Step::Upsert(n, a, b, d)),
        2 => (0..24_u8).prop_map(Step::Delete),
        1 => Just(Step::Split),
        1 => Just(Step::Merge),
        4 => (condition(), 1..9_usize).prop_map(|(filter, page)| Step::Ask(filter, page)),
    ]
}

fn place(n: u8) -> (String, String) {
    (format!("k{}", n % 6), n.to_string())
}

fn write(container: &mut Container, (n, a, b, d): (u8, &Value, &Value, &Value), at: i64) {
    let (pk, id) = place(n);
    let mut document = json!({"id": id, "pk": pk, "a": a, "d": {"x": b, "y": d}});
    if n % 2 == 0 {
        document["b"] = b.clone();
    }
    let text = document.to_string();
    let operation = Operation::Upsert(Document::parse(text.as_bytes()).unwrap(), no_conditions());
    let key = key(container, &pk);
    container.perform(&key, &operation, at).unwrap();
}

/// The ids that a query finds among what a search reads, page by page.
fn ask(
    container: &mut Container,
    query: &Query,
    wanted: &[Requirement],
    page: usize,
) -> Vec<String> {
    let mut matches = Vec::new();
    let mut from: Option<Position> = None;
    loop {
        let search = Search { scope: &Scope::All, wanted };
        let piece = container.scan(search, from.as_ref(), page, NOW).unwrap();
        for (_, body) in piece.found {
            let document: Value = serde_json::from_slice(&body).unwrap();
            let found = query.evaluate(&Map::new(), std::iter::once(&document)).unwrap();
            matches.extend(found.iter().map(|id| id.as_str().unwrap().to_owned()));
        }
        from = piece.next;
        if from.is_none() {
            return matches;
        }
    }
}

proptest! {
    #[test]
    fn an_index_finds_what_a_scan_finds_in_the_same_order(
        policy in policy(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut container = container(json!({"indexingPolicy": policy}));
        for (at, step) in (NOW - 80..).zip(steps) {
            match step {
                Step::Upsert(n, a, b, d) => write(&mut container, (n, &a, &b, &d), at),
                Step::Delete(n) => {
                    let (pk, id) = place(n);
                    let _outcome = perform(&mut container, &pk, &delete(&id));
                }
                Step::Split => drop(container.split(None)),
                Step::Merge => drop(container.merge()),
                Step::Ask(filter, page) => {
                    let query = query::parse(&format!("SELECT VALUE c.id FROM c WHERE {filter}"));
                    let query = query.unwrap();
                    let wanted = query.requirements(&Map::new());
                    let scanned = ask(&mut container, &query, &[], usize::MAX);
                    prop_assert_eq!(ask(&mut container, &query, &wanted, page), scanned, "{}", filter);
                }
            }
        }
    }
}

/// How many items the first page of the sweep's query looks at, where so many lie among others.
fn looked_at(pending: u32, others: u32) -> usize {
    let mut container = container(json!({}));
    let states = (0..others).map(|_| "processed").chain((0..pending).map(|_| "pending"));
    for (n, state) in states.enumerate() {
        let pk = (n % 50).to_string();
        let text = json!({"id": n.to_string(), "pk": pk, "type": "event", "state": state});
        let text = text.to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let key = key(&container, &pk);
        container.perform(&key, &Operation::Create(document, no_conditions()), NOW).unwrap();
    }
    let text = "SELECT * FROM c WHERE c.type = 'event' AND c.state = 'pending' AND c._ts <= @t";
    let parameters = Map::from_iter([("@t".to_owned(), json!(NOW))]);
    let wanted = query::parse(text).unwrap().requirements(&parameters);
    let search = Search { scope: &Scope::All, wanted: &wanted };
    container.scan(search, None, 100, NOW).unwrap().found.len()
}

#[test]
fn a_sweep_looks_at_what_it_finds_however_much_is_stored() {
    for others in [0, 10, 10_000] {
        assert_eq!(looked_at(7, others), 7, "{others} others");
    }
    assert_eq!(looked_at(5_000, 5_000), 100);
}
