//! The OpenAPI document: what is served is what the code says.

use crate::world::World;
use expect_test::expect_file;

#[test]
fn the_document_beside_the_sources_is_generated_from_them() {
    let generated = api::openapi().to_pretty_json().unwrap();
    expect_file!["../../openapi.json"].assert_eq(&format!("{generated}\n"));
}

#[tokio::test]
async fn the_document_is_served() {
    let answer = World::new().await.ask("GET /api/openapi.json").await;
    let (head, body) = answer.split_once("\n\n").unwrap();
    assert_eq!(head, "200 OK\ncontent-type: application/json");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let beside = include_str!("../../openapi.json");
    assert_eq!(body, serde_json::from_str::<serde_json::Value>(beside).unwrap());
}
