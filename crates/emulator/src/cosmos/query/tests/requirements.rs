//! What an index may be asked for.

use super::super::{Requirement, Span, parse};
use expect_test::{Expect, expect};
use serde_json::{Map, json};

#[track_caller]
fn check(filter: &str, expect: Expect) {
    let query = parse(&format!("SELECT * FROM c WHERE {filter}")).unwrap();
    let parameters = Map::from_iter([("@s".to_owned(), json!("pending"))]);
    let lines = query.requirements(&parameters).into_iter().map(line);
    expect.assert_eq(&lines.collect::<String>());
}

fn line(Requirement { path, spans }: Requirement) -> String {
    let spans = spans.iter().map(|span| match span {
        Span::Only(value) => value.to_string(),
        Span::From(low) => format!("{low}.."),
        Span::To(high) => format!("..{high}"),
        Span::Between(low, high) => format!("{low}..{high}"),
    });
    format!("{}: {}\n", path.join("."), spans.collect::<Vec<_>>().join(" "))
}

#[test]
fn comparisons_under_and_are_required() {
    check(
        "c.type = 'event' AND (c.state = @s AND 1 = c.a['b']) AND c._ts <= 7 AND 3 < c.n \
         AND c.m BETWEEN 1 AND 2 AND c.k IN ('a', @s)",
        expect![[r#"
            type: "event"
            state: "pending"
            a.b: 1
            _ts: ..7
            n: 3..
            m: 1..2
            k: "a" "pending"
        "#]],
    );
}

#[test]
fn what_may_also_fail_is_not_required() {
    for filter in [
        "c.a = 1 OR c.b = 2",
        "NOT (c.a = 1)",
        "c.a NOT IN (1, 2)",
        "c.a NOT BETWEEN 1 AND 2",
        "c.a != 1",
        "c.a = c.b",
        "c.a[0] = 1",
        "c.a = 1 = true",
        "c.a = @unknown",
        "c.a IN (1, c.b)",
        "c.a = [1]",
        "c.a IN (1, {})",
        "true",
    ] {
        check(filter, expect![[""]]);
    }
}

#[test]
fn only_whole_documents_count() {
    let query = parse("SELECT * FROM k IN c.kids WHERE k.name = 'Ann'").unwrap();
    assert_eq!(query.requirements(&Map::new()), []);
}
