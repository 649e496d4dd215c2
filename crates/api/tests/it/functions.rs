//! The function folders: what the host lets through is what the routes answer.

use crate::world::{World, body_of};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Function {
    bindings: Vec<Binding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    #[serde(rename = "type")]
    kind: String,
    direction: String,
    auth_level: Option<String>,
    methods: Option<Vec<String>>,
    route: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("functions")
}

fn functions() -> Vec<Function> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path().join("function.json"));
    let texts = paths.filter_map(|path| fs::read_to_string(path).ok());
    texts.map(|text| serde_json::from_str(&text).expect("a function.json")).collect()
}

/// `/api/orders/{id}` for each function.
fn paths() -> BTreeSet<String> {
    let triggers = functions().into_iter().flat_map(|function| function.bindings);
    let routes = triggers.filter(|binding| binding.kind == "httpTrigger").filter_map(|t| t.route);
    routes.map(|route| format!("/api/{route}")).collect()
}

#[tokio::test]
async fn the_host_lets_through_the_paths_that_the_document_promises() {
    let document: Value = body_of(&World::new().await.ask("GET /api/openapi.json").await);
    let promised: BTreeSet<String> =
        document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths(), promised);
}

/// A host that knew the methods would answer the others itself, with a bare 404.
#[tokio::test]
async fn a_wrong_method_reaches_the_binary_on_every_path() {
    let world = World::with_order().await;
    for path in paths() {
        let request = format!("DELETE {}", path.replace("{id}", "o"));
        let answer = world.ask(&request).await;
        assert!(answer.starts_with("405"), "{request}: {answer}");
    }
}

/// Only such a function is passed on as HTTP, and only orders need a key.
#[test]
fn each_function_is_one_http_trigger_and_one_http_answer() {
    for function in functions() {
        let [trigger, answer] = function.bindings.as_slice() else { panic!("two bindings") };
        assert_eq!((&*trigger.kind, &*trigger.direction), ("httpTrigger", "in"));
        assert_eq!(trigger.methods, None);
        assert_eq!((&*answer.kind, &*answer.direction), ("http", "out"));
        let is_of_orders = trigger.route.as_deref().unwrap().starts_with("orders");
        let expected = if is_of_orders { "function" } else { "anonymous" };
        assert_eq!(trigger.auth_level.as_deref(), Some(expected));
    }
}

#[test]
fn the_host_passes_requests_on_to_the_binary() {
    let text = fs::read_to_string(folder().join("host.json")).unwrap();
    let host: Value = serde_json::from_str(&text).unwrap();
    let handler = &host["customHandler"];
    assert_eq!(handler["description"]["defaultExecutablePath"], "api");
    assert_eq!(handler["enableProxyingHttpRequest"], true);
    assert_eq!(host["extensions"]["http"]["routePrefix"], "api");
}
