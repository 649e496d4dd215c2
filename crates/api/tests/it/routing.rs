//! Unknown paths and wrong methods.

use crate::world::{World, check};
use expect_test::expect;

#[tokio::test]
async fn an_unknown_path_is_404() {
    check(
        "GET /api/nothing",
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:no-such-path",
         "title":"There is nothing at this path",
         "status":404,
         "detail":"The paths and methods are listed in /api/openapi.json"}"#]],
    )
    .await;
}

#[tokio::test]
async fn what_only_looks_like_a_route_is_404() {
    let world = World::new().await;
    for path in ["/api/orders/", "/api//orders", "/API/orders", "/api/orders/o/", "/api", "/orders"]
    {
        let answer = world.ask(&format!("GET {path}")).await;
        assert!(answer.starts_with("404"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_with_the_right_ones() {
    check(
        "DELETE /api/orders",
        expect![[r#"
        405 Method Not Allowed
        allow: GET, HEAD, POST
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:wrong-method",
         "title":"The path has no such method",
         "status":405,
         "detail":"The methods of this path are GET, HEAD, POST"}"#]],
    )
    .await;
}

#[tokio::test]
async fn every_path_names_its_methods() {
    let world = World::new().await;
    for (request, allow) in [
        ("PUT /api/orders", "GET, HEAD, POST"),
        ("POST /api/orders/o", "GET, HEAD, PATCH"),
        ("GET /api/orders/o/cancel", "POST"),
        ("HEAD /api/orders/o/ship", "POST"),
        ("POST /api/orders/o/events", "GET, HEAD"),
        ("POST /api/health/live", "GET, HEAD"),
        ("DELETE /api/health/ready", "GET, HEAD"),
        ("OPTIONS /api/openapi.json", "GET, HEAD"),
        ("POST /", "GET, HEAD"),
    ] {
        let answer = world.ask(request).await;
        assert!(answer.starts_with("405"), "{request}: {answer}");
        assert!(answer.contains(&format!("\nallow: {allow}\n")), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_target_that_is_no_path_is_answered_too() {
    let world = World::new().await;
    for (request, status) in
        [("CONNECT shop:1", "405"), ("DELETE shop:1", "405"), ("OPTIONS *", "404")]
    {
        let answer = world.ask(request).await;
        assert!(answer.starts_with(status), "{request}: {answer}");
    }
}

#[tokio::test]
async fn the_ping_of_the_functions_host_is_answered() {
    check("GET /", expect!["200 OK"]).await;
}
