//! App settings: the process environment, and under it the `Values` of a `local.settings.json`.

use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// The app settings of one app. They may hold secrets, so only their names are ever shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is not what `func` reads. Compare it with `{"IsEncrypted": false, "Values": {…}}`.
    #[error("not a local.settings.json: {0}")]
    Malformed(String),
    /// `func settings encrypt` was used; decrypt it.
    #[error("its values are encrypted; run `func settings decrypt`, or set IsEncrypted to false")]
    Encrypted,
}

/// What `func` reads of the file.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SettingsFile {
    #[serde(default)]
    is_encrypted: bool,
    values: BTreeMap<String, String>,
}

impl Settings {
    /// These settings and no others.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Adds the values of a `local.settings.json`. What is set already wins, as with `func`.
    ///
    /// # Errors
    /// If the text is not a settings file, or is encrypted.
    pub fn add_file(&mut self, text: &str) -> Result<(), SettingsError> {
        let file: SettingsFile = serde_json::from_str(text)
            .map_err(|error| SettingsError::Malformed(error.to_string()))?;
        if file.is_encrypted {
            return Err(SettingsError::Encrypted);
        }
        for (name, value) in file.values {
            self.0.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// The value of a setting, unless it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every setting, for the handler's environment.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Replaces each `%NAME%` by the setting of that name.
    pub(crate) fn expand(&self, text: &str) -> Result<String, MissingSetting> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, name, after)) = next_name(rest) {
            let value = self.get(name).ok_or_else(|| MissingSetting(name.to_owned()))?;
            expanded.push_str(before);
            expanded.push_str(value);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// The app setting that a `%NAME%` asked for is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("%{0}% names an app setting that is not set")]
pub(crate) struct MissingSetting(String);

/// Splits at the first `%NAME%`; a lone `%` is text.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('%')?;
    let (name, after) = rest.split_once('%')?;
    (!name.is_empty()).then_some((before, name, after))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn names_between_percent_signs_are_replaced() {
        let settings = settings(&[("DB", "shop"), ("C", "orders")]);
        assert_eq!(settings.expand("%DB%/%C%!"), Ok("shop/orders!".into()));
        assert_eq!(settings.expand("100% sure"), Ok("100% sure".into()));
        assert_eq!(settings.expand("%NOPE%"), Err(MissingSetting("NOPE".into())));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let mut settings = settings(&[("A", "environment")]);
        settings
            .add_file(r#"{"IsEncrypted":false,"Values":{"A":"file","B":"file"},"Host":{}}"#)
            .unwrap();
        assert_eq!((settings.get("A"), settings.get("B")), (Some("environment"), Some("file")));
    }

    #[test]
    fn unusable_files_say_why() {
        let refused = |text| Settings::default().add_file(text).unwrap_err().to_string();
        assert!(refused(r#"{"IsEncrypted":true,"Values":{}}"#).contains("decrypt"));
        assert!(refused("{}").contains("Values"));
    }

    #[test]
    fn values_stay_out_of_logs() {
        assert_eq!(format!("{:?}", settings(&[("KEY", "secret")])), r#"{"KEY"}"#);
    }
}
