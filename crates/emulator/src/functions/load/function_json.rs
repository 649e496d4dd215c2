//! `function.json`: one function's trigger, output and retry policy.

use super::{
    bindings::{self, Trigger},
    reader::{Problems, Reader},
};
use crate::functions::{retry::RetryPolicy, settings::Settings};
use serde_json::Value;
use std::{fs, path::Path};

/// One function of the app.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its folder's name, which is also the handler's path.
    pub(crate) name: String,
    /// Whether its trigger is left alone.
    pub(crate) disabled: bool,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) trigger: Trigger,
}

/// What reading a function needs besides its file.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) prefix: &'a str,
    pub(super) problems: &'a mut Problems,
}

/// Reads `<root>/<name>/function.json`.
pub(super) fn load(root: &Path, name: &str, context: &mut Context<'_>) -> Option<Function> {
    let file = format!("{name}/function.json");
    if !is_name(name) {
        context.problems.add(
            &file,
            "",
            "the folder's name must be a letter, then letters, digits, _ or -",
        );
    }
    match fs::read_to_string(root.join(&file)) {
        Ok(text) => read(name, &file, &text, context),
        Err(error) => {
            context.problems.add(&file, "", format!("it cannot be read: {error}"));
            None
        }
    }
}

/// Everything in the file, apart from reading it.
pub(super) fn read(
    name: &str,
    file: &str,
    text: &str,
    context: &mut Context<'_>,
) -> Option<Function> {
    let (settings, prefix) = (context.settings, context.prefix);
    let mut reader = Reader::file(file, text, context.problems)?;
    for tool_written in ["scriptFile", "entryPoint", "language", "generatedBy", "functionDirectory"]
    {
        drop(reader.raw(tool_written));
    }
    let disabled = read_disabled(&mut reader, name, settings);
    let retries = reader.has("retry");
    let retry = reader.object("retry", RetryPolicy::read).flatten();
    let bindings =
        reader.objects("bindings", |reader| bindings::read(reader, name, settings, prefix));
    let trigger = bindings::join(&mut reader, bindings);
    if let (true, Some(Trigger::Http(_))) = (retries, &trigger) {
        reader.wrong("retry", "an HTTP trigger is not retried: its caller is");
    }
    reader.finish(|_| None);
    Some(Function { name: name.into(), disabled, retry, trigger: trigger? })
}

/// `disabled` may be a flag or the name of a setting; `AzureWebJobs.<name>.Disabled` counts too.
fn read_disabled(reader: &mut Reader<'_>, name: &str, settings: &Settings) -> bool {
    let is_true = |setting: &str| {
        settings
            .get(setting)
            .is_some_and(|value| ["1", "true"].iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let in_file = reader.read("disabled", "true, false or a setting's name", |value| match value {
        Value::Bool(disabled) => Some(*disabled),
        Value::String(setting) => Some(is_true(setting)),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    });
    in_file.unwrap_or_default()
        || is_true(&format!("AzureWebJobs.{name}.Disabled"))
        || is_true(&format!("AzureWebJobs_{name}_Disabled"))
}

/// As on Azure: a letter, then letters, digits, `_` or `-`.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    first
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && name.len() <= NAME_LEN_MAX
}

/// A letter and 127 more, as on Azure.
const NAME_LEN_MAX: usize = 128;

#[cfg(test)]
mod tests;
