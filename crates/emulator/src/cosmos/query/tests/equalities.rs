//! What an index may be asked for.

use super::super::parse;
use expect_test::{Expect, expect};
use serde_json::{Map, json};

#[track_caller]
fn check(filter: &str, expect: Expect) {
    let query = parse(&format!("SELECT * FROM c WHERE {filter}")).unwrap();
    let parameters = Map::from_iter([("@s".to_owned(), json!("pending"))]);
    let found = query.required_equalities(&parameters);
    let line = |(path, value): &(Vec<String>, _)| format!("{} = {value}\n", path.join("."));
    expect.assert_eq(&found.iter().map(line).collect::<String>());
}

#[test]
fn equalities_under_and_are_required() {
    check(
        "c.type = 'event' AND (c.state = @s AND 1 = c.a['b'])",
        expect![[r#"
            type = "event"
            state = "pending"
            a.b = 1
        "#]],
    );
}

#[test]
fn what_may_also_fail_is_not_required() {
    for filter in [
        "c.a = 1 OR c.b = 2",
        "NOT (c.a = 1)",
        "c.a != 1",
        "c.a = c.b",
        "c.a[0] = 1",
        "c.a = 1 = true",
        "c.a = @unknown",
        "true",
    ] {
        check(filter, expect![[""]]);
    }
}

#[test]
fn only_whole_documents_count() {
    let query = parse("SELECT * FROM k IN c.kids WHERE k.name = 'Ann'").unwrap();
    assert_eq!(query.required_equalities(&Map::new()), []);
}
