//! Azure, as two doors: the real `az`, and Resource Manager by REST with the token that `az` gives.

use super::pause::{Look, THROTTLED, Waits};
use super::trouble::Trouble;
use super::web::{Reply, Request};
use anyhow::{Context, Result};
use serde_json::Value;
use std::cell::RefCell;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs `az`; what it prints as JSON, or what it complains of.
pub(crate) fn az(arguments: &[&str]) -> Result<Result<Value, String>> {
    let printed = match ran(arguments)? {
        Ok(printed) if printed.trim_ascii().is_empty() => return Ok(Ok(Value::Null)),
        Ok(printed) => printed,
        Err(said) => return Ok(Err(said)),
    };
    let said = arguments.join(" ");
    let json = serde_json::from_slice(&printed);
    Ok(Ok(json.with_context(|| format!("`az {said}` printed something else than JSON"))?))
}

/// Runs `az`; what it prints, or what it complains of.
pub(crate) fn ran(arguments: &[&str]) -> Result<Result<Vec<u8>, String>> {
    let mut az = Command::new("az");
    az.args(arguments).args(["--only-show-errors", "--output", "json"]).stdin(Stdio::null());
    let output = az.output().context("cannot start `az`")?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    Ok(Err(complaint(&String::from_utf8_lossy(&output.stderr))))
}

/// What `az` complains of. It trips over some refusals of Resource Manager and prints where in its
/// code it did so: then the refusal stands among the exceptions.
fn complaint(told: &str) -> String {
    const EXCEPTION: &str = "azure.core.exceptions.";
    let lines = || told.lines().map(str::trim);
    let refusal = lines().find(|line| line.starts_with(EXCEPTION));
    let refusal = refusal.and_then(|line| Some(line.split_once(": ")?.1.to_owned()));
    let whole = || told.trim().trim_start_matches("ERROR: ").to_owned();
    refusal.filter(|_| told.contains("Traceback")).unwrap_or_else(whole)
}

/// The subscription that `az` is logged in to.
pub(crate) struct Cloud {
    /// Its id.
    pub(crate) subscription: String,
    /// How it is waited for.
    pub(crate) waits: Waits,
    manager: String,
    token: RefCell<Option<(Instant, String)>>,
}

/// A token lives an hour at least, and a deployment may take longer.
const TOKEN_AGE_MAX: Duration = Duration::from_mins(20);

impl Cloud {
    /// With the address of Resource Manager and the subscription, as `az` tells them.
    pub(crate) fn new(manager: &str, subscription: &str) -> Self {
        Self {
            subscription: subscription.to_owned(),
            waits: Waits::from_env(),
            manager: manager.trim_end_matches('/').to_owned(),
            token: RefCell::new(None),
        }
    }

    /// The way to a resource group.
    pub(crate) fn group(&self, name: &str) -> String {
        format!("/subscriptions/{}/resourceGroups/{name}", self.subscription)
    }

    /// A token for Resource Manager; SCM takes the same.
    pub(crate) fn token(&self) -> Result<String> {
        let mut kept = self.token.borrow_mut();
        if let Some((since, token)) = kept.as_ref()
            && since.elapsed() < TOKEN_AGE_MAX
        {
            return Ok(token.clone());
        }
        let told = az(&["account", "get-access-token", "--resource", &self.manager])?;
        let token = told.map_err(|said| {
            let todo = "`az login`, then the same command again";
            Trouble::after(format!("az gives no token: {said}"), "what was done so far", todo)
        })?;
        let token = token.get("accessToken").and_then(Value::as_str);
        let token = token.context("`az account get-access-token` printed no token")?.to_owned();
        *kept = Some((Instant::now(), token.clone()));
        Ok(token)
    }

    /// Asks Resource Manager.
    pub(crate) fn get(&self, path: &str, version: &str) -> Result<Reply> {
        self.ask("GET", path, version, None)
    }

    /// Tells Resource Manager something.
    pub(crate) fn post(&self, path: &str, version: &str, body: Option<&Value>) -> Result<Reply> {
        self.ask("POST", path, version, body)
    }

    /// Asks, and asks again where too much was asked, or nobody answered.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        version: &str,
        body: Option<&Value>,
    ) -> Result<Reply> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}{path}{sign}api-version={version}", self.manager);
        let bearer = format!("Bearer {}", self.token()?);
        let reply = self.waits.until(THROTTLED, || {
            let mut request = Request::new(method, &url).header("Authorization", &bearer);
            if let Some(body) = body {
                request = request.json(body);
            }
            let reply = request.send()?;
            let passes = matches!(reply.status, 0 | 429 | 503);
            Ok(if passes { Look::Again(reply.said()) } else { Look::Done(reply) })
        })?;
        reply.map_err(|said| {
            let left = "what was done so far; it is found again by the next run";
            let todo = "wait some minutes, then the same command again";
            Trouble::after(format!("Azure Resource Manager: {method} {path}: {said}"), left, todo)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_what_az_says() {
        assert_eq!(complaint("ERROR: Please run 'az login'.\n"), "Please run 'az login'.");
    }

    #[test]
    fn a_refusal_is_found_in_a_traceback() {
        let told = "The command failed with an unexpected error.\nTraceback (most recent call last):\n  \
            File \"a.py\", line 1\nazure.core.exceptions.HttpResponseError: (InvalidTemplate) no: such\n\
            Code: InvalidTemplate\nTraceback\nRuntimeError: consumed\n";
        assert_eq!(complaint(told), "(InvalidTemplate) no: such");
    }
}
