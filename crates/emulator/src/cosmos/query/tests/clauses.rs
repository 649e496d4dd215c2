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
fn an_order_changes_nothing_where_all_rows_become_one() {
    check(
        "SELECT VALUE SUM(c.n) FROM c WHERE c.type = 'event' ORDER BY c.n DESC",
        &outbox(),
        expect![[r"
            7.5
        "]],
    );
    check_errors(
        &[
            "SELECT VALUE COUNT(1) FROM c ORDER BY d.n",
            "SELECT VALUE COUNT(1) FROM c ORDER BY COUNT(1)",
            "SELECT c.type FROM c GROUP BY c.type ORDER BY c.type",
        ],
        expect![[r"
            SELECT VALUE COUNT(1) FROM c ORDER BY d.n → invalid at position 38: the name 'd' is not known here
            SELECT VALUE COUNT(1) FROM c ORDER BY COUNT(1) → invalid at position 38: an aggregate outside of SELECT, or inside another aggregate
            SELECT c.type FROM c GROUP BY c.type ORDER BY c.type → unsupported at position 0: ORDER BY with GROUP BY
        "]],
    );
}

#[test]
fn groups_come_in_order_of_appearance() {
    check(
        "SELECT c.type, c.state ?? 'none' AS state, COUNT(1) AS many, MAX(c.n) - MIN(c.n) AS spread
         FROM c GROUP BY c.type, c.state ?? 'none'",
        &outbox(),
        expect![[r#"
            {"many":1,"spread":0,"state":null,"type":"order"}
            {"many":2,"spread":0.5,"state":"pending","type":"event"}
            {"many":1,"spread":0,"state":"processed","type":"event"}
            {"many":1,"spread":0,"state":"none","type":"order"}
        "#]],
    );
    let lengths = "SELECT VALUE LENGTH(c.type) FROM c GROUP BY LENGTH(c.type)";
    check(
        lengths,
        &outbox(),
        expect![[r"
            5
        "]],
    );
    let none = "SELECT VALUE COUNT(1) FROM c WHERE false GROUP BY c.type";
    check(none, &outbox(), expect![[""]]);
}

#[test]
fn aggregates_of_mixed_or_missing_values() {
    let documents = json!([{"n": 1, "m": "a"}, {"n": "x", "m": null}, {"m": 3}]);
    let text = "SELECT SUM(c.n) AS sum, AVG(c.n) AS avg, MIN(c.m) AS min, MAX(c.m) AS max,
                       COUNT(c.n) AS count FROM c";
    check(
        text,
        &documents,
        expect![[r#"
            {"count":2,"max":"a","min":null}
        "#]],
    );
    check(
        text,
        &json!([]),
        expect![[r#"
            {"count":0,"sum":0}
        "#]],
    );
    check(
        text,
        &json!([{"m": [1]}, {"m": 1}]),
        expect![[r#"
            {"count":0,"sum":0}
        "#]],
    );
}

#[test]
fn distinct_drops_repeats() {
    let documents = json!([{"k": 1}, {"k": 1.0}, {"k": [1]}, {"k": "1"}, {"k": [1.0]}, {}]);
    check(
        "SELECT DISTINCT VALUE c.k FROM c",
        &documents,
        expect![[r#"
            1
            [1]
            "1"
        "#]],
    );
    let second = "SELECT DISTINCT c.k FROM c ORDER BY c.k DESC OFFSET 1 LIMIT 2";
    check(
        second,
        &documents,
        expect![[r#"
            {"k":"1"}
            {"k":1}
        "#]],
    );
}

#[test]
fn top_offset_and_limit_cut_the_values() {
    check(
        "SELECT TOP @n VALUE c.id FROM c",
        &outbox(),
        expect![[r#"
            "1"
            "1.1"
        "#]],
    );
    check(
        "SELECT VALUE c.id FROM c OFFSET 1 LIMIT @n",
        &outbox(),
        expect![[r#"
            "1.1"
            "1.2"
        "#]],
    );
    check("SELECT TOP 0 * FROM c", &outbox(), expect![[""]]);
    check(
        "SELECT TOP 2 VALUE c.who.name FROM c",
        &outbox(),
        expect![[r#"
            "Ann"
            "Bob"
        "#]],
    );
}

#[test]
fn a_long_sort_keeps_what_is_wanted() {
    let documents: Vec<_> = (0..1_000).map(|n| json!({"n": (n * 7_919) % 1_000})).collect();
    let documents = json!(documents);
    let last = "SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n DESC";
    check(
        last,
        &documents,
        expect![[r"
            999
            998
            997
        "]],
    );
    let middle = "SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 500 LIMIT 2";
    check(
        middle,
        &documents,
        expect![[r"
            500
            501
        "]],
    );
}

#[test]
fn texts_and_names_may_be_written_in_many_ways() {
    let documents = json!([{"a b": {"c": [10, 20]}, "q'": "\"x\"\n"}]);
    let comment = r#"SELECT VALUE c["a b"].c[1] FROM c -- the second"#;
    check(
        comment,
        &documents,
        expect![[r"
            20
        "]],
    );
    let quotes = r#"SELECT VALUE c['q\''] FROM c /* quoted */ WHERE c["q'"] = '"x"\u000a'"#;
    check(
        quotes,
        &documents,
        expect![[r#"
            "\"x\"\n"
        "#]],
    );
    let computed = "select value c[concat('a', ' b')].c[0 + 1] from c";
    check(
        computed,
        &documents,
        expect![[r"
            20
        "]],
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
fn what_the_other_sdks_rewrite_is_evaluated() {
    let documents = json!([{"_rid": "x", "k": 2}, {"_rid": "y", "k": 1}, {"_rid": "z"}]);
    check(
        "SELECT r._rid, [{\"item\": r.k}] AS orderByItems, r AS payload
         FROM Root AS r WHERE ((r.k > 0) AND (true)) ORDER BY r.k",
        &documents,
        expect![[r#"
            {"_rid":"y","orderByItems":[{"item":1}],"payload":{"_rid":"y","k":1}}
            {"_rid":"x","orderByItems":[{"item":2}],"payload":{"_rid":"x","k":2}}
        "#]],
    );
    check(
        "SELECT VALUE [{\"item\": COUNT(1)}]
         FROM c",
        &documents,
        expect![[r#"
            [{"item":3}]
        "#]],
    );
    check(
        "SELECT [{\"item\": c.k}] AS groupByItems, {\"k\": c.k, \"n\": {\"item\": COUNT(1)}} AS payload
         FROM c GROUP BY c.k",
        &documents,
        expect![[r#"
            {"groupByItems":[{"item":2}],"payload":{"k":2,"n":{"item":1}}}
            {"groupByItems":[{"item":1}],"payload":{"k":1,"n":{"item":1}}}
            {"groupByItems":[{}],"payload":{"n":{"item":1}}}
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
