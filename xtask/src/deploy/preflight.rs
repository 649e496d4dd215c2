//! What must be so before anything is touched; each that is not so ends in what to do.

use super::cloud::{Cloud, az, ran};
use super::plan::{Plan, top_level};
use super::rights::{self, LOCKS, NEEDED};
use super::trouble::Trouble;
use super::{Arguments, Environment, say};
use anyhow::Result;
use serde_json::{Value, json};
use std::process::Command;

/// Of July 2025, when custom handlers came to Flex Consumption. Tested with 2.91.
const AZ_MIN: (u32, u32) = (2, 75);

/// Who serves what `infra/bicep` makes.
const PROVIDERS: [&str; 7] = [
    "Microsoft.DocumentDB",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.OperationalInsights",
    "Microsoft.ServiceBus",
    "Microsoft.Storage",
    "Microsoft.Web",
];
/// Who serves private networking too: its subnets belong to container environments.
const PRIVATE_PROVIDERS: [&str; 2] = ["Microsoft.App", "Microsoft.Network"];

/// Looks at the machine and logs the subscription that is meant.
pub(crate) fn login() -> Result<Cloud> {
    let has_curl = Command::new("curl").arg("--version").output();
    if !has_curl.is_ok_and(|output| output.status.success()) {
        return Err(Trouble::early("`curl` does not start", "install curl"));
    }
    let version = az(&["version"]);
    let Ok(Ok(version)) = version else {
        let todo = "install Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli";
        return Err(Trouble::early("`az` does not start", todo));
    };
    let version = text(&version, "/azure-cli");
    if !is_new_enough(version) {
        let (major, minor) = AZ_MIN;
        let what = format!("az {version} is too old; {major}.{minor} is the least");
        return Err(Trouble::early(what, "`az upgrade`"));
    }
    let account = az(&["account", "show"])?;
    let account = account.map_err(|said| {
        Trouble::early(format!("az is not logged in: {said}"), "`az login`, then the same again")
    })?;
    let cloud = az(&["cloud", "show"])?
        .map_err(|said| Trouble::early(format!("az knows no cloud: {said}"), "`az cloud set`"))?;
    say(format!(
        "subscription  {} ({}), as {}, az {version}",
        text(&account, "/name"),
        text(&account, "/id"),
        text(&account, "/user/name"),
    ));
    Ok(Cloud::new(text(&cloud, "/endpoints/resourceManager"), text(&account, "/id")))
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    AZ_MIN <= (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Everything that can be known before the group is there; whether it is there.
pub(crate) fn check(cloud: &Cloud, arguments: &Arguments, parameters: &str) -> Result<bool> {
    compiler()?;
    providers(cloud, parameters)?;
    region(&arguments.location, parameters)?;
    let is_there = group(cloud, arguments)?;
    may(cloud, arguments, is_there)?;
    say("preflight     az, compiler, providers, region, group and rights are as they should be");
    Ok(is_there)
}

/// `az` brings Bicep's compiler by itself, where it can reach Microsoft's download site.
fn compiler() -> Result<()> {
    if ran(&["bicep", "version"])?.is_ok() {
        return Ok(());
    }
    let Err(said) = ran(&["bicep", "install"])? else { return Ok(()) };
    let todo = "let this machine reach downloads.bicep.azure.com; or put `bicep` on the path and \
                `az config set bicep.use_binary_from_path=true`";
    Err(Trouble::early(format!("az has no Bicep compiler, and cannot install one: {said}"), todo))
}

fn providers(cloud: &Cloud, parameters: &str) -> Result<()> {
    let path = format!("/subscriptions/{}/providers", cloud.subscription);
    let reply = cloud.get(&path, "2021-04-01")?;
    if !reply.is_ok() {
        let what = format!("the providers cannot be listed: {}", reply.said());
        return Err(Trouble::early(what, "ask for the role Reader on the subscription"));
    }
    let mut needed = PROVIDERS.to_vec();
    if is_set(parameters, "privateNetworking") {
        needed.extend(PRIVATE_PROVIDERS);
    }
    let reply = reply.json();
    let listed = reply.get("value").and_then(Value::as_array);
    let is_registered = |name: &str| {
        listed.into_iter().flatten().any(|one| {
            text(one, "/namespace").eq_ignore_ascii_case(name)
                && text(one, "/registrationState") == "Registered"
        })
    };
    let missing: Vec<&str> = needed.into_iter().filter(|name| !is_registered(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let todo: Vec<String> = missing
        .iter()
        .map(|name| format!("`az provider register --wait --namespace {name}`"))
        .collect();
    let what = format!("not registered in the subscription: {}", missing.join(", "));
    Err(Trouble::early(what, todo.join(", ")))
}

/// Whether the parameter file says `true` to this.
fn is_set(parameters: &str, parameter: &str) -> bool {
    parameters.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("param")
            && words.next() == Some(parameter)
            && words.nth(1) == Some("true")
    })
}

fn region(location: &str, parameters: &str) -> Result<()> {
    let list = ["functionapp", "list-flexconsumption-runtimes", "--runtime", "custom"];
    let told = az(&[&list[..], &["--location", location]].concat())?;
    offered(location, "Flex Consumption with custom handlers", LOCATIONS, told, |_| true)?;
    if is_set(parameters, "zoneRedundant") {
        let list = format!("{LOCATIONS} --zone-redundant true");
        let told = az(&list.split(' ').skip(1).collect::<Vec<_>>())?;
        let is_named = |one: &Value| text(one, "/name") == location;
        offered(location, "Flex Consumption over zones", &list, told, is_named)?;
    }
    Ok(())
}

const LOCATIONS: &str = "az functionapp list-flexconsumption-locations";

/// Whether something of what `az` told is what a region has to offer.
fn offered(
    location: &str,
    wanted: &str,
    list: &str,
    told: std::result::Result<Value, String>,
    is_it: impl Fn(&Value) -> bool,
) -> Result<()> {
    let why = match told {
        Ok(all) if all.as_array().is_some_and(|all| all.iter().any(is_it)) => return Ok(()),
        Ok(_) => String::new(),
        Err(said) => format!(": {said}"),
    };
    let what = format!("{location} does not offer {wanted}{why}");
    Err(Trouble::early(what, format!("take a region of `{list}`")))
}

fn group(cloud: &Cloud, arguments: &Arguments) -> Result<bool> {
    let Arguments { resource_group, location, .. } = arguments;
    let reply = cloud.get(&cloud.group(resource_group), "2021-04-01")?;
    if reply.status == 404 {
        return Ok(false);
    }
    if !reply.is_ok() {
        let what = format!("the resource group {resource_group}: {}", reply.said());
        return Err(Trouble::early(what, "ask for rights on it"));
    }
    let group = reply.json();
    if text(&group, "/location") != location {
        let what =
            format!("the resource group {resource_group} is in {}", text(&group, "/location"));
        return Err(Trouble::early(
            what,
            format!("name that with --location, not {location}; or take another group"),
        ));
    }
    Ok(true)
}

fn may(cloud: &Cloud, arguments: &Arguments, is_there: bool) -> Result<()> {
    let subscription = format!("/subscriptions/{}", cloud.subscription);
    let scope = if is_there { cloud.group(&arguments.resource_group) } else { subscription };
    let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
    let reply = cloud.get(&path, "2022-04-01")?;
    let mut needed = NEEDED.to_vec();
    if arguments.environment == Environment::Prod {
        needed.push(LOCKS);
    }
    if !is_there {
        needed.push("Microsoft.Resources/subscriptions/resourceGroups/write");
    }
    if !reply.is_ok() {
        say(format!("rights        cannot be read ({}); they show on the way", reply.said()));
        return Ok(());
    }
    let missing = rights::missing(&reply.json(), &needed);
    if missing.is_empty() {
        return Ok(());
    }
    let what = format!("your roles on {scope} do not allow {}", missing.join(", "));
    let todo = if missing.contains(&LOCKS) {
        "ask for Owner there (or Contributor and User Access Administrator): prod makes locks"
    } else {
        "ask for Contributor and Role Based Access Control Administrator there (or Owner)"
    };
    Err(Trouble::early(what, todo))
}

/// Whether the names of what is to be made are free, where names are the world's.
pub(crate) fn names(cloud: &Cloud, plan: &Plan) -> Result<()> {
    let mut taken = Vec::new();
    for (kind, name) in plan.created.iter().filter_map(|id| top_level(id)) {
        if kind == "Microsoft.DocumentDB/databaseAccounts" {
            let is_taken = az(&["cosmosdb", "check-name-exists", "--name", name])?;
            if is_taken == Ok(Value::Bool(true)) {
                taken.push(format!("{name} (a Cosmos DB account of that name exists)"));
            }
        }
        let Some((way, version, body)) = name_check(&kind, name) else { continue };
        let path = format!("/subscriptions/{}/providers/{way}", cloud.subscription);
        let reply = cloud.post(&path, version, Some(&body))?.json();
        if reply.get("nameAvailable") == Some(&Value::Bool(false)) {
            taken.push(format!("{name} ({})", text(&reply, "/message")));
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    let todo = "take another resource group, or another `workload` in the parameter file: names \
                come from both";
    Err(Trouble::early(format!("names that are taken: {}", taken.join(", ")), todo))
}

/// How to ask whether a name of this type is free: where, the version, and what is sent.
fn name_check(kind: &str, name: &str) -> Option<(&'static str, &'static str, Value)> {
    let body = |kind: &str| json!({"name": name, "type": kind});
    match kind {
        "Microsoft.Web/sites" => {
            Some(("Microsoft.Web/checknameavailability", "2025-03-01", body("Site")))
        }
        "Microsoft.ServiceBus/namespaces" => {
            let way = "Microsoft.ServiceBus/CheckNameAvailability";
            Some((way, "2024-01-01", json!({"name": name})))
        }
        "Microsoft.Storage/storageAccounts" => {
            Some(("Microsoft.Storage/checkNameAvailability", "2025-06-01", body(kind)))
        }
        _ => None,
    }
}

/// A text in JSON, or nothing.
pub(crate) fn text<'a>(json: &'a Value, pointer: &str) -> &'a str {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_az_that_is_too_old_is_told_from_one_that_is_not() {
        assert!(is_new_enough("2.91.0") && is_new_enough("2.75.0") && is_new_enough("3.0.0"));
        assert!(!is_new_enough("2.74.9") && !is_new_enough("1.99.0") && !is_new_enough(""));
    }

    #[test]
    fn what_is_switched_on_is_read_from_the_parameters() {
        let is_private = |text: &str| is_set(text, "privateNetworking");
        assert!(is_private("using 'main.bicep'\nparam privateNetworking = true\n"));
        assert!(!is_private("param privateNetworking = false\n// privateNetworking = true\n"));
        assert!(!is_private("param zoneRedundant = true\n"));
    }
}
