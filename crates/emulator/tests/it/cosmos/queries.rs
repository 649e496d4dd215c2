//! Queries over the wire: scopes, pages, plans. What the language means is tested with it.

use super::*;

const CROSS: &str = "x-ms-documentdb-query-enablecrosspartition";

async fn filled() -> Server {
    let server = Server::start().await;
    for (pk, id) in [("p", "a"), ("q", "b"), ("p", "c"), ("q", "d"), ("r", "e")] {
        server.put(pk, id).await;
    }
    server
}

/// All pages of a query.
async fn pages(server: &Server, text: &str, items_max: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut continuation = String::new();
    loop {
        let page = server
            .query(text)
            .header(CROSS, "true")
            .header("x-ms-max-item-count", items_max)
            .header("x-ms-continuation", &continuation)
            .send()
            .await;
        pages.push(page.documents());
        page.header("x-ms-continuation").clone_into(&mut continuation);
        if continuation.is_empty() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_query_is_scoped_by_key_range_or_everything_and_else_refused() {
    let server = filled().await;
    let all = "SELECT * FROM c";
    assert_eq!(server.query(all).key("p").send().await.ids(), ["a", "c"]);
    let range = "x-ms-documentdb-partitionkeyrangeid";
    assert_eq!(server.query(all).header(range, "0").send().await.ids().len(), 5);
    assert_eq!(server.query(all).header(CROSS, "True").send().await.ids().len(), 5);
    let unscoped = server.query(all).send().await;
    assert_eq!(unscoped.status, 400);
    assert!(unscoped.message().contains("Cross partition query is required but disabled"));
    let key_fixed = "SELECT VALUE c.id FROM c WHERE 'p' = c.partitionKey AND c.id != 'c'";
    assert_eq!(server.query(key_fixed).send().await.documents(), [json!("a")]);
    let key_open = "SELECT * FROM c WHERE c.partitionKey = 'p' OR c.partitionKey = 'q'";
    assert_eq!(server.query(key_open).send().await.status, 400);
    let gone = server.query(all).header(range, "9").send().await;
    assert_eq!((gone.status, gone.substatus()), (410, "1002"));
}

#[tokio::test]
async fn plain_queries_are_paged_in_the_order_of_creation() {
    let server = filled().await;
    let pages = pages(&server, "SELECT VALUE c.id FROM c", "2").await;
    assert_eq!(pages, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
}

#[tokio::test]
async fn ordered_queries_are_paged_too() {
    let server = filled().await;
    let pages = pages(&server, "SELECT VALUE c.id FROM c ORDER BY c.id DESC", "3").await;
    assert_eq!(pages, [vec!["e", "d", "c"], vec!["b", "a"]]);
}

#[tokio::test]
async fn aggregates_and_parameters_are_evaluated_here() {
    let server = filled().await;
    let body = json!({
        "query": "SELECT VALUE COUNT(1) FROM c WHERE c.partitionKey = @p",
        "parameters": [{"name": "@p", "value": "q"}],
    });
    let answer = server
        .post(&body)
        .header("content-type", "application/query+json")
        .header(CROSS, "true")
        .send()
        .await;
    assert_eq!(answer.documents(), [2]);
}

#[tokio::test]
async fn a_page_costs_and_counts() {
    let server = filled().await;
    let page = server.query("SELECT * FROM c").key("p").send().await;
    assert_eq!((page.header("x-ms-item-count"), &page.json()["_count"]), ("2", &2.into()));
    assert!(2.3 < page.header("x-ms-request-charge").parse::<f64>().unwrap());
    assert_eq!(server.count("query"), 1);
}

#[tokio::test]
async fn a_wrong_query_says_where_it_is_wrong() {
    let server = filled().await;
    let wrong = server.query("SELECT * FRM c").key("p").send().await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.message().contains("position"), "{}", wrong.message());
    let textless = server.post(&json!({})).key("p").header("x-ms-documentdb-isquery", "true");
    assert_eq!(textless.send().await.status, 400);
    let continued = server.query("SELECT * FROM c").key("p").header("x-ms-continuation", "?");
    assert_eq!(continued.send().await.status, 400);
}

#[tokio::test]
async fn all_items_are_listed_without_a_query() {
    let server = filled().await;
    let first = server.ask("GET", DOCS).header("x-ms-max-item-count", "3").send().await;
    assert_eq!(first.ids(), ["a", "b", "c"]);
    let token = first.header("x-ms-continuation");
    let second = server.ask("GET", DOCS).header("x-ms-continuation", token).send().await;
    assert_eq!(
        (second.ids(), second.header("x-ms-continuation")),
        (vec!["d".into(), "e".into()], "")
    );
}
