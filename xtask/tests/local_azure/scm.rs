//! The SCM sites: what they take as a package, and what became of it.

use crate::server::{Answer, Asked, json};
use crate::world::World;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Cursor;
use zip::ZipArchive;

/// Answers as an app's SCM site.
pub(crate) fn answer(world: &mut World, asked: &Asked) -> Answer {
    let app = asked.host.split('.').next().unwrap().to_owned();
    if !world.sites.contains_key(&app) {
        return json(404, json!({}));
    }
    match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/api/publish") => publish(world, asked, &app),
        ("GET", "/api/deployments/latest") => {
            let site = &world.sites[&app];
            if site.publishes == 0 {
                return json(404, json!({}));
            }
            let text = if site.status == 3 { "the package cannot be mounted" } else { "" };
            json(
                200,
                json!({"id": format!("{app}-{}", site.publishes), "status": site.status,
                "status_text": text, "deployer": site.deployer, "complete": true}),
            )
        }
        _ => json(404, json!({})),
    }
}

fn publish(world: &mut World, asked: &Asked, app: &str) -> Answer {
    if world.fails("roles spread") {
        return (403, Vec::new(), "<html>Forbidden</html>".to_owned());
    }
    if world.fails("blob roles spread") {
        let what = "BlobUploadFailedException: Failed to upload blob: Status: 403 (Forbidden)";
        return (400, Vec::new(), what.to_owned());
    }
    if world.fails("publish conflict") {
        return json(409, json!({"message": "There is a deployment currently in progress."}));
    }
    let functions = match package(asked, app) {
        Ok(functions) => functions,
        Err(wrong) => {
            world.complain(format!("the package of {app}: {wrong}"));
            return json(400, json!({"message": wrong}));
        }
    };
    let status = if world.fails("publish fails") { 3 } else { 4 };
    let site = world.sites.get_mut(app).unwrap();
    site.publishes += 1;
    site.status = status;
    site.deployer = asked.query.get("Deployer").cloned().unwrap_or_default();
    site.functions = functions;
    site.is_synced = false;
    json(202, json!("accepted"))
}

/// Holds a package to what the platform asks of it; its functions.
fn package(asked: &Asked, app: &str) -> Result<BTreeSet<String>, String> {
    if asked.header("content-type") != "application/zip" {
        return Err(format!("content type {:?}", asked.header("content-type")));
    }
    if asked.query.get("RemoteBuild").map(String::as_str) != Some("false") {
        return Err("would be built there".to_owned());
    }
    let zip = ZipArchive::new(Cursor::new(asked.body.as_ref()));
    let mut zip = zip.map_err(|error| error.to_string())?;
    let binary = if app.contains("-api-") { "api" } else { "relay" };
    let mode = zip.by_name(binary).map_err(|_| format!("no {binary}"))?.unix_mode();
    if mode.is_none_or(|mode| mode & 0o777 != 0o755) {
        return Err(format!("{binary} has mode {mode:?}"));
    }
    let host = zip.by_name("host.json").map_err(|_| "no host.json at the root")?;
    let host: serde_json::Value = serde_json::from_reader(host).map_err(|e| e.to_string())?;
    if host["customHandler"]["description"]["defaultExecutablePath"] != binary {
        return Err("host.json starts something else".to_owned());
    }
    let names = zip.file_names().map(|name| name.unwrap().into_owned());
    let functions: BTreeSet<String> =
        names.filter_map(|name| Some(name.strip_suffix("/function.json")?.to_owned())).collect();
    if functions.is_empty() { Err("no functions".to_owned()) } else { Ok(functions) }
}
