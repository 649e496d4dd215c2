//! One clause at a time.

use super::{check, check_errors, outbox};
use expect_test::expect;
use serde_json::json;

#[test]
fn everything_is_selected_as_it_is_stored() {
    let documents = json!([{"id": "1", "a": [1, {"b": null}]}, {"id": "2"}]);
    let both = expect![[r#"
        {"a":[1,{"b":null}],"id":"1"}
        {"id":"2"}
    "#]];
    check("SELECT * FROM c", &documents, both);
}

#[test]
fn a_list_names_its_columns() {
    check(
        "SELECT c.id, c.who.name, c['n'] AS number, c.n + 1, 'x' FROM c WHERE c.id = '1.1'",
        &outbox(),
        expect![[r#"
            {"$1":4,"$2":"x","id":"1.1","name":"Ann","number":3}
        "#]],
    );
}

#[test]
fn undefined_values_are_left_out() {
    check(
        "SELECT VALUE c.who.name FROM c",
        &outbox(),
        expect![[r#"
        "Ann"
        "Bob"
    "#]],
    );
    check(
        "SELECT c.who FROM c WHERE c.n = 1",
        &outbox(),
        expect![[r"
        {}
    "]],
    );
}

#[test]
fn a_filter_with_parameters_finds_the_pending() {
    check(
        "SELECT VALUE c.id FROM c WHERE c.type = 'event' AND c.state = @s ORDER BY c.n",
        &outbox(),
        expect![[r#"
            "2.1"
            "1.1"
        "#]],
    );
}

#[test]
fn order_by_sorts_by_type_then_value() {
    let documents = json!([
        {"id": "text", "k": "a"}, {"id": "object", "k": {}}, {"id": "number", "k": 2},
        {"id": "less", "k": 1.5}, {"id": "null", "k": null}, {"id": "undefined"},
        {"id": "array", "k": []}, {"id": "true", "k": true}, {"id": "false", "k": false}
    ]);
    check(
        "SELECT VALUE c.id FROM c ORDER BY c.k",
        &documents,
        expect![[r#"
        "undefined"
        "null"
        "false"
        "true"
        "less"
        "number"
        "text"
        "array"
        "object"
    "#]],
    );
    check(
        "SELECT VALUE c.id FROM c ORDER BY c.k DESC, c.id OFFSET 2 LIMIT 2",
        &documents,
        expect![[r#"
        "text"
        "number"
    "#]],
    );
}

#[test]
fn aggregates_fold_all_rows_into_one() {
    check(
        "SELECT VALUE COUNT(1) FROM c WHERE c.type = 'event'",
        &outbox(),
        expect![[r"
        3
    "]],
    );
    check(
        "SELECT VALUE COUNT(1) FROM c WHERE false",
        &outbox(),
        expect![[r"
        0
    "]],
    );
    check(
        "SELECT SUM(c.n) AS sum, AVG(c.n), MIN(c.n), MAX(c.n), COUNT(c.state) FROM c",
        &outbox(),
        expect![[r#"
            {"$1":3.7,"$2":1,"$3":10,"$4":4,"sum":18.5}
        "#]],
    );
}

#[test]
fn what_the_rust_sdk_rewrites_is_evaluated() {
    check(
        r#"SELECT VALUE {"_rid": c._rid, "orderByItems": [{"item": c.i}], "payload": c} FROM c WHERE (c.i > 0) AND true ORDER BY c.i DESC"#,
        &json!([{"_rid": "x", "i": 1}, {"_rid": "y", "i": 2}, {"_rid": "z", "i": 0}]),
        expect![[r#"
            {"_rid":"y","orderByItems":[{"item":2}],"payload":{"_rid":"y","i":2}}
            {"_rid":"x","orderByItems":[{"item":1}],"payload":{"_rid":"x","i":1}}
        "#]],
    );
}

#[test]
fn refusals_name_the_construct_and_its_position() {
    check_errors(
        &[
            "SELECT * FORM c",
            "SELECT c.id FROM c WHERE",
            "SELECT ST_DISTANCE(c.a, c.b) FROM c",
            "SELECT VALUE d.id FROM c",
            "SELECT VALUE c.value FROM c",
            "SELECT * FROM c WHERE c.id = @missing",
            "SELECT c.id, COUNT(1) FROM c",
            "SELECT * FROM c WHERE COUNT(1) = 1",
        ],
        expect![[r"
            SELECT * FORM c → syntax error at position 9: 'FORM' where FROM was expected
            SELECT c.id FROM c WHERE → syntax error at position 24: the end of the text where an expression was expected
            SELECT ST_DISTANCE(c.a, c.b) FROM c → unsupported at position 7: function 'ST_DISTANCE'
            SELECT VALUE d.id FROM c → invalid at position 13: the name 'd' is not known here
            SELECT VALUE c.value FROM c → syntax error at position 15: the keyword 'value' where a property was expected
            SELECT * FROM c WHERE c.id = @missing → invalid at position 29: the parameter '@missing' has no value
            SELECT c.id, COUNT(1) FROM c → invalid at position 7: 'c' is neither in an aggregate nor in GROUP BY
            SELECT * FROM c WHERE COUNT(1) = 1 → invalid at position 22: an aggregate outside of SELECT, or inside another aggregate
        "]],
    );
}
