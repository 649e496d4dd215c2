//! Reads an app as it is deployed: `host.json`, and one folder with a `function.json` per function.
//!
//! Every mistake is reported, with its file and property, before anything is started.

mod bindings;
mod cosmos_trigger;
mod function_json;
mod host_json;
pub(crate) mod reader;

pub(crate) use self::{
    bindings::{AuthLevel, HttpTrigger, TimerTrigger, Trigger},
    cosmos_trigger::{Account, CosmosTrigger, Start},
    function_json::Function,
    host_json::{HostFile, HttpMode},
};

use self::reader::{Problem, Problems};
use super::settings::Settings;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// One app, ready to run.
#[derive(Debug)]
pub(crate) struct App {
    /// What its log lines begin with: `WEBSITE_SITE_NAME`, or else the executable's name.
    pub(crate) name: String,
    /// The folder with `host.json`.
    pub(crate) root: PathBuf,
    /// What `host.json` says.
    pub(crate) host: HostFile,
    /// The functions, by name.
    pub(crate) functions: Vec<Arc<Function>>,
}

/// Why an app cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder cannot be read. Name the one that holds `host.json`.
    #[error("cannot read the app folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// The files have mistakes. Correct them all.
    #[error("{}", lines(.0))]
    Mistakes(Mistakes),
}

/// Every mistake of an app's files.
#[derive(Debug)]
pub struct Mistakes(Vec<Problem>);

/// One mistake a line.
fn lines(mistakes: &Mistakes) -> String {
    let lines: Vec<_> = mistakes.0.iter().map(ToString::to_string).collect();
    format!("the app has {} mistake(s):\n  {}", lines.len(), lines.join("\n  "))
}

impl App {
    /// Reads the folder.
    pub(crate) fn load(root: &Path, settings: &Settings) -> Result<Self, LoadError> {
        let unreadable = |error| LoadError::Folder(root.to_owned(), error);
        let root = root.canonicalize().map_err(unreadable)?;
        let folders = function_folders(&root).map_err(unreadable)?;
        let mut problems = Problems::default();
        let host = match fs::read_to_string(root.join("host.json")) {
            Ok(text) => host_json::read(&text, &root, settings, &mut problems),
            Err(error) => {
                problems.add("host.json", "", format!("it cannot be read: {error}"));
                None
            }
        };
        let prefix = host.as_ref().map_or("", |host| host.route_prefix.as_str());
        let functions: Vec<_> = folders
            .iter()
            .filter_map(|name| {
                let mut context =
                    function_json::Context { settings, prefix, problems: &mut problems };
                function_json::load(&root, name, &mut context).map(Arc::new)
            })
            .collect();
        if folders.is_empty() {
            problems.add(".", "", "there is no folder with a function.json");
        }
        check_bundle(host.as_ref(), &functions, &mut problems);
        match (host, problems.into_vec()) {
            (Some(host), problems) if problems.is_empty() => {
                let name = settings
                    .get("WEBSITE_SITE_NAME")
                    .map_or_else(|| host.handler.name(), str::to_owned);
                Ok(Self { name, root, host, functions })
            }
            (_, problems) => Err(LoadError::Mistakes(Mistakes(problems))),
        }
    }
}

/// How many mistakes there are in the text of a `host.json` and of a `function.json`.
pub(crate) fn mistakes(host: &str, function: &str, settings: &Settings) -> usize {
    let mut problems = Problems::default();
    let read = host_json::read(host, Path::new("/app"), settings, &mut problems);
    let prefix = read.as_ref().map_or("api", |host| host.route_prefix.as_str());
    let mut context = function_json::Context { settings, prefix, problems: &mut problems };
    function_json::read("F", "F/function.json", function, &mut context);
    problems.into_vec().len()
}

/// The names of the folders that hold a `function.json`, sorted.
fn function_folders(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.path().join("function.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Only HTTP and timer triggers are part of the host itself.
fn check_bundle(host: Option<&HostFile>, functions: &[Arc<Function>], problems: &mut Problems) {
    let needs = functions.iter().find(|function| matches!(function.trigger, Trigger::Cosmos(_)));
    if let (Some(HostFile { has_bundle: false, .. }), Some(function)) = (host, needs) {
        problems.add(
            "host.json",
            "extensionBundle",
            format!(
                "{} needs it: {{\"id\":\"Microsoft.Azure.Functions.ExtensionBundle\",\
                 \"version\":\"[4.*, 5.0.0)\"}}",
                function.name
            ),
        );
    }
}
