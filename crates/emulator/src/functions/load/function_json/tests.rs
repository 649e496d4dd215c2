//! A `function.json` in, a function or its mistakes out.

use super::*;
use crate::functions::load::{AuthLevel, CosmosTrigger, HttpTrigger, Start, TimerTrigger};
use http::Method;
use serde_json::json;
use std::time::Duration;

fn settings() -> Settings {
    let text = "AccountEndpoint=http://127.0.0.1:8081/;AccountKey=a2V5PT0=;";
    let pairs = [
        ("DB", "shop"),
        ("Cosmos", text),
        ("Local__accountEndpoint", "http://localhost:8081"),
        ("Far__accountEndpoint", "http://10.0.0.1:8081"),
        ("Azure__accountEndpoint", "https://x.documents.azure.com:443/"),
        ("Half", "AccountKey=a2V5PT0="),
        ("OFF", "true"),
        ("AzureWebJobs.Off.Disabled", "1"),
    ];
    Settings::new(pairs.map(|(name, value)| (name.into(), value.into())))
}

fn load(name: &str, function: &Value) -> Result<Function, Vec<String>> {
    let mut problems = Problems::default();
    let settings = settings();
    let mut context = Context { settings: &settings, prefix: "api", problems: &mut problems };
    let function = read(name, "f", &function.to_string(), &mut context);
    let problems: Vec<_> = problems.into_vec().iter().map(ToString::to_string).collect();
    function.filter(|_| problems.is_empty()).ok_or(problems)
}

/// One binding of this type with a name and direction.
fn binding(kind: &str, properties: &Value) -> Value {
    let mut binding = json!({ "type": kind, "direction": "in", "name": "it" });
    if let (Some(binding), Some(properties)) = (binding.as_object_mut(), properties.as_object()) {
        binding.extend(properties.clone());
    }
    binding
}

fn trigger(kind: &str, properties: &Value) -> Trigger {
    load("F", &json!({ "bindings": [binding(kind, properties)] })).unwrap().trigger
}

fn http(properties: &Value) -> HttpTrigger {
    let Trigger::Http(trigger) = trigger("httpTrigger", properties) else { panic!("not HTTP") };
    trigger
}

fn cosmos(properties: &Value) -> std::sync::Arc<CosmosTrigger> {
    let mut all = json!({
        "connection": "Cosmos", "databaseName": "%DB%", "containerName": "orders",
    });
    if let (Some(all), Some(properties)) = (all.as_object_mut(), properties.as_object()) {
        all.extend(properties.clone());
    }
    let Trigger::Cosmos(trigger) = trigger("cosmosDBTrigger", &all) else { panic!("not Cosmos") };
    trigger
}

fn timer(properties: &Value) -> std::sync::Arc<TimerTrigger> {
    let Trigger::Timer(trigger) = trigger("timerTrigger", properties) else { panic!("no timer") };
    trigger
}

#[track_caller]
fn check(function: &Value, expect: &[&str]) {
    let problems = load("F", function).expect_err("it should be refused");
    assert_eq!(problems.len(), expect.len(), "{problems:#?}");
    for (problem, expect) in problems.iter().zip(expect) {
        assert!(problem.contains(expect), "{expect} is not in {problem}");
    }
}

#[test]
fn an_http_trigger_says_who_may_call_it_and_how() {
    let orders = http(&json!({ "route": "orders", "methods": ["get"], "authLevel": "Anonymous" }));
    assert_eq!(orders.route.to_string(), "/api/orders");
    assert_eq!(orders.methods, [Method::GET]);
    assert_eq!(orders.auth_level, AuthLevel::Anonymous);
    let bare = http(&json!({}));
    assert_eq!(bare.route.to_string(), "/api/F", "the function's name");
    assert_eq!((bare.methods.len(), bare.auth_level), (0, AuthLevel::Function));
}

#[test]
fn a_cosmos_trigger_has_azures_defaults() {
    let trigger = cosmos(&json!({}));
    assert_eq!((&*trigger.database, &*trigger.container), ("shop", "orders"));
    let leases = &trigger.leases;
    assert_eq!((&*leases.database, &*leases.container, &*leases.prefix), ("shop", "leases", ""));
    assert_eq!((leases.create, leases.throughput), (false, None));
    assert_eq!((trigger.start, trigger.items_max), (Start::Now, None));
    let millis = |duration: Duration| duration.as_millis();
    let timings = &trigger.timings;
    assert_eq!((millis(timings.poll), millis(timings.acquire)), (5_000, 13_000));
    assert_eq!((millis(timings.expiration), millis(timings.renew)), (60_000, 17_000));
}

#[test]
fn a_cosmos_trigger_takes_every_property_of_version_4() {
    let trigger = cosmos(&json!({
        "leaseConnection": "Local", "leaseDatabaseName": "other", "leaseContainerName": "l",
        "createLeaseContainerIfNotExists": true, "leasesContainerThroughput": 400,
        "leaseContainerPrefix": "%DB%-", "feedPollDelay": 1, "leaseAcquireInterval": 2,
        "leaseExpirationInterval": 3, "leaseRenewInterval": 4, "maxItemsPerInvocation": 5,
        "startFromTime": "2026-11-23T20:00:00Z", "preferredLocations": "East US",
    }));
    assert_eq!(trigger.leases.account.endpoint.as_str(), "http://localhost:8081/");
    assert_eq!((&*trigger.leases.database, &*trigger.leases.prefix), ("other", "shop-"));
    assert_eq!((trigger.leases.create, trigger.leases.throughput), (true, Some(400)));
    assert_eq!(trigger.items_max, Some(5));
    assert_eq!(trigger.start, Start::Time("2026-11-23T20:00:00Z".parse().unwrap()));
}

#[test]
fn a_connection_must_lead_to_a_local_account() {
    for (connection, expect) in [
        ("Azure", "Azure__accountEndpoint: this host speaks plain http"),
        ("Far", "the emulator's key is for loopback only"),
        ("Half", "setting Half must be AccountEndpoint="),
        ("None", "neither setting None nor None__accountEndpoint is set"),
    ] {
        let properties =
            json!({ "connection": connection, "databaseName": "d", "containerName": "c" });
        let bindings = [binding("cosmosDBTrigger", &properties)];
        check(&json!({ "bindings": bindings }), &[expect]);
    }
}

#[test]
fn names_of_version_3_are_told_their_new_names() {
    let properties = json!({
        "connectionStringSetting": "Cosmos", "databaseName": "d", "collectionName": "c",
        "feedPolDelay": 1, "startFromBeginning": true, "startFromTime": "2026-11-23T20:00:00Z",
    });
    let expect = [
        "connection: it is required",
        "containerName: it is required",
        "startFromTime: it and startFromBeginning exclude each other",
        "collectionName: that is the name of version 3; it is called containerName",
        "connectionStringSetting: that is the name of version 3; it is called connection",
        "feedPolDelay: there is no such property",
    ];
    check(&json!({ "bindings": [binding("cosmosDBTrigger", &properties)] }), &expect);
}

#[test]
fn a_timer_has_a_schedule() {
    let timer = timer(&json!({ "schedule": "0 */5 * * * *", "useMonitor": false }));
    assert!(!timer.use_monitor && !timer.run_on_startup);
    check(&json!({ "bindings": [binding("timerTrigger", &json!({}))] }), &["it is required"]);
}

#[test]
fn a_function_has_one_trigger_and_one_answer() {
    let request = binding("httpTrigger", &json!({}));
    let answer = json!({ "type": "http", "direction": "out", "name": "res" });
    let timer = binding("timerTrigger", &json!({ "schedule": "00:00:10" }));
    check(&json!({ "bindings": [answer] }), &["exactly one trigger"]);
    check(&json!({ "bindings": [request, timer] }), &["exactly one trigger"]);
    check(&json!({ "bindings": [request, answer, answer] }), &["at most one http output"]);
    check(&json!({ "bindings": [timer, answer] }), &["needs an httpTrigger"]);
    let queue = binding("queueTrigger", &json!({}));
    check(&json!({ "bindings": [queue] }), &["`queueTrigger` is not one of httpTrigger"]);
}

#[test]
fn an_http_function_is_not_retried() {
    let retry =
        json!({ "strategy": "fixedDelay", "maxRetryCount": 1, "delayInterval": "00:00:01" });
    let function = json!({ "bindings": [binding("httpTrigger", &json!({}))], "retry": retry });
    check(&function, &["retry: an HTTP trigger is not retried"]);
}

#[test]
fn a_function_is_disabled_by_its_file_or_by_a_setting() {
    let bindings = json!([binding("httpTrigger", &json!({}))]);
    let disabled = |name: &str, disabled: Value| {
        load(name, &json!({ "bindings": bindings, "disabled": disabled })).unwrap().disabled
    };
    assert!(disabled("F", json!(true)) && disabled("F", json!("OFF")));
    assert!(disabled("Off", json!(false)), "AzureWebJobs.Off.Disabled");
    assert!(!disabled("F", json!("NOT_SET")) && !disabled("F", Value::Null));
}

#[test]
fn a_folder_name_is_a_function_name() {
    assert!(is_name("Place-Order_2"));
    for name in ["", "2nd", "a b", "naïve", &"x".repeat(129)] {
        assert!(!is_name(name), "{name}");
    }
}
