//! `host.json`: how the handler is started, how HTTP reaches it, how long a function may run.

use super::reader::{Problems, Reader};
use crate::functions::settings::Settings;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// What the host uses of `host.json`.
#[derive(Debug)]
pub(crate) struct HostFile {
    pub(crate) handler: Handler,
    pub(crate) http_mode: HttpMode,
    /// What every HTTP route begins with; `api` unless the file says otherwise.
    pub(crate) route_prefix: String,
    /// How long an invocation may take; for ever if there is no number.
    pub(crate) function_timeout: Option<Duration>,
    pub(crate) has_bundle: bool,
}

/// The handler's executable and how it is started.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) executable: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) working_directory: PathBuf,
    /// A port of its own wish; the host picks one otherwise.
    pub(crate) port: Option<u16>,
    pub(crate) initialization_timeout: Duration,
}

/// How an HTTP trigger's request reaches the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpMode {
    /// As JSON, `POST /<FunctionName>`.
    Payload,
    /// As it came, buffered (`enableForwardingHttpRequest`).
    Forward,
    /// As it came, streamed (`enableProxyingHttpRequest`).
    Proxy,
}

/// The default of the Flex Consumption plan, where these apps run. (Consumption has 5 minutes.)
const FUNCTION_TIMEOUT: Duration = Duration::from_mins(30);
/// Azure's default, as its code has it. (The documentation says 60 s.)
const INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the file; `None` if something that the host cannot do without is missing or wrong.
pub(super) fn read(
    text: &str,
    root: &Path,
    settings: &Settings,
    problems: &mut Problems,
) -> Option<HostFile> {
    let mut reader = Reader::file("host.json", text, problems)?;
    if reader.text("version").as_deref() != Some("2.0") {
        reader.wrong("version", "it must be \"2.0\"");
    }
    let function_timeout = read_function_timeout(&mut reader);
    let extensions = reader.object("extensions", |mut reader| {
        reader.object("http", |mut reader| reader.text("routePrefix")).flatten()
    });
    let bundle = reader.object("extensionBundle", |mut reader| {
        reader.text("id").is_some() && reader.text("version").is_some()
    });
    let custom = reader.object("customHandler", |reader| read_custom(reader, root, settings));
    if custom.is_none() {
        reader.wrong("customHandler", "it is required: this host runs custom handlers only");
    }
    let (handler, http_mode) = custom??;
    Some(HostFile {
        handler,
        http_mode,
        route_prefix: extensions.flatten().unwrap_or_else(|| "api".into()),
        function_timeout,
        has_bundle: bundle.unwrap_or_default(),
    })
}

/// A time span, or `-1` for ever.
fn read_function_timeout(reader: &mut Reader<'_>) -> Option<Duration> {
    let value = reader.raw("functionTimeout");
    match value.as_ref().map(Value::as_str) {
        None => Some(FUNCTION_TIMEOUT),
        Some(Some("-1")) => None,
        Some(text) => {
            let span = text.and_then(crate::functions::timespan::parse);
            if span.is_none() {
                reader.wrong("functionTimeout", "it must be a time span hh:mm:ss, or \"-1\"");
            }
            span
        }
    }
}

/// The `customHandler` object. An unknown property here is a mistake: the host on Azure ignores
/// it without a word, and HTTP then arrives in another form than meant.
fn read_custom(
    mut reader: Reader<'_>,
    root: &Path,
    settings: &Settings,
) -> Option<(Handler, HttpMode)> {
    let forward = reader.flag("enableForwardingHttpRequest");
    let http_mode = match (reader.flag("enableProxyingHttpRequest"), forward) {
        (true, _) => HttpMode::Proxy,
        (false, true) => HttpMode::Forward,
        (false, false) => HttpMode::Payload,
    };
    let port = reader.number("port", 1, i64::from(u16::MAX));
    let initialization_timeout = reader.timespan("initializationTimeout");
    if reader.raw("http").is_some() {
        reader.wrong("http", "its routes cannot be mixed with function.json files; leave it out");
    }
    let described = reader.object("description", |reader| read_description(reader, root, settings));
    if described.is_none() {
        reader.wrong("description", "it is required, with defaultExecutablePath");
    }
    reader.finish(|_| None);
    let (executable, arguments, working_directory) = described??;
    let handler = Handler {
        executable,
        arguments,
        working_directory,
        port: port.and_then(|port| port.try_into().ok()),
        initialization_timeout: initialization_timeout.unwrap_or(INITIALIZATION_TIMEOUT),
    };
    Some((handler, http_mode))
}

/// The executable, its arguments, and where it runs.
fn read_description(
    mut reader: Reader<'_>,
    root: &Path,
    settings: &Settings,
) -> Option<(PathBuf, Vec<String>, PathBuf)> {
    let executable = reader.expanded("defaultExecutablePath", settings);
    if executable.is_none() {
        reader.wrong("defaultExecutablePath", "it is required: the handler's file name");
    }
    let directory = reader.expanded("workingDirectory", settings);
    let worker_path = reader.expanded("defaultWorkerPath", settings);
    let mut arguments = reader.texts("arguments");
    arguments.extend(worker_path.map(|path| root.join(path).to_string_lossy().into_owned()));
    arguments.extend(reader.texts("workerArguments"));
    let mut expanded = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match settings.expand(&argument) {
            Ok(argument) => expanded.push(argument),
            Err(error) => reader.wrong("arguments", error.to_string()),
        }
    }
    reader.finish(|_| None);
    let executable = find_executable(root, Path::new(executable.as_ref()?));
    let directory = directory.map_or_else(|| root.to_owned(), |directory| root.join(directory));
    Some((executable, expanded, directory))
}

/// A relative path counts from the app's folder if the file is there; else `PATH` is searched.
fn find_executable(root: &Path, path: &Path) -> PathBuf {
    let in_app = root.join(path);
    if in_app.is_file() { in_app } else { path.to_owned() }
}

impl Handler {
    /// The executable's file name, without its ending.
    pub(crate) fn name(&self) -> String {
        self.executable.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn load(custom: Value, change: impl FnOnce(&mut Value)) -> Result<HostFile, Vec<String>> {
        let mut host = json!({ "version": "2.0", "customHandler": custom });
        change(&mut host);
        let settings = Settings::new([("LEVEL".into(), "high".into())]);
        let mut problems = Problems::default();
        let root = Path::new("/app");
        let file = read(&host.to_string(), root, &settings, &mut problems);
        let problems: Vec<_> = problems.into_vec().iter().map(ToString::to_string).collect();
        file.filter(|_| problems.is_empty()).ok_or(problems)
    }

    fn described() -> Value {
        json!({ "description": { "defaultExecutablePath": "relay" } })
    }

    #[test]
    fn what_is_left_out_has_the_value_of_azure() {
        let host = load(described(), |_| {}).unwrap();
        assert_eq!(host.http_mode, HttpMode::Payload);
        assert_eq!(host.route_prefix, "api");
        assert_eq!(host.function_timeout, Some(Duration::from_mins(30)));
        assert_eq!(host.handler.initialization_timeout, Duration::from_secs(30));
        assert_eq!(host.handler.working_directory, Path::new("/app"));
        assert_eq!((host.handler.port, host.has_bundle), (None, false));
    }

    #[test]
    fn an_executable_outside_the_app_is_left_to_the_path() {
        let host = load(described(), |_| {}).unwrap();
        assert_eq!(host.handler.executable, Path::new("relay"));
        assert_eq!(host.handler.name(), "relay");
    }

    #[test]
    fn arguments_are_expanded_and_kept_in_order() {
        let custom = json!({ "description": {
            "defaultExecutablePath": "node", "arguments": ["--level=%LEVEL%"],
            "defaultWorkerPath": "main.js", "workerArguments": ["last"], "workingDirectory": "bin",
        }});
        let handler = load(custom, |_| {}).unwrap().handler;
        assert_eq!(handler.arguments, ["--level=high", "/app/main.js", "last"]);
        assert_eq!(handler.working_directory, Path::new("/app/bin"));
    }

    #[test]
    fn proxying_wins_over_forwarding() {
        let mode = |proxy, forward| {
            let custom = json!({
                "description": { "defaultExecutablePath": "x" },
                "enableProxyingHttpRequest": proxy, "enableForwardingHttpRequest": forward,
            });
            load(custom, |_| {}).unwrap().http_mode
        };
        assert_eq!(mode(true, true), HttpMode::Proxy);
        assert_eq!(mode(false, true), HttpMode::Forward);
    }

    #[test]
    fn a_function_may_run_for_ever() {
        let host = load(described(), |host| host["functionTimeout"] = json!("-1")).unwrap();
        assert_eq!(host.function_timeout, None);
    }

    #[track_caller]
    fn check(custom: Value, change: impl FnOnce(&mut Value), expect: &str) {
        let problems = load(custom, change).unwrap_err();
        assert!(problems.iter().any(|problem| problem.starts_with(expect)), "{problems:#?}");
    }

    #[test]
    fn what_azure_would_refuse_is_refused() {
        check(described(), |host| host["version"] = json!("1.0"), "host.json: version: it must");
        check(json!({}), |_| {}, "host.json: customHandler.description: it is required");
        let unnamed = json!({ "description": {} });
        check(unnamed, |_| {}, "host.json: customHandler.description.defaultExecutablePath: it is");
        let routes = json!({ "description": { "defaultExecutablePath": "x" }, "http": {} });
        check(routes, |_| {}, "host.json: customHandler.http: its routes cannot be mixed");
        check(
            described(),
            |host| host["functionTimeout"] = json!(300),
            "host.json: functionTimeout: it must be a time span",
        );
        let missing = json!({ "description": {
            "defaultExecutablePath": "x", "arguments": ["%NOPE%"],
        }});
        check(missing, |_| {}, "host.json: customHandler.description.arguments: %NOPE%");
    }

    #[test]
    fn only_custom_handlers_are_run() {
        let without = |host: &mut Value| drop(host["customHandler"].take());
        check(json!({}), without, "host.json: customHandler: it is required");
    }
}
