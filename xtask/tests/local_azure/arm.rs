//! Resource Manager: groups, rights, names, deployments, apps.

use crate::server::{Answer, Asked, json, refusal};
use crate::world::{APPS, KEY, REGION, SUBSCRIPTION, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Answers, once the version that is asked for is one that is there.
pub(crate) fn answer(world: &mut World, asked: &Asked) -> Answer {
    let path = asked.path.to_lowercase();
    let version = asked.query.get("api-version").map_or("", String::as_str);
    if !versions(&path).is_empty() && !versions(&path).contains(&version) {
        world.complain(format!("{} {path}: no version {version:?}", asked.method));
        return refusal(400, "InvalidApiVersionParameter", "The api-version is invalid.");
    }
    if asked.method != "HEAD" && world.fails("throttled") {
        return (429, vec![("retry-after", "0".to_owned())], "{}".to_owned());
    }
    let rest = path.strip_prefix(&format!("/subscriptions/{SUBSCRIPTION}")).unwrap_or(&path);
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["providers"]) => providers(world),
        ("GET", ["providers", "microsoft.web", "locations", region, "functionappstacks"]) => {
            stacks(asked, region)
        }
        ("GET", ["providers", "microsoft.web", "georegions"]) => regions(world),
        ("GET", ["locations"]) => json(200, json!({"value": [{"name": REGION}]})),
        ("GET", [.., "microsoft.authorization", "permissions"]) => permissions(world),
        ("HEAD", ["providers", "microsoft.documentdb", "databaseaccountnames", _]) => {
            (if world.fails("name taken") { 200 } else { 404 }, Vec::new(), String::new())
        }
        ("POST", ["providers", _, "checknameavailability"]) => free(world, asked),
        (_, ["resourcegroups", group]) => resource_group(world, asked, group),
        (_, ["resourcegroups", _, rest @ ..]) => in_group(world, asked, rest),
        _ => unknown(world, asked),
    }
}

fn unknown(world: &mut World, asked: &Asked) -> Answer {
    world.complain(format!("{} {}: nothing like that is asked", asked.method, asked.path));
    refusal(404, "NotFound", "not here")
}

/// What is in a resource group.
fn in_group(world: &mut World, asked: &Asked, parts: &[&str]) -> Answer {
    match (asked.method.as_str(), parts) {
        ("GET", ["resources"]) => json(200, json!({"value": resources(world)})),
        ("GET", [.., "microsoft.authorization", "locks"]) => locks(world),
        ("DELETE", [.., "locks", name]) => {
            world.locks.retain(|lock| lock != name);
            (204, Vec::new(), String::new())
        }
        (_, ["providers", "microsoft.resources", "deployments", "outbox", rest @ ..]) => {
            deployment(world, asked, rest)
        }
        ("GET", [.., "shop-bus-x1", "topics", "orders", "subscriptions", "all"]) => {
            let count = json!({"activeMessageCount": world.orders.len()});
            json(200, json!({"name": "all", "properties": {"countDetails": count}}))
        }
        (_, ["providers", "microsoft.web", "sites", app, rest @ ..]) => {
            site(world, asked, app, rest)
        }
        _ => unknown(world, asked),
    }
}

/// The versions that the real one has of what this asks, where it is ours to choose them.
fn versions(path: &str) -> &'static [&'static str] {
    match path {
        _ if path.ends_with("/functionappstacks") => &["2020-10-01"],
        _ if path.ends_with("/georegions") => &[],
        _ if path.contains("/microsoft.authorization/permissions") => &["2022-04-01"],
        _ if path.contains("/microsoft.authorization/locks") => &["2020-05-01"],
        _ if path.contains("/microsoft.web/") => &["2025-03-01"],
        _ if path.contains("/microsoft.servicebus/") => &["2024-01-01"],
        _ if path.contains("/microsoft.storage/") => &["2025-06-01"],
        _ => &[],
    }
}

fn providers(world: &mut World) -> Answer {
    let is_missing = world.fails("not registered");
    let names = [
        "DocumentDB",
        "Insights",
        "ManagedIdentity",
        "OperationalInsights",
        "ServiceBus",
        "Storage",
        "Web",
    ];
    let state = |name: &str| {
        if is_missing && name == "ServiceBus" { "NotRegistered" } else { "Registered" }
    };
    let one = |name: &&str| json!({"namespace": format!("Microsoft.{name}"), "registrationState": state(name)});
    json(200, json!({"value": names.iter().map(one).collect::<Vec<_>>()}))
}

fn stacks(asked: &Asked, region: &str) -> Answer {
    let is_asked = ["stack", "sku"].map(|name| asked.query.get(name).map(String::as_str));
    if region != REGION || is_asked != [Some("custom"), Some("FC1")] {
        return json(200, json!({"value": []}));
    }
    let settings = json!({"Sku": [{"skuCode": "FC1"}], "gitHubActionSettings": {"isSupported": false},
        "appInsightsSettings": {"isSupported": true}, "isDefault": true,
        "appSettingsDictionary": {"FUNCTIONS_WORKER_RUNTIME": "custom"}});
    let minor = json!({"value": "1.0", "stackSettings": {"linuxRuntimeSettings": settings}});
    let stack =
        json!({"name": "custom", "properties": {"majorVersions": [{"minorVersions": [minor]}]}});
    json(200, json!({"value": [stack]}))
}

/// Where Flex Consumption is, and whether it is over zones there.
fn regions(world: &mut World) -> Answer {
    let domain = if world.fails("zones") { "PUBLIC" } else { "PUBLIC;FCZONEREDUNDANCY" };
    let properties = json!({"orgDomain": domain, "displayName": "West Europe"});
    json(200, json!({"value": [{"name": "West Europe", "properties": properties}]}))
}

fn permissions(world: &mut World) -> Answer {
    let not: &[&str] =
        if world.fails("rights") { &["Microsoft.Authorization/*/Write"] } else { &[] };
    json(200, json!({"value": [{"actions": ["*"], "notActions": not}]}))
}

fn free(world: &mut World, asked: &Asked) -> Answer {
    let body = asked.json();
    let needs_type = !asked.path.contains("Microsoft.ServiceBus");
    if body["name"].as_str().is_none() || needs_type != body["type"].is_string() {
        world.complain(format!("{}: it does not take {body}", asked.path));
    }
    let is_taken = body["type"] == "Site" && world.fails("site name taken");
    let why = if is_taken { "Hostname is already in use." } else { "" };
    json(200, json!({"nameAvailable": !is_taken, "message": why}))
}

fn resource_group(world: &mut World, asked: &Asked, name: &str) -> Answer {
    match asked.method.as_str() {
        "PUT" => {
            let region = asked.json()["location"].as_str().unwrap_or_default().to_owned();
            world.groups.insert(name.to_owned(), region);
        }
        "DELETE" if !world.locks.is_empty() => {
            return refusal(409, "ScopeLocked", "The scope is locked.");
        }
        "DELETE" => {
            world.groups.remove(name);
            return (200, Vec::new(), String::new());
        }
        _ => {}
    }
    match world.groups.get(name) {
        Some(region) => json(200, json!({"name": name, "location": region})),
        None => refusal(404, "ResourceGroupNotFound", "Resource group could not be found."),
    }
}

fn locks(world: &World) -> Answer {
    let id = |name: &str| {
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.DocumentDB/databaseAccounts/shop-x1/providers/Microsoft.Authorization/locks/{name}"
        )
    };
    let all: Vec<Value> =
        world.locks.iter().map(|name| json!({"id": id(name), "name": name})).collect();
    json(200, json!({"value": all}))
}

fn resources(world: &World) -> Vec<Value> {
    let is_there = world.deployed.is_some();
    let all = kinds().into_iter().filter(|_| is_there);
    all.map(|(kind, name)| json!({"type": kind, "name": name})).collect()
}

fn kinds() -> Vec<(&'static str, &'static str)> {
    let mut all = vec![
        ("Microsoft.DocumentDB/databaseAccounts", "shop-x1"),
        ("Microsoft.ServiceBus/namespaces", "shop-bus-x1"),
        ("Microsoft.Storage/storageAccounts", "shopapix1"),
    ];
    all.extend(APPS.map(|(_, name)| ("Microsoft.Web/sites", name)));
    all
}

fn deployment(world: &mut World, asked: &Asked, rest: &[&str]) -> Answer {
    match (asked.method.as_str(), rest) {
        ("POST", ["whatif"]) => match parameters(world, asked) {
            Ok(_) if world.fails("what-if") => {
                refusal(400, "InvalidTemplate", "Deployment template validation failed.")
            }
            Ok(given) => json(
                200,
                json!({"status": "Succeeded", "properties": {"changes": changes(world, &given)}}),
            ),
            Err(answer) => answer,
        },
        ("POST", ["validate"]) => match parameters(world, asked) {
            Ok(_) => json(200, state(world, "Succeeded")),
            Err(answer) => answer,
        },
        ("PUT", []) => begin(world, asked),
        ("GET", ["operations"]) => json(200, json!({"value": operations(world)})),
        ("GET", []) => look(world),
        _ => refusal(405, "MethodNotAllowed", "no"),
    }
}

/// Holds what is deployed to what Resource Manager asks: every parameter declared, in increments.
fn parameters(world: &mut World, asked: &Asked) -> Result<BTreeMap<String, Value>, Answer> {
    // `az` leaves the quotes out here, which Resource Manager lets pass.
    let text = asked.text().replace(", template:{", ", \"template\":{");
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let properties = &body["properties"];
    let given = properties["parameters"].as_object().cloned().unwrap_or_default();
    let declared = properties["template"]["parameters"].as_object().cloned().unwrap_or_default();
    let unknown = given.keys().find(|name| !declared.contains_key(*name));
    let missing = declared.keys().find(|name| !given.contains_key(*name));
    if properties["mode"] != "Incremental" || unknown.or(missing).is_some() || given.is_empty() {
        world.complain(format!("{} {}: {properties}", asked.method, asked.path));
        return Err(refusal(400, "InvalidTemplate", "mode or parameters"));
    }
    Ok(given.into_iter().map(|(name, value)| (name, value["value"].clone())).collect())
}

fn changes(world: &World, given: &BTreeMap<String, Value>) -> Vec<Value> {
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/shop");
    let kind = |name: &str| match &world.deployed {
        None => ("Create", json!(null)),
        Some(before) if before != given && name == "shop-x1" => {
            let differs = given.iter().filter(|(name, value)| before.get(*name) != Some(value));
            let delta = differs.map(|(name, value)| {
                json!({"path": name, "propertyChangeType": "Modify", "before": before.get(name), "after": value})
            });
            ("Modify", json!(delta.collect::<Vec<_>>()))
        }
        Some(_) => ("NoChange", json!(null)),
    };
    let change = |(of, name): (&str, &str)| {
        let (change, delta) = kind(name);
        let id = format!("{group}/providers/{of}/{name}");
        json!({"resourceId": id, "changeType": change, "delta": delta})
    };
    kinds().into_iter().map(change).collect()
}

fn begin(world: &mut World, asked: &Asked) -> Answer {
    if world.fails("deployment active") {
        return refusal(409, "DeploymentActive", "The deployment 'outbox' is still active.");
    }
    match parameters(world, asked) {
        Ok(given) => {
            world.deployments += 1;
            world.running = 2;
            world.end(given);
            json(201, state(world, "Accepted"))
        }
        Err(answer) => answer,
    }
}

fn look(world: &mut World) -> Answer {
    if world.deployed.is_none() {
        return refusal(404, "DeploymentNotFound", "Deployment 'outbox' could not be found.");
    }
    if 0 < world.running {
        world.running -= 1;
        return json(200, state(world, "Running"));
    }
    let state =
        if world.fails("deployment") { state(world, "Failed") } else { state(world, "Succeeded") };
    json(200, state)
}

fn state(world: &World, state: &str) -> Value {
    let outputs = if state == "Succeeded" { world.outputs() } else { Value::Null };
    json!({"name": "outbox", "properties": {"provisioningState": state, "mode": "Incremental",
        "correlationId": format!("{:08}-local", world.deployments), "outputs": outputs}})
}

fn operations(world: &mut World) -> Vec<Value> {
    let mut all = vec![json!({"properties": {"provisioningState": "Succeeded"}})];
    if world.fails("operation") {
        let inner = json!({"code": "ServiceUnavailable", "message": "high demand in this region"});
        let error =
            json!({"code": "DeploymentFailed", "message": "see inside", "details": [inner]});
        let target = json!({"resourceType": "Microsoft.DocumentDB/databaseAccounts", "resourceName": "shop-x1"});
        all.push(json!({"properties": {"provisioningState": "Failed", "targetResource": target,
            "statusMessage": {"error": error}}}));
    }
    all
}

fn site(world: &mut World, asked: &Asked, app: &str, rest: &[&str]) -> Answer {
    let unsynced = rest == ["host", "default", "sync"] && world.fails("sync");
    let port = world.port;
    let Some(site) = world.sites.get_mut(app) else {
        return refusal(404, "ResourceNotFound", "The site was not found.");
    };
    match (asked.method.as_str(), rest) {
        ("GET", []) => {
            let host = |name: String, kind: &str| json!({"name": name, "hostType": kind, "sslState": "Disabled"});
            let hosts = [
                host(format!("{app}.localhost:{port}"), "Standard"),
                host(format!("{app}.scm.localhost:{port}"), "Repository"),
            ];
            json(200, json!({"name": app, "properties": {"hostNameSslStates": hosts}}))
        }
        ("POST", ["host", "default", "sync"]) => {
            site.is_synced |= !unsynced;
            (204, Vec::new(), String::new())
        }
        ("POST", ["host", "default", "listkeys"]) => {
            json(200, json!({"functionKeys": {"default": KEY}}))
        }
        ("GET", ["functions"]) => {
            let listed = site.functions.iter().filter(|_| site.is_synced);
            let listed = listed.map(|name| json!({"name": format!("{app}/{name}")}));
            json(200, json!({"value": listed.collect::<Vec<_>>()}))
        }
        _ => refusal(405, "MethodNotAllowed", "no"),
    }
}
