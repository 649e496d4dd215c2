//! Query plans, and the texts that clients send because of them.

use super::super::parse;
use super::{outbox, shown};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// What differs from the plan of a plain query.
fn check_plan(text: &str, expect: Expect) {
    let usual = parse("SELECT * FROM c").unwrap().plan();
    let plan = parse(text).unwrap().plan();
    let (Value::Object(info), Value::Object(usual)) = (&plan["queryInfo"], &usual["queryInfo"])
    else {
        panic!("a plan without queryInfo");
    };
    let differs = |(name, value): &(&String, &Value)| usual.get(*name) != Some(value);
    let lines = info.iter().filter(differs).map(|(name, value)| format!("{name}: {value}\n"));
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_plain_query_is_planned_as_it_is() {
    let plan = parse("SELECT * FROM c WHERE c.type = 'event'").unwrap().plan();
    let expect = expect![[r#"
        {
          "hybridSearchQueryInfo": null,
          "partitionedQueryExecutionInfoVersion": 2,
          "queryInfo": {
            "aggregates": [],
            "dCountInfo": null,
            "distinctType": "None",
            "groupByAliasToAggregateType": {},
            "groupByAliases": [],
            "groupByExpressions": [],
            "hasNonStreamingOrderBy": false,
            "hasSelectValue": false,
            "limit": null,
            "offset": null,
            "orderBy": [],
            "orderByExpressions": [],
            "rewrittenQuery": "",
            "top": null
          },
          "queryRanges": [
            {
              "isMaxInclusive": false,
              "isMinInclusive": true,
              "max": "FF",
              "min": ""
            }
          ]
        }
    "#]];
    expect.assert_eq(&format!("{plan:#}\n"));
}

#[test]
fn order_by_asks_for_keys_and_a_place_to_resume() {
    check_plan(
        "SELECT * FROM Root AS r ORDER BY r.k",
        expect![[r#"
            orderBy: ["Ascending"]
            orderByExpressions: ["r.k"]
            rewrittenQuery: "SELECT r._rid, [{\"item\": r.k}] AS orderByItems, r AS payload\nFROM Root AS r\nWHERE ({documentdb-formattableorderbyquery-filter})\nORDER BY r.k"
        "#]],
    );
    check_plan(
        "SELECT TOP 10 c.id, c['group'] AS g FROM c WHERE c.a = 1 ORDER BY c.x DESC, c.y",
        expect![[r#"
            orderBy: ["Descending","Ascending"]
            orderByExpressions: ["c.x","c.y"]
            rewrittenQuery: "SELECT TOP 10 c._rid, [{\"item\": c.x}, {\"item\": c.y}] AS orderByItems, {\"id\": c.id, \"g\": c[\"group\"]} AS payload\nFROM c\nWHERE (((c.a = 1)) AND ({documentdb-formattableorderbyquery-filter}))\nORDER BY c.x DESC, c.y"
            top: 10
        "#]],
    );
    check_plan(
        "SELECT DISTINCT VALUE c.x FROM c ORDER BY c.x",
        expect![[r#"
            distinctType: "Ordered"
            hasSelectValue: true
            orderBy: ["Ascending"]
            orderByExpressions: ["c.x"]
            rewrittenQuery: "SELECT c._rid, [{\"item\": c.x}] AS orderByItems, c.x AS payload\nFROM c\nWHERE ({documentdb-formattableorderbyquery-filter})\nORDER BY c.x"
        "#]],
    );
}

#[test]
fn a_window_starts_at_the_beginning_of_each_partition() {
    check_plan(
        "SELECT VALUE c.id FROM c OFFSET 1 LIMIT 2",
        expect![[r#"
            hasSelectValue: true
            limit: 2
            offset: 1
            rewrittenQuery: "SELECT VALUE c.id\nFROM c\nOFFSET 0 LIMIT 3"
        "#]],
    );
    let plan = parse("SELECT * FROM c OFFSET @n LIMIT 2").unwrap();
    let parameters = serde_json::Map::from_iter([("@n".to_owned(), json!(3))]);
    assert_eq!(
        plan.plan_with(&parameters)["queryInfo"]["rewrittenQuery"],
        "SELECT *\nFROM c\nOFFSET 0 LIMIT 5"
    );
}

#[test]
fn aggregates_are_asked_for_in_parts() {
    check_plan(
        "SELECT VALUE COUNT(1) FROM c",
        expect![[r#"
            aggregates: ["Count"]
            hasSelectValue: true
            rewrittenQuery: "SELECT VALUE [{\"item\": COUNT(1)}]\nFROM c"
        "#]],
    );
    check_plan(
        "SELECT VALUE COUNT(1) FROM c ORDER BY c.n",
        expect![[r#"
            aggregates: ["Count"]
            hasSelectValue: true
            rewrittenQuery: "SELECT VALUE [{\"item\": COUNT(1)}]\nFROM c"
        "#]],
    );
    check_plan(
        "SELECT VALUE AVG(c.n) FROM c",
        expect![[r#"
            aggregates: ["Average"]
            hasSelectValue: true
            rewrittenQuery: "SELECT VALUE [{\"item\": {\"sum\": SUM(c.n), \"count\": COUNT(c.n)}}]\nFROM c"
        "#]],
    );
    check_plan(
        "SELECT VALUE MIN(c.n) FROM c",
        expect![[r#"
            aggregates: ["Min"]
            hasSelectValue: true
            rewrittenQuery: "SELECT VALUE [{\"item\": MIN(c.n), \"item2\": {\"min\": MIN(c.n), \"count\": COUNT(c.n)}}]\nFROM c"
        "#]],
    );
    check_plan(
        "SELECT COUNT(1) AS many FROM c",
        expect![[r#"
            groupByAliasToAggregateType: {"many":"Count"}
            groupByAliases: ["many"]
            rewrittenQuery: "SELECT {\"many\": {\"item\": COUNT(1)}} AS payload\nFROM c"
        "#]],
    );
}

#[test]
fn groups_are_asked_for_with_their_keys() {
    check_plan(
        "SELECT c.type, MAX(c.n) AS most FROM c GROUP BY c.type",
        expect![[r#"
            groupByAliasToAggregateType: {"most":"Max","type":null}
            groupByAliases: ["type","most"]
            groupByExpressions: ["c.type"]
            rewrittenQuery: "SELECT [{\"item\": c.type}] AS groupByItems, {\"type\": c.type, \"most\": {\"item\": MAX(c.n), \"item2\": {\"max\": MAX(c.n), \"count\": COUNT(c.n)}}} AS payload\nFROM c\nGROUP BY c.type"
        "#]],
    );
    check_plan(
        "SELECT DISTINCT c.type FROM c",
        expect![[r#"
            distinctType: "Unordered"
        "#]],
    );
}

#[test]
fn what_a_plan_asks_for_can_be_answered() {
    let mut answers = String::new();
    for text in [
        "SELECT VALUE AVG(c.n) FROM c",
        "SELECT VALUE MAX(c.n) FROM c",
        "SELECT c.type, COUNT(1) AS many FROM c GROUP BY c.type",
        "SELECT c.id FROM c WHERE c.type = 'event' ORDER BY c.n DESC OFFSET 1 LIMIT 1",
    ] {
        let plan = parse(text).unwrap().plan();
        let text = plan["queryInfo"]["rewrittenQuery"].as_str().unwrap();
        let text = text.replace("{documentdb-formattableorderbyquery-filter}", "true");
        answers.push_str(&shown(&text, &outbox()));
    }
    expect![[r#"
        [{"item":{"count":5,"sum":18.5}}]
        [{"item":10,"item2":{"count":5,"max":10}}]
        {"groupByItems":[{"item":"order"}],"payload":{"many":{"item":2},"type":"order"}}
        {"groupByItems":[{"item":"event"}],"payload":{"many":{"item":3},"type":"event"}}
        {"orderByItems":[{"item":3}],"payload":{"id":"1.1"}}
        {"orderByItems":[{"item":2.5}],"payload":{"id":"2.1"}}
    "#]]
    .assert_eq(&answers);
}
