//! `cargo xtask destroy`: takes a resource group away with all that is in it, once it was named twice.

use crate::deploy::cloud::{Cloud, az};
use crate::deploy::preflight::{self, text};
use crate::deploy::trouble::Trouble;
use crate::deploy::{Progress, group_name, say};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::io::BufRead as _;

/// What to take away.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The resource group
    #[arg(long, value_parser = group_name)]
    resource_group: String,
    /// Its name once more, instead of being asked for it
    #[arg(long, value_name = "RESOURCE_GROUP")]
    confirm: Option<String>,
}

/// The locks that `infra/bicep` makes in prod.
const LOCK: &str = "keep";
const LOCKS: &str = "2020-05-01";

/// Shows what is there, asks for the name, takes the locks away, then the group.
pub(crate) fn destroy(arguments: &Arguments) -> Result<()> {
    let group = &arguments.resource_group;
    let cloud = preflight::login()?;
    let way = cloud.group(group);
    let resources = list(&cloud, &format!("{way}/resources"), "2021-04-01")?;
    for one in &resources {
        say(format!("  deleted   {} {}", text(one, "/type"), text(one, "/name")));
    }
    say(format!("  {} resources, with every order and event in them", resources.len()));
    let locks = list(&cloud, &format!("{way}/providers/Microsoft.Authorization/locks"), LOCKS)?;
    let foreign: Vec<&str> =
        locks.iter().map(|lock| text(lock, "/name")).filter(|name| *name != LOCK).collect();
    if !foreign.is_empty() {
        let what = format!("{group} has locks that are not of infra/bicep: {}", foreign.join(", "));
        return Err(Trouble::early(what, "take them away yourself, if they may go"));
    }
    confirm(arguments)?;
    unlock(&cloud, &locks)?;
    let progress = Progress::start("deleting");
    az(&["group", "delete", "--yes", "--name", group])?.map_err(|said| {
        let left = "what Azure did not delete yet; the locks are gone";
        Trouble::after(format!("{group} is not deleted: {said}"), left, "the same command again")
    })?;
    progress.done(&format!("deleted {group}"));
    Ok(())
}

fn list(cloud: &Cloud, path: &str, version: &str) -> Result<Vec<Value>> {
    let reply = cloud.get(path, version)?;
    if reply.status == 404 {
        return Err(Trouble::early(reply.said(), "name a resource group that is there"));
    }
    if !reply.is_ok() {
        return Err(Trouble::early(reply.said(), "ask for rights on the resource group"));
    }
    Ok(reply.json().get("value").and_then(Value::as_array).cloned().unwrap_or_default())
}

fn confirm(arguments: &Arguments) -> Result<()> {
    let group = &arguments.resource_group;
    let answer = if let Some(name) = &arguments.confirm {
        name.clone()
    } else {
        say(format!("type {group} to delete it"));
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).context("no answer")?;
        answer.trim().to_owned()
    };
    if answer == *group {
        return Ok(());
    }
    Err(Trouble::early(format!("{answer:?} is not {group:?}"), "name the group to delete it"))
}

fn unlock(cloud: &Cloud, locks: &[Value]) -> Result<()> {
    for lock in locks {
        let reply = cloud.ask("DELETE", text(lock, "/id"), LOCKS, None)?;
        if !reply.is_ok() {
            let what = format!("the lock {} stays: {}", text(lock, "/id"), reply.said());
            let todo = "ask for User Access Administrator or Owner: they may delete locks";
            return Err(Trouble::after(what, "everything, some locks aside", todo));
        }
        say(format!("unlocked      {}", text(lock, "/id")));
    }
    Ok(())
}
