//! Resources addressed by their `_rid`, as the SDKs do with what they have read before.

use super::*;

const ORDERS: &str = "/dbs/shop/colls/orders";

/// The resource ids of the database, the orders and an item `a` of the key `p`.
async fn rids(server: &Server) -> [String; 3] {
    let item = server.put("p", "a").await.json();
    let container = server.ask("GET", ORDERS).send().await.json();
    let database = server.ask("GET", "/dbs/shop").send().await.json();
    let rid = |body: Value| body.get("_rid").and_then(Value::as_str).expect("a _rid").to_owned();
    [database, container, item].map(rid)
}

#[tokio::test]
async fn whatever_has_a_rid_is_found_by_it() {
    let server = Server::start().await;
    let [database, container, item] = rids(&server).await;
    let orders = format!("/dbs/{database}/colls/{container}");
    for (path, kind, rid, named) in [
        (format!("/dbs/{database}/"), "dbs", &database, "/dbs/shop".to_owned()),
        (format!("/dbs/{database}/colls"), "colls", &database, "/dbs/shop/colls".to_owned()),
        (orders.clone(), "colls", &container, ORDERS.to_owned()),
        (format!("{orders}/pkranges"), "pkranges", &container, format!("{ORDERS}/pkranges")),
        (format!("{orders}/docs"), "docs", &container, DOCS.to_owned()),
        (format!("{orders}/docs/{item}"), "docs", &item, format!("{DOCS}/a")),
    ] {
        let by_rid = server.ask("GET", &path).key("p");
        let by_rid = by_rid.send_signed_as(kind, &rid.to_lowercase()).await;
        let by_name = server.ask("GET", &named).key("p").send().await;
        assert_eq!((by_rid.status, by_rid.json()), (200, by_name.json()), "{path}");
        let as_written = server.ask("GET", &path).key("p").send_signed_as(kind, rid).await;
        assert_eq!(as_written.status, 401, "{path}");
    }
}

#[tokio::test]
async fn an_item_is_written_and_removed_by_its_rid() {
    let server = Server::start().await;
    let [database, container, item] = rids(&server).await;
    let docs = format!("/dbs/{database}/colls/{container}/docs");
    let create = server.ask("POST", &docs).key("p").json(&json!({"id": "b", "partitionKey": "p"}));
    let created = create.send_signed_as("docs", &container.to_lowercase()).await;
    assert_eq!(created.status, 201);
    let path = format!("{docs}/{item}");
    let link = item.to_lowercase();
    let body = json!({"id": "a", "partitionKey": "p", "n": 1});
    let replaced =
        server.ask("PUT", &path).key("p").json(&body).send_signed_as("docs", &link).await;
    assert_eq!((replaced.status, &replaced.json()["_rid"]), (200, &item.clone().into()));
    let elsewhere = server.ask("DELETE", &path).key("q").send_signed_as("docs", &link).await;
    assert_eq!(elsewhere.status, 404);
    let deleted = server.ask("DELETE", &path).key("p").send_signed_as("docs", &link).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(server.item("GET", "a").key("p").send().await.status, 404);
}

#[tokio::test]
async fn a_rid_of_nothing_is_not_found_and_a_name_behind_a_rid_is_refused() {
    let server = Server::start().await;
    let [database, container, item] = rids(&server).await;
    let other = server.ask("POST", "/dbs").json(&json!({"id": "other"})).send().await.json();
    let other = other["_rid"].as_str().expect("a _rid");
    let leases = server.ask("GET", "/dbs/shop/colls/leases").send().await.json();
    let leases = leases["_rid"].as_str().expect("a _rid");
    let docs = format!("/dbs/{database}/colls/{container}/docs");
    for (path, kind, link, expected) in [
        ("/dbs/-----w==".to_owned(), "dbs", "-----w==", (404, "")),
        (format!("/dbs/{other}/colls/{container}"), "colls", container.as_str(), (404, "")),
        (format!("/dbs/{other}/colls/{container}/docs/{item}"), "docs", &item, (404, "1003")),
        (format!("/dbs/{database}/colls/{leases}/docs/{item}"), "docs", &item, (404, "")),
        (format!("/dbs/{database}/colls/orders"), "colls", "orders", (400, "")),
        (format!("{docs}/a"), "docs", "a", (400, "")),
    ] {
        let asked = server.ask("GET", &path).key("p");
        let answer = asked.send_signed_as(kind, &link.to_lowercase()).await;
        assert_eq!((answer.status, answer.substatus()), expected, "{path}");
    }
}

#[tokio::test]
async fn a_database_whose_name_reads_as_a_rid_is_found_by_its_name() {
    let server = Server::start().await;
    let [database, container, _] = rids(&server).await;
    let made = server.ask("POST", "/dbs").json(&json!({"id": database})).send().await;
    assert_eq!(made.status, 201);
    let path = format!("/dbs/{database}");
    let found = server.ask("GET", &path).send_signed_as("dbs", &database.to_lowercase()).await;
    assert_eq!(found.json()["_rid"], made.json()["_rid"]);
    let definition = json!({"id": container, "partitionKey": {"paths": ["/pk"]}});
    let create = server.ask("POST", &format!("{path}/colls")).json(&definition);
    let created = create.send_signed_as("colls", &database.to_lowercase()).await;
    assert_eq!(created.status, 201);
    let inside = server.ask("GET", &format!("{path}/colls/{container}"));
    let inside = inside.send_signed_as("colls", &container.to_lowercase()).await;
    assert_eq!((inside.status, &inside.json()["_rid"]), (200, &created.json()["_rid"]));
}
