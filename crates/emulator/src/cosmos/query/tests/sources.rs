//! FROM, JOIN, IN and subqueries.

use super::{check, check_errors};
use expect_test::expect;
use serde_json::{Value, json};

fn families() -> Value {
    json!([
        {"id": "A", "kids": [{"name": "Ann", "pets": ["Rex", "Tom"]}, {"name": "Al", "pets": []}]},
        {"id": "B", "kids": [{"name": "Bea", "pets": ["Kit"]}], "home": {"city": "Bern"}},
        {"id": "C"}
    ])
}

#[test]
fn the_container_has_any_name() {
    for from in ["c", "root r", "Root AS r", "families f"] {
        let alias = from.rsplit(' ').next().unwrap();
        let text = format!("SELECT VALUE {alias}.id FROM {from} WHERE {alias}.id = 'C'");
        check(
            &text,
            &families(),
            expect![[r#"
                "C"
            "#]],
        );
    }
}

#[test]
fn a_path_is_a_source() {
    check(
        "SELECT * FROM c.home",
        &families(),
        expect![[r#"
            {"city":"Bern"}
        "#]],
    );
    check(
        "SELECT VALUE h.city FROM c['home'] h",
        &families(),
        expect![[r#"
            "Bern"
        "#]],
    );
    check(
        "SELECT VALUE k.name FROM k IN c.kids",
        &families(),
        expect![[r#"
            "Ann"
            "Al"
            "Bea"
        "#]],
    );
    check(
        "SELECT VALUE k.name FROM k IN c.kids WHERE ARRAY_LENGTH(k.pets) > 0",
        &families(),
        expect![[r#"
            "Ann"
            "Bea"
        "#]],
    );
}

#[test]
fn joins_multiply_the_rows() {
    check(
        "SELECT c.id, k.name, p AS pet FROM c JOIN k IN c.kids JOIN p IN k.pets",
        &families(),
        expect![[r#"
            {"id":"A","name":"Ann","pet":"Rex"}
            {"id":"A","name":"Ann","pet":"Tom"}
            {"id":"B","name":"Bea","pet":"Kit"}
        "#]],
    );
    check(
        "SELECT VALUE [c.id, city] FROM c JOIN city IN (SELECT VALUE c.home.city)",
        &families(),
        expect![[r#"
            ["B","Bern"]
        "#]],
    );
    check(
        "SELECT VALUE s FROM c JOIN (SELECT VALUE k.name FROM k IN c.kids) AS s",
        &families(),
        expect![[r#"
            "Ann"
            "Al"
            "Bea"
        "#]],
    );
}

#[test]
fn subqueries_see_the_row_around_them() {
    check(
        "SELECT VALUE c.id FROM c WHERE EXISTS(SELECT VALUE p FROM k IN c.kids JOIN p IN k.pets WHERE p = 'Kit')",
        &families(),
        expect![[r#"
            "B"
        "#]],
    );
    check(
        "SELECT c.id, ARRAY(SELECT VALUE k.name FROM k IN c.kids) AS names, (SELECT VALUE COUNT(1) FROM k IN c.kids) AS many FROM c",
        &families(),
        expect![[r#"
            {"id":"A","many":2,"names":["Ann","Al"]}
            {"id":"B","many":1,"names":["Bea"]}
            {"id":"C","many":0,"names":[]}
        "#]],
    );
    check(
        "SELECT VALUE NOT EXISTS(SELECT 1 FROM k IN c.kids) FROM c",
        &families(),
        expect![[r"
            false
            false
            true
        "]],
    );
}

#[test]
fn a_subquery_may_stand_for_the_container() {
    check(
        "SELECT COUNT(1) AS many FROM (SELECT DISTINCT VALUE ARRAY_LENGTH(k.pets) FROM k IN c.kids) AS n",
        &families(),
        expect![[r#"
            {"many":3}
        "#]],
    );
    check(
        "SELECT VALUE s.id FROM (SELECT TOP 2 c.id FROM c ORDER BY c.id DESC) s",
        &families(),
        expect![[r#"
            "C"
            "B"
        "#]],
    );
}

#[test]
fn without_from_there_is_one_row() {
    check(
        "SELECT 1 AS one, 'a' AS a",
        &families(),
        expect![[r#"
            {"a":"a","one":1}
        "#]],
    );
    check(
        "SELECT VALUE 1 + 1",
        &json!([]),
        expect![[r"
            2
        "]],
    );
}

#[test]
fn sources_that_mean_nothing_are_refused() {
    check_errors(
        &[
            "SELECT *",
            "SELECT * FROM c JOIN k IN c.kids",
            "SELECT VALUE root.id FROM root r",
            "SELECT * FROM c IN d IN e",
            "SELECT VALUE x FROM c JOIN x IN missing.tags",
            "SELECT VALUE 1 FROM c WHERE EXISTS(SELECT VALUE 1 FROM d)",
            "SELECT VALUE (SELECT VALUE k FROM k IN [1, 2]) FROM c",
            "SELECT VALUE (SELECT VALUE k FROM k IN (SELECT VALUE [1, 2])) FROM c",
            "SELECT VALUE (SELECT VALUE k FROM k IN c.kids) FROM (SELECT VALUE {'kids': [1, 2]}) c",
            "SELECT VALUE 1 FROM c JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x",
        ],
        expect![[r"
            SELECT * → invalid at position 0: 'SELECT *' without FROM
            SELECT * FROM c JOIN k IN c.kids → invalid at position 0: 'SELECT *' with more than one source
            SELECT VALUE root.id FROM root r → invalid at position 13: the name 'root' is not known here
            SELECT * FROM c IN d IN e → syntax error at position 21: 'IN' where the end was expected
            SELECT VALUE x FROM c JOIN x IN missing.tags → invalid at position 32: the name 'missing' is not known here
            SELECT VALUE 1 FROM c WHERE EXISTS(SELECT VALUE 1 FROM d) → invalid at position 55: the name 'd' is not known here
            SELECT VALUE (SELECT VALUE k FROM k IN [1, 2]) FROM c → syntax error at position 39: '[' where a collection was expected
            SELECT VALUE (SELECT VALUE k FROM k IN (SELECT VALUE [1, 2])) FROM c → [1,2]
            SELECT VALUE (SELECT VALUE k FROM k IN c.kids) FROM (SELECT VALUE {'kids': [1, 2]}) c → invalid at position 14: a subquery of more than one value where one is needed
            SELECT VALUE 1 FROM c JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x JOIN a IN c.x → limit exceeded at position 167: more than 10 joins
        "]],
    );
}
