//! The account, databases, containers and offers.

use super::*;

#[tokio::test]
async fn the_account_points_to_where_the_client_asked() {
    let server = Server::start().await;
    let account = server.ask("GET", "/").send().await.json();
    let endpoint = format!("{}/", server.endpoint);
    for locations in ["writableLocations", "readableLocations"] {
        assert_eq!(account[locations][0]["databaseAccountEndpoint"], endpoint);
    }
    assert_eq!(account["userConsistencyPolicy"]["defaultConsistencyLevel"], "Session");
    let engine = account["queryEngineConfiguration"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(engine).unwrap().is_object());
    assert!(
        account["_self"].is_string() && account["_rid"].is_string() && account["id"] != "localhost"
    );
}

#[tokio::test]
async fn databases_are_made_listed_queried_and_removed() {
    let server = Server::start().await;
    let create = || server.ask("POST", "/dbs/").json(&json!({"id": "other"})).send();
    let made = create().await;
    assert_eq!((made.status, &made.json()["id"]), (201, &"other".into()));
    assert_eq!(create().await.status, 409);
    let listed = server.ask("GET", "/dbs").send().await.json();
    assert_eq!((&listed["_count"], &listed["Databases"][1]["id"]), (&2.into(), &"shop".into()));
    let query = json!({"query": "SELECT * FROM r WHERE r.id = 'other'"});
    let found = server.ask("POST", "/dbs").json(&query).header("x-ms-documentdb-isquery", "true");
    assert_eq!(found.send().await.json()["_count"], 1);
    assert_eq!(server.ask("DELETE", "/dbs/other").send().await.status, 204);
    assert_eq!(server.ask("GET", "/dbs/other").send().await.status, 404);
    assert_eq!(server.ask("POST", "/dbs").json(&json!({"id": "a/b"})).send().await.status, 400);
}

#[tokio::test]
async fn lists_come_in_pages_of_the_asked_size() {
    let server = Server::start().await;
    for id in ["a", "b", "c"] {
        let made = server.ask("POST", "/dbs").json(&json!({"id": id})).send().await;
        assert_eq!(made.status, 201);
    }
    let page = |from: &str| {
        let ask = server.ask("GET", "/dbs").header("x-ms-max-item-count", "3");
        ask.header("x-ms-continuation", from).send()
    };
    let first = page("0").await;
    assert_eq!(first.json()["_count"], 3);
    let rest = page(first.header("x-ms-continuation")).await;
    assert_eq!(rest.json()["Databases"][0]["id"], "shop");
    assert_eq!((&rest.json()["_count"], rest.header("x-ms-continuation")), (&1.into(), ""));
    assert_eq!(page("x").await.status, 400);
}

#[tokio::test]
async fn the_shop_is_what_its_bicep_makes_on_azure() {
    let server = Server::start().await;
    let orders = server.ask("GET", "/dbs/shop/colls/orders").send().await.json();
    assert_eq!(
        orders["partitionKey"],
        json!({"paths": ["/partitionKey"], "kind": "Hash", "version": 2})
    );
    assert_eq!(orders["defaultTtl"], -1);
    let policy = &orders["indexingPolicy"];
    assert_eq!(policy["excludedPaths"], json!([{"path": "/*"}]));
    assert_eq!(policy["includedPaths"].as_array().unwrap().len(), 6);
    assert_eq!(
        policy["compositeIndexes"][0][0],
        json!({"path": "/placedAt", "order": "descending"})
    );
    let leases = server.ask("GET", "/dbs/shop/colls/leases").send().await.json();
    assert_eq!(leases["partitionKey"]["paths"], json!(["/id"]));
}

#[tokio::test]
async fn containers_are_made_replaced_listed_and_removed() {
    let server = Server::start().await;
    let definition = json!({"id": "c", "partitionKey": {"paths": ["/pk"]}});
    let create = || server.ask("POST", "/dbs/shop/colls").json(&definition).send();
    let made = create().await;
    assert_eq!(
        (made.status, &made.json()["partitionKey"]),
        (201, &json!({"paths": ["/pk"], "kind": "Hash"}))
    );
    assert_eq!(create().await.status, 409);
    assert_eq!(server.ask("GET", "/dbs/shop/colls").send().await.json()["_count"], 3);

    let mut changed = made.json();
    changed["defaultTtl"] = 5.into();
    let replace = |body: &Value| server.ask("PUT", "/dbs/shop/colls/c").json(body).send();
    assert_eq!(replace(&changed).await.json()["defaultTtl"], 5);
    changed["partitionKey"]["paths"] = json!(["/other"]);
    assert_eq!(replace(&changed).await.status, 400);
    assert_eq!(server.ask("DELETE", "/dbs/shop/colls/c").send().await.status, 204);
    assert_eq!(server.ask("GET", "/dbs/shop/colls/c").send().await.status, 404);
}

#[tokio::test]
async fn a_bad_definition_is_refused_with_its_reason() {
    let server = Server::start().await;
    let key = json!({"paths": ["/pk"]});
    let cases = [
        (json!({"id": "c"}), "partitionKey"),
        (json!({"id": "c", "partitionKey": {"paths": []}}), "paths"),
        (json!({"id": "c", "partitionKey": {"paths": ["pk"]}}), "path"),
        (
            json!({"id": "c", "partitionKey": {"paths": ["/a", "/b"]}}),
            "Too many partition key paths",
        ),
        (json!({"id": "c", "partitionKey": {"paths": ["/a"], "kind": "Range"}}), "MultiHash"),
        (json!({"id": "c", "partitionKey": key, "defaultTtl": 0}), "defaultTtl"),
        (json!({"id": "", "partitionKey": key}), "id"),
    ];
    for (definition, wanted) in cases {
        let answer = server.ask("POST", "/dbs/shop/colls").json(&definition).send().await;
        assert_eq!(answer.status, 400, "{definition}");
        assert!(answer.message().contains(wanted), "{}", answer.message());
    }
}

#[tokio::test]
async fn what_has_no_owner_or_another_one_says_so() {
    let server = Server::start().await;
    let orphan = server.ask("GET", "/dbs/shop/colls/none/docs/1").key("p").send().await;
    assert_eq!((orphan.status, orphan.substatus()), (404, "1003"));
    let elsewhere =
        server.item("GET", "1").key("p").header("x-ms-cosmos-intended-collection-rid", "x");
    let elsewhere = elsewhere.send().await;
    assert_eq!((elsewhere.status, elsewhere.substatus()), (400, "1024"));
}

#[tokio::test]
async fn there_are_no_conflicts_with_one_region() {
    let server = Server::start().await;
    let path = "/dbs/shop/colls/orders/conflicts";
    let listed = server.ask("GET", path).send().await.json();
    assert_eq!((&listed["Conflicts"], &listed["_count"]), (&json!([]), &0.into()));
    let query = json!({"query": "SELECT * FROM c"});
    let ask = || server.ask("POST", path).json(&query).header("x-ms-documentdb-isquery", "true");
    assert_eq!(ask().key("p").send().await.json()["Conflicts"], json!([]));
    assert_eq!(ask().send().await.status, 400);
    for (method, path, status) in [
        ("GET", "/dbs/shop/colls/orders/conflicts/1", 404),
        ("DELETE", "/dbs/shop/colls/orders/conflicts/1", 404),
        ("PUT", path, 405),
        ("GET", "/dbs/shop/colls/none/conflicts", 404),
    ] {
        assert_eq!(server.ask(method, path).send().await.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn a_containers_offer_is_found_and_replaced() {
    let server = Server::start().await;
    let orders = server.ask("GET", "/dbs/shop/colls/orders").send().await.json();
    let query = json!({
        "query": "SELECT * FROM root WHERE root.offerResourceId = @rid",
        "parameters": [{"name": "@rid", "value": orders["_rid"]}],
    });
    let ask = server.ask("POST", "/offers").json(&query).header("x-ms-documentdb-isquery", "true");
    let mut offer = ask.send().await.json()["Offers"][0].clone();
    assert_eq!(offer["content"]["offerThroughput"], 400);
    offer["content"]["offerThroughput"] = 800.into();
    let path = format!("/offers/{}", offer["id"].as_str().unwrap());
    let replaced = server.ask("PUT", &path).json(&offer).send().await;
    assert_eq!(replaced.json()["content"]["offerThroughput"], 800);
    assert_eq!(server.ask("GET", &path).send().await.json()["content"]["offerThroughput"], 800);
}

#[tokio::test]
async fn a_databases_offer_is_kept_and_shared_by_containers_that_have_none() {
    let server = Server::start().await;
    let create = server.ask("POST", "/dbs").json(&json!({"id": "d"}));
    let database = create.header("x-ms-offer-throughput", "700").send().await.json();
    let query = json!({
        "query": "SELECT * FROM root WHERE root.resource = @link",
        "parameters": [{"name": "@link", "value": database["_self"]}],
    });
    let ask = server.ask("POST", "/offers").json(&query).header("x-ms-documentdb-isquery", "true");
    let mut offer = ask.send().await.json()["Offers"][0].clone();
    assert_eq!(offer["offerResourceId"], database["_rid"]);
    assert_eq!(offer["content"]["offerThroughput"], 700);
    let key = json!({"paths": ["/pk"]});
    let define = |id: &str| json!({"id": id, "partitionKey": key});
    let shares = server.ask("POST", "/dbs/d/colls").json(&define("shares")).send().await.json();
    let own = server.ask("POST", "/dbs/d/colls").json(&define("own"));
    let own = own.header("x-ms-offer-throughput", "500").send().await.json();
    let offers = server.ask("GET", "/offers").send().await.json()["Offers"].clone();
    let of = |rid: &Value| {
        let mut offers = offers.as_array().unwrap().iter();
        offers.find(|offer| offer["offerResourceId"] == *rid)
    };
    assert_eq!(of(&shares["_rid"]), None);
    assert_eq!(of(&own["_rid"]).unwrap()["content"]["offerThroughput"], 500);
    let settings = json!({"maxThroughput": 5000});
    offer["content"] = json!({"offerAutopilotSettings": settings});
    let path = format!("/offers/{}", offer["id"].as_str().unwrap());
    let replaced = server.ask("PUT", &path).json(&offer).send().await;
    assert_eq!(replaced.json()["content"]["offerAutopilotSettings"], settings);
    assert_eq!(server.ask("DELETE", "/dbs/d").send().await.status, 204);
    assert_eq!(server.ask("GET", &path).send().await.status, 404);
}

#[tokio::test]
async fn a_container_of_autoscale_keeps_its_maximum() {
    let server = Server::start().await;
    let made = server
        .ask("POST", "/dbs/shop/colls")
        .json(&json!({"id": "c", "partitionKey": {"paths": ["/pk"]}}))
        .header("x-ms-cosmos-offer-autopilot-settings", r#"{"maxThroughput":4000}"#);
    let rid = made.send().await.json()["_rid"].clone();
    let offers = server.ask("GET", "/offers").send().await.json();
    let offers = offers["Offers"].as_array().unwrap();
    let offer = offers.iter().find(|offer| offer["offerResourceId"] == rid).unwrap();
    let settings = &offer["content"]["offerAutopilotSettings"];
    assert_eq!(settings, &json!({"maxThroughput": 4000}));
}
