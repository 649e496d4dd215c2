//! The bindings of a function: one trigger, and for HTTP its answer.

use super::{cosmos_trigger::CosmosTrigger, reader::Reader};
use crate::functions::{route::Route, schedule::Schedule, settings::Settings};
use http::Method;
use std::sync::Arc;
use tokio::sync::Notify;

/// What starts a function.
#[derive(Debug)]
pub(crate) enum Trigger {
    Http(HttpTrigger),
    Cosmos(Arc<CosmosTrigger>),
    Timer(Arc<TimerTrigger>),
}

/// An HTTP request that matches route and method.
#[derive(Debug)]
pub(crate) struct HttpTrigger {
    /// The name of the `in` binding.
    pub(crate) name: String,
    /// The name of the `http` `out` binding, if there is one.
    pub(crate) output: Option<String>,
    pub(crate) auth_level: AuthLevel,
    /// Every method if the list is empty.
    pub(crate) methods: Vec<Method>,
    pub(crate) route: Route,
}

/// Which key a request must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthLevel {
    Anonymous,
    Function,
    Admin,
}

/// A schedule.
#[derive(Debug)]
pub(crate) struct TimerTrigger {
    pub(crate) name: String,
    pub(crate) schedule: Schedule,
    pub(crate) run_on_startup: bool,
    /// Whether the handler is told when it last ran (`ScheduleStatus`).
    pub(crate) use_monitor: bool,
    /// Runs it now.
    pub(crate) by_hand: Notify,
}

/// One binding on its own.
pub(super) enum Binding {
    /// A trigger, unless it has mistakes.
    Trigger(Option<Trigger>),
    /// The name of an `http` output.
    HttpOut(String),
}

/// Reads one element of `bindings`.
pub(super) fn read(
    mut reader: Reader<'_>,
    function: &str,
    settings: &Settings,
    prefix: &str,
) -> Binding {
    let kind = reader.text("type").unwrap_or_default();
    let wanted = if kind == "http" { "out" } else { "in" };
    if reader.text("direction").as_deref() != Some(wanted) {
        reader.wrong("direction", format!("it must be \"{wanted}\" here"));
    }
    let name = reader.text("name").unwrap_or_default();
    if name.is_empty() {
        reader.wrong("name", "it is required");
    }
    match kind.as_str() {
        "http" => {
            reader.finish(|_| None);
            Binding::HttpOut(name)
        }
        "httpTrigger" => {
            let trigger = read_http(reader, name, function, prefix);
            Binding::Trigger(trigger.map(Trigger::Http))
        }
        "timerTrigger" => {
            let trigger = read_timer(reader, name, settings);
            Binding::Trigger(trigger.map(Arc::new).map(Trigger::Timer))
        }
        "cosmosDBTrigger" => {
            let trigger = CosmosTrigger::read(reader, name, settings);
            Binding::Trigger(trigger.map(Arc::new).map(Trigger::Cosmos))
        }
        other => {
            reader.wrong("type", format!("`{other}` is not one of {KINDS}"));
            Binding::Trigger(None)
        }
    }
}

const KINDS: &str = "httpTrigger, http, cosmosDBTrigger and timerTrigger, which this host runs";

/// One trigger, and at most one `http` output, which belongs to an HTTP trigger.
pub(super) fn join(reader: &mut Reader<'_>, bindings: Vec<Binding>) -> Option<Trigger> {
    let (mut triggers, mut outputs) = (Vec::new(), Vec::new());
    for binding in bindings {
        match binding {
            Binding::Trigger(trigger) => triggers.push(trigger),
            Binding::HttpOut(name) => outputs.push(name),
        }
    }
    if triggers.len() != 1 {
        reader.wrong("bindings", "a function has exactly one trigger");
    }
    if 1 < outputs.len() {
        reader.wrong("bindings", "a function has at most one http output");
    }
    let mut trigger = triggers.pop().flatten()?;
    match (&mut trigger, outputs.pop()) {
        (Trigger::Http(http), output) => http.output = output,
        (Trigger::Cosmos(_) | Trigger::Timer(_), Some(_)) => {
            reader.wrong("bindings", "an http output needs an httpTrigger");
        }
        (Trigger::Cosmos(_) | Trigger::Timer(_), None) => {}
    }
    Some(trigger)
}

/// An `httpTrigger`; its route falls back to the function's name, below the prefix.
fn read_http(
    mut reader: Reader<'_>,
    name: String,
    function: &str,
    prefix: &str,
) -> Option<HttpTrigger> {
    let auth_level = reader.read("authLevel", "anonymous, function or admin", |value| {
        let level = value.as_str()?.to_ascii_lowercase();
        match level.as_str() {
            "anonymous" => Some(AuthLevel::Anonymous),
            "function" => Some(AuthLevel::Function),
            "admin" => Some(AuthLevel::Admin),
            _ => None,
        }
    });
    let mut methods = Vec::new();
    for text in reader.texts("methods") {
        match Method::from_bytes(text.to_ascii_uppercase().as_bytes()) {
            Ok(method) => methods.push(method),
            Err(_) => reader.wrong("methods", format!("`{text}` is not an HTTP method")),
        }
    }
    let route = reader.text("route");
    let route = Route::new(prefix, route.as_deref().unwrap_or(function));
    let route = route.map_err(|error| reader.wrong("route", error.to_string())).ok();
    reader.finish(|_| None);
    Some(HttpTrigger {
        name,
        output: None,
        auth_level: auth_level.unwrap_or(AuthLevel::Function),
        methods,
        route: route?,
    })
}

/// A `timerTrigger`; its schedule may be a `%SETTING%`.
fn read_timer(mut reader: Reader<'_>, name: String, settings: &Settings) -> Option<TimerTrigger> {
    let known = reader.has("schedule");
    let schedule = reader.expanded("schedule", settings);
    if !known {
        reader.wrong("schedule", "it is required, such as `0 */5 * * * *`");
    }
    let schedule = schedule.and_then(|text| {
        text.parse::<Schedule>().map_err(|error| reader.wrong("schedule", error.to_string())).ok()
    });
    let run_on_startup = reader.flag("runOnStartup");
    let use_monitor = !reader.has("useMonitor") || reader.flag("useMonitor");
    reader.finish(|_| None);
    Some(TimerTrigger {
        name,
        schedule: schedule?,
        run_on_startup,
        use_monitor,
        by_hand: Notify::new(),
    })
}
