//! The resources: what would be done, and doing it.

use super::cloud::{Cloud, az};
use super::pause::{DEPLOYMENT, Look};
use super::plan::Plan;
use super::preflight::text;
use super::trouble::Trouble;
use super::{Arguments, Progress};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The deployment's name: the same each time, so that two at once refuse each other.
pub(crate) const NAME: &str = "outbox";
const VERSION: &str = "2021-04-01";
const LEFT: &str = "the resources that were made; nothing is deleted";

/// Makes the resource group.
pub(crate) fn make_group(cloud: &Cloud, arguments: &Arguments) -> Result<()> {
    let body = json!({"location": arguments.location});
    let path = cloud.group(&arguments.resource_group);
    let reply = cloud.ask("PUT", &path, VERSION, Some(&body))?;
    if reply.is_ok() {
        return Ok(());
    }
    let what = format!("the resource group cannot be made: {}", reply.said());
    Err(Trouble::early(what, "ask for rights, or for a group that is made for you"))
}

/// What a deployment would do.
pub(crate) fn foresee(arguments: &Arguments) -> Result<Plan> {
    let progress = Progress::start("asking what would change");
    let told = az(&deployment(arguments, &["what-if", "--no-pretty-print"]))?;
    progress.end();
    let told = told.map_err(|said| {
        let todo = "mend infra/bicep or its parameters; `cargo xtask infra check` finds much of it";
        Trouble::early(format!("what would change cannot be told: {said}"), todo)
    })?;
    Ok(Plan::read(&told))
}

fn deployment<'a>(arguments: &'a Arguments, verb: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["deployment", "group"];
    all.extend(verb);
    all.extend(["--name", NAME, "--resource-group", &arguments.resource_group]);
    all.extend(["--parameters", arguments.environment.parameters()]);
    all
}

/// What the last deployment gave out, where it went well.
pub(crate) fn outputs(cloud: &Cloud, arguments: &Arguments) -> Result<Option<Outputs>> {
    let reply = cloud.get(&path(cloud, arguments), VERSION)?.json();
    let is_whole = text(&reply, "/properties/provisioningState") == "Succeeded";
    Ok(Outputs::read(&reply).filter(|_| is_whole))
}

fn path(cloud: &Cloud, arguments: &Arguments) -> String {
    let group = cloud.group(&arguments.resource_group);
    format!("{group}/providers/Microsoft.Resources/deployments/{NAME}")
}

/// Where things are, as `main.bicep` gives it out.
pub(crate) struct Outputs {
    /// The app of the API.
    pub(crate) api: String,
    /// Where the API is reached.
    pub(crate) api_host: String,
    /// The app of the relay.
    pub(crate) relay: String,
    /// The namespace's host, topic and subscription.
    pub(crate) bus: [String; 3],
    /// The namespace's name.
    pub(crate) namespace: String,
    /// Which deployment made it so.
    pub(crate) deployment: String,
}

impl Outputs {
    fn read(deployment: &Value) -> Option<Self> {
        let output = |name: &str| {
            let value = text(deployment, &format!("/properties/outputs/{name}/value"));
            Some(value.to_owned()).filter(|value| !value.is_empty())
        };
        Some(Self {
            api: output("apiAppName")?,
            api_host: output("apiHost")?,
            relay: output("relayAppName")?,
            bus: [output("serviceBusHost")?, output("topicName")?, output("subscriptionName")?],
            namespace: output("serviceBusNamespaceName")?,
            deployment: text(deployment, "/properties/correlationId").to_owned(),
        })
    }
}

/// Deploys, and waits until it is done.
pub(crate) fn provision(cloud: &Cloud, arguments: &Arguments) -> Result<Outputs> {
    let progress = Progress::start("provisioning");
    let started = az(&deployment(arguments, &["create", "--no-wait"]))?;
    started.map_err(|said| {
        let (what, todo) = if said.contains("DeploymentActive") {
            ("another deployment is running", "wait until it ended, then the same command again")
        } else {
            ("Azure refuses the deployment", "act on what it says, then the same command again")
        };
        Trouble::after(format!("{what}: {said}"), "what was there before, unchanged", todo)
    })?;
    let path = path(cloud, arguments);
    let ended = cloud.waits.until(DEPLOYMENT, || {
        let reply = cloud.get(&path, VERSION)?.json();
        let state = text(&reply, "/properties/provisioningState").to_owned();
        if matches!(state.as_str(), "Succeeded" | "Failed" | "Canceled") {
            return Ok(Look::Done((state, reply)));
        }
        let (done, all) = tally(&operations(cloud, &path)?);
        progress.say(&format!("provisioning: {done} of {all} parts"));
        Ok(Look::Again(format!("{state}, {done} of {all} parts done")))
    })?;
    let (state, reply) = ended.map_err(|stands| {
        let todo = "look at it in the portal (resource group, Deployments); then the same again";
        Trouble::after(format!("the deployment does not end: {stands}"), LEFT, todo)
    })?;
    if state != "Succeeded" {
        return Err(failed(&state, &reply, &operations(cloud, &path)?));
    }
    progress.done("provisioned");
    Outputs::read(&reply).context("the deployment gave out other values than main.bicep has")
}

fn operations(cloud: &Cloud, path: &str) -> Result<Vec<Value>> {
    let reply = cloud.get(&format!("{path}/operations"), VERSION)?.json();
    Ok(reply.get("value").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// How many of a deployment's parts are done.
fn tally(operations: &[Value]) -> (usize, usize) {
    let is_done = |one: &&Value| text(one, "/properties/provisioningState") == "Succeeded";
    (operations.iter().filter(is_done).count(), operations.len())
}

/// What Azure says of an identity or a role that it made a minute ago: of roles in Resource Manager
/// by a code, of roles in Cosmos DB as `BadRequest` with these words.
const UNKNOWN_YET: [&str; 3] =
    ["InvalidRoleDefinitionId", "PrincipalNotFound", "was not found in the AAD tenant"];

/// Which parts failed and why; what to do depends on it.
fn failed(state: &str, reply: &Value, operations: &[Value]) -> anyhow::Error {
    let mut reasons: Vec<String> = operations.iter().filter_map(reason).collect();
    if reasons.is_empty() {
        reasons.push(innermost(reply.pointer("/properties/error").unwrap_or(&Value::Null)));
    }
    let reasons = reasons.join("; ");
    let todo = if reasons.contains("Quota") {
        "ask for quota, or take another region in another group"
    } else if UNKNOWN_YET.iter().any(|words| reasons.contains(words)) {
        "wait some minutes until new identities are known everywhere, then the same command again"
    } else {
        "act on what it says, then the same command again: it goes on where this one stopped"
    };
    let (done, all) = tally(operations);
    let left = format!("{done} of {all} parts; nothing was deleted, no code was published");
    Trouble::after(format!("the deployment ended as {state}: {reasons}"), left, todo)
}

fn reason(operation: &Value) -> Option<String> {
    if text(operation, "/properties/provisioningState") != "Failed" {
        return None;
    }
    let target = text(operation, "/properties/targetResource/resourceName");
    let kind = text(operation, "/properties/targetResource/resourceType");
    let error = operation.pointer("/properties/statusMessage/error").unwrap_or(&Value::Null);
    Some(format!("{kind} {target}: {}", innermost(error)))
}

/// Azure wraps the reason into "at least one resource failed", once a module.
fn innermost(error: &Value) -> String {
    match error.pointer("/details/0") {
        Some(inner) => innermost(inner),
        None => format!("{}: {}", text(error, "/code"), text(error, "/message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_failure_names_the_part_and_its_innermost_reason() {
        let inner = json!({"code": "ServiceUnavailable", "message": "high demand"});
        let error = json!({"code": "DeploymentFailed", "message": "see", "details": [inner]});
        let target = json!({"resourceType": "Microsoft.DocumentDB/databaseAccounts", "resourceName": "shop-1"});
        let part = json!({"properties": {"provisioningState": "Failed", "targetResource": target,
            "statusMessage": {"error": error}}});
        let done = json!({"properties": {"provisioningState": "Succeeded"}});
        expect![[r"
            the deployment ended as Failed: Microsoft.DocumentDB/databaseAccounts shop-1: ServiceUnavailable: high demand
              left behind: 1 of 2 parts; nothing was deleted, no code was published
              what to do:  act on what it says, then the same command again: it goes on where this one stopped"]]
        .assert_eq(&failed("Failed", &Value::Null, &[done, part]).to_string());
    }

    #[test]
    fn an_identity_that_is_not_known_everywhere_yet_only_wants_patience() {
        let said = "The provided principal ID [x] was not found in the AAD tenant(s) [y]";
        let reply = json!({"properties": {"error": {"code": "BadRequest", "message": said}}});
        let told = failed("Failed", &reply, &[]).to_string();
        assert!(told.contains("wait some minutes until new identities"), "{told}");
    }
}
