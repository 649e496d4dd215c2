//! The code: each app's zip to its SCM site, and the host's list of functions brought up to it.
//!
//! What SCM answers, and what is done:
//!
//! | answer | meaning | done |
//! |---|---|---|
//! | 2xx | taken; whether it went well says `/api/deployments/latest` | watched |
//! | 403; 400 with `BlobUploadFailed` and 403 | a role has not spread yet | again, [`ROLES`] |
//! | 409 | another publish is running | again, [`ROLES`] |
//! | no answer, 429, 5xx | it starts, or is busy | again, [`ROLES`] |
//! | 401, other 4xx | refused | the end |

use super::cloud::Cloud;
use super::pause::{FUNCTIONS, Look, PACKAGE, ROLES};
use super::preflight::text;
use super::trouble::Trouble;
use super::web::{Reply, Request};
use super::{Progress, say};
use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

const SITES: &str = "2025-03-01";

/// An app and what is published to it.
pub(crate) struct App<'a> {
    /// Its resource group's way.
    pub(crate) group: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// Its zip.
    pub(crate) zip: &'a Path,
}

/// What became of a package.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is there now.
    Now,
    /// It was there before, the same bytes.
    Before,
}

enum Verdict {
    Taken,
    Again,
    Refused,
}

/// What an answer to a publish asks for.
fn verdict(reply: &Reply) -> Verdict {
    match reply.status {
        200..=299 => Verdict::Taken,
        0 | 403 | 409 | 429 | 500..=599 => Verdict::Again,
        400 if reply.body.contains("BlobUploadFailed") && reply.body.contains("403") => {
            Verdict::Again
        }
        _ => Verdict::Refused,
    }
}

impl App<'_> {
    /// Publishes, unless the same bytes are there; ends when the app lists its functions.
    pub(crate) fn publish(&self, cloud: &Cloud) -> Result<Published> {
        let progress = Progress::start(&format!("publishing {}", self.name));
        let (scm, mark) = (self.scm(cloud)?, self.mark()?);
        let before = latest(cloud, &scm)?;
        let is_there =
            text(&before, "/deployer") == mark && before.get("status") == Some(&4.into());
        if !is_there {
            self.send(cloud, &scm, &mark)?;
            self.watch(cloud, &scm, text(&before, "/id"))?;
        }
        progress.say(&format!("waiting for the functions of {}", self.name));
        self.list(cloud, is_there)?;
        if is_there {
            progress.end();
            say(format!("unchanged     {}: this package runs already", self.name));
            return Ok(Published::Before);
        }
        progress.done(&format!("published {}", self.name));
        Ok(Published::Now)
    }

    fn site(&self) -> String {
        format!("{}/providers/Microsoft.Web/sites/{}", self.group, self.name)
    }

    fn trouble(&self, what: String, todo: &str) -> anyhow::Error {
        let left = format!("all resources; {} runs what it ran before, if anything", self.name);
        Trouble::after(what, left, todo)
    }

    /// The host that takes packages.
    fn scm(&self, cloud: &Cloud) -> Result<String> {
        let reply = cloud.get(&self.site(), SITES)?;
        let site = reply.json();
        let hosts = site.pointer("/properties/hostNameSslStates").and_then(Value::as_array);
        let scm = hosts.into_iter().flatten().find(|host| text(host, "/hostType") == "Repository");
        let scm = scm.map(|host| text(host, "/name").to_owned());
        scm.with_context(|| format!("{} has no SCM site: {}", self.name, reply.said()))
    }

    /// Names the bytes: what was published under the same name need not be sent again.
    pub(crate) fn mark(&self) -> Result<String> {
        let zip = fs::read(self.zip).with_context(|| format!("no {}", self.zip.display()))?;
        let start = Sha256::digest(&zip).iter().take(8).fold(0, |sum, b| sum << 8 | u64::from(*b));
        Ok(format!("outbox-{start:016x}"))
    }

    fn send(&self, cloud: &Cloud, scm: &str, mark: &str) -> Result<()> {
        let url = format!("https://{scm}/api/publish?RemoteBuild=false&Deployer={mark}");
        let taken = cloud.waits.until(ROLES, || {
            let bearer = format!("Bearer {}", cloud.token()?);
            let request = Request::new("POST", &url).header("Authorization", &bearer);
            let reply = request.zip(self.zip).send()?;
            match verdict(&reply) {
                Verdict::Taken => Ok(Look::Done(())),
                Verdict::Again => Ok(Look::Again(reply.said())),
                Verdict::Refused => {
                    let what = format!("{} refuses the package: {}", self.name, reply.said());
                    Err(self.trouble(what, "act on what it says, then the same command again"))
                }
            }
        })?;
        taken.map_err(|said| {
            let what = format!("{} does not take the package: {said}", self.name);
            let todo = if said.starts_with("403") || said.contains("BlobUploadFailed") {
                "roles may need longer to spread: wait ten minutes, then the same command again"
            } else if said.starts_with("409") {
                "another publish is running: let it end, then the same command again"
            } else {
                "see the app's state in the portal, then the same command again"
            };
            self.trouble(what, todo)
        })
    }

    /// Waits for the end of the publish that is not the one before.
    fn watch(&self, cloud: &Cloud, scm: &str, before: &str) -> Result<()> {
        let ended = cloud.waits.until(PACKAGE, || {
            let now = latest(cloud, scm)?;
            let status = now.get("status").and_then(Value::as_i64);
            if !before.is_empty() && text(&now, "/id") == before {
                return Ok(Look::Again("the publish is not listed".to_owned()));
            }
            match status {
                Some(4) => Ok(Look::Done(Ok(()))),
                Some(-1 | 3 | 5 | 6) => {
                    let message = [text(&now, "/status_text"), text(&now, "/message")];
                    Ok(Look::Done(Err((status, message.join(" ").trim().to_owned()))))
                }
                _ => Ok(Look::Again(text(&now, "/status_text").to_owned())),
            }
        })?;
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err((Some(5), said))) => {
                let what = format!("{}: another publish came in between: {said}", self.name);
                Err(self.trouble(what, "let the other one end, then the same command again"))
            }
            Ok(Err((_, said))) => {
                let what = format!("{}: the publish failed: {said}", self.name);
                Err(self.trouble(what, "the app's log (portal, Deployment Center) says more; then the same command again"))
            }
            Err(stands) => {
                let what = format!("{}: the publish does not end: {stands}", self.name);
                Err(self.trouble(what, "wait some minutes, then the same command again"))
            }
        }
    }

    /// Tells the host to read its functions until it lists those of the zip.
    fn list(&self, cloud: &Cloud, is_there: bool) -> Result<()> {
        let wanted = functions(self.zip)?;
        let mut is_first = true;
        let listed = cloud.waits.until(FUNCTIONS, || {
            // What runs already is only looked at.
            if !(is_there && is_first) {
                cloud.post(&format!("{}/host/default/sync", self.site()), SITES, None)?;
            }
            is_first = false;
            let reply = cloud.get(&format!("{}/functions", self.site()), SITES)?;
            let listed = reply.json();
            let listed = listed.get("value").and_then(Value::as_array);
            let name = |one: &Value| text(one, "/name").rsplit('/').next().map(str::to_owned);
            let listed: BTreeSet<String> = listed.into_iter().flatten().filter_map(name).collect();
            if listed == wanted {
                return Ok(Look::Done(()));
            }
            let missing: Vec<&str> = wanted.difference(&listed).map(String::as_str).collect();
            Ok(Look::Again(format!("missing {}", missing.join(", "))))
        })?;
        listed.map_err(|stands| {
            let what =
                format!("{} does not list the functions of its package: {stands}", self.name);
            let left = "all resources, and the package; what is not listed does not run";
            let todo =
                "see the app's log for what its host cannot read, then the same command again";
            Trouble::after(what, left, todo)
        })
    }
}

fn latest(cloud: &Cloud, scm: &str) -> Result<Value> {
    let url = format!("https://{scm}/api/deployments/latest");
    let bearer = format!("Bearer {}", cloud.token()?);
    Ok(Request::new("GET", &url).header("Authorization", &bearer).send()?.json())
}

/// The functions of a package: its folders with a `function.json`.
pub(crate) fn functions(zip: &Path) -> Result<BTreeSet<String>> {
    let file = File::open(zip).with_context(|| format!("no {}", zip.display()))?;
    let archive = zip::ZipArchive::new(file);
    let archive = archive.with_context(|| format!("{} is no zip", zip.display()))?;
    let names = archive.file_names().filter_map(Result::ok);
    Ok(names.filter_map(|name| Some(name.strip_suffix("/function.json")?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(status: u16, body: &str) -> &'static str {
        match verdict(&Reply { status, body: body.to_owned() }) {
            Verdict::Taken => "taken",
            Verdict::Again => "again",
            Verdict::Refused => "refused",
        }
    }

    #[test]
    fn answers_to_a_publish_are_told_apart() {
        assert_eq!([word(200, ""), word(202, "")], ["taken"; 2]);
        for status in [0, 403, 409, 429, 500, 502, 503] {
            assert_eq!(word(status, ""), "again", "{status}");
        }
        assert_eq!(word(400, "BlobUploadFailedException: (403) Forbidden"), "again");
        for (status, body) in [(400, "not a zip"), (400, "BlobUploadFailed: full"), (401, "")] {
            assert_eq!(word(status, body), "refused", "{status} {body}");
        }
    }
}
