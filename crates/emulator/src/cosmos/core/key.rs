//! Partition keys: the container's definition, and the values in headers and documents.

use super::document::{Document, push_quoted};
use super::epk::Epk;
use super::path;
use super::refusal::Refusal;
use crate::cosmos::query::Requirement;
use serde_json::Value;

/// How a container's keys are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// The older hash; what a definition without `version` means.
    One,
    /// The newer hash.
    Two,
    /// Hierarchical keys: the newer hash of each level.
    Multi,
}

/// Where the partition key stands in a document, and how it is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyDefinition {
    paths: Vec<Vec<String>>,
    version: Version,
}

/// One level of a partition key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Component {
    /// The document has no such property.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; Cosmos DB knows doubles only.
    Number(f64),
    /// A string.
    Text(String),
}

/// A partition key, or the first levels of a hierarchical one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartitionKey(Vec<Component>);

impl KeyDefinition {
    /// Reads the `partitionKey` of a container's definition.
    pub(crate) fn parse(definition: &Value) -> Result<Self, Refusal> {
        let paths = definition.get("paths").and_then(Value::as_array).filter(|p| !p.is_empty());
        let paths = paths.ok_or_else(|| bad("partitionKey.paths must name at least one path"))?;
        let paths = paths.iter().map(parse_path).collect::<Result<Vec<_>, _>>()?;
        let version = definition.get("version").and_then(Value::as_u64).unwrap_or(1);
        let kind = definition.get("kind").and_then(Value::as_str).unwrap_or("Hash");
        let version = match (kind, version, paths.len()) {
            ("Hash", 1, 1) => Version::One,
            ("Hash", 2, 1) => Version::Two,
            ("MultiHash", 2, 1..=LEVELS_MAX) => Version::Multi,
            (kind, version, levels) => {
                let levels_max = if kind == "Hash" { 1 } else { LEVELS_MAX };
                // The service's own words, which clients look for.
                let many = if levels_max < levels { "Too many partition key paths: " } else { "" };
                return Err(bad(&format!(
                    "{many}a partition key of kind {kind}, version {version} and {levels} paths is \
                     not served: Hash takes one path and version 1 or 2, MultiHash up to 3 and \
                     version 2"
                )));
            }
        };
        Ok(Self { paths, version })
    }

    /// The hash in use.
    pub(crate) const fn version(&self) -> Version {
        self.version
    }

    /// The key that the document itself says.
    pub(crate) fn of(&self, document: &Document<'_>) -> PartitionKey {
        let components = self.paths.iter().map(|path| {
            document.at(path).map_or(Component::Undefined, |value| Component::of(&value))
        });
        PartitionKey(components.collect())
    }

    /// Whether a patch of this path would touch the key.
    pub(crate) fn is_touched_by(&self, path: &[String]) -> bool {
        self.paths.iter().any(|own| own.starts_with(path) || path.starts_with(own))
    }

    /// Reads a key as requests state it: a JSON array, `{}` standing for undefined and `[]` for none.
    pub(crate) fn parse_key(&self, text: &str) -> Result<PartitionKey, Refusal> {
        let values = serde_json::from_str::<Vec<Value>>(text)
            .map_err(|error| bad(&format!("the partition key {text} is no JSON array: {error}")))?;
        if self.paths.len() < values.len() {
            return Err(bad(&format!(
                "the partition key {text} has more levels than the container's {}",
                self.paths.len()
            )));
        }
        if values.is_empty() {
            return Ok(PartitionKey(vec![Component::Undefined; self.paths.len()]));
        }
        let refused = values.iter().any(|value| match value {
            Value::Object(members) => !members.is_empty(),
            Value::Array(_) => true,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        });
        if refused {
            return Err(bad(&format!("the partition key {text} has a level that is no scalar")));
        }
        Ok(PartitionKey(values.iter().map(Component::of).collect()))
    }

    /// The key that every match has, if these requirements fix all its levels.
    pub(crate) fn required(&self, wanted: &[Requirement]) -> Option<PartitionKey> {
        let level = |path: &Vec<String>| {
            let mut own = wanted.iter().filter(|requirement| requirement.path == *path);
            own.find_map(Requirement::equal).map(Component::of)
        };
        self.paths.iter().map(level).collect::<Option<_>>().map(PartitionKey)
    }

    /// Whether the key has all levels, so that it names one logical partition.
    pub(crate) fn is_whole(&self, key: &PartitionKey) -> bool {
        key.0.len() == self.paths.len()
    }

    /// Where the key lies.
    pub(crate) fn epk(&self, key: &PartitionKey) -> Epk {
        Epk::of(self.version, &key.0)
    }
}

impl Component {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => Self::Undefined,
        }
    }
}

impl PartitionKey {
    /// The key as text: equal keys have equal texts, and others have others.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(40);
        for (level, component) in self.0.iter().enumerate() {
            text.push(if level == 0 { '[' } else { ',' });
            match component {
                Component::Undefined => text.push_str("{}"),
                Component::Null => text.push_str("null"),
                Component::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
                Component::Number(number) => text.push_str(&number.to_string()),
                Component::Text(level) => push_quoted(&mut text, level),
            }
        }
        text.push_str(if self.0.is_empty() { "[]" } else { "]" });
        text
    }
}

/// The service takes at most three levels.
const LEVELS_MAX: usize = 3;

fn parse_path(path: &Value) -> Result<Vec<String>, Refusal> {
    let names = path.as_str().and_then(path::parse);
    names.ok_or_else(|| bad(&format!("{path} is no partition key path: right would be \"/pk\"")))
}

fn bad(message: &str) -> Refusal {
    Refusal::Bad(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosmos::query;
    use serde_json::json;

    fn definition(definition: Value) -> KeyDefinition {
        KeyDefinition::parse(&definition).unwrap()
    }

    #[test]
    fn a_definition_without_version_is_version_1() {
        let one = definition(json!({"paths": ["/pk"]}));
        assert_eq!(one.version(), Version::One);
        let two = definition(json!({"paths": ["/pk"], "kind": "Hash", "version": 2}));
        assert_eq!(two.version(), Version::Two);
    }

    #[test]
    fn header_and_document_say_the_same_key() {
        let definition = definition(json!({"paths": ["/a/b"], "version": 2}));
        let document = Document::parse(br#"{"id":"1","a":{"b":"caf\u00e9"}}"#).unwrap();
        let header = definition.parse_key(r#"["caf\u00e9"]"#).unwrap();
        assert_eq!(definition.of(&document), header);
    }

    #[test]
    fn a_level_may_have_a_slash_in_its_name() {
        let definition = definition(json!({"paths": ["/\"a/b\"/c"], "version": 2}));
        let document = Document::parse(br#"{"id":"1","a/b":{"c":"x"}}"#).unwrap();
        assert_eq!(definition.of(&document), definition.parse_key(r#"["x"]"#).unwrap());
    }

    #[test]
    fn undefined_null_and_none_are_told_apart_where_they_differ() {
        let definition = definition(json!({"paths": ["/pk"], "version": 2}));
        let undefined = definition.parse_key("[{}]").unwrap();
        assert_eq!(definition.parse_key("[]").unwrap(), undefined);
        assert_ne!(definition.parse_key("[null]").unwrap(), undefined);
        let without = Document::parse(br#"{"id":"1"}"#).unwrap();
        assert_eq!(definition.of(&without), undefined);
    }

    #[test]
    fn a_prefix_of_a_hierarchical_key_is_not_whole() {
        let definition =
            definition(json!({"paths": ["/t", "/u"], "kind": "MultiHash", "version": 2}));
        assert!(!definition.is_whole(&definition.parse_key(r#"["t"]"#).unwrap()));
        assert!(definition.is_whole(&definition.parse_key(r#"["t",1]"#).unwrap()));
        definition.parse_key(r#"["t",1,2]"#).unwrap_err();
    }

    #[test]
    fn requirements_fix_a_key_only_level_by_level_and_by_one_value_each() {
        let definition =
            definition(json!({"paths": ["/t", "/u/v"], "kind": "MultiHash", "version": 2}));
        let required = |filter: &str| {
            let query = query::parse(&format!("SELECT * FROM c WHERE {filter}")).unwrap();
            definition.required(&query.requirements(&serde_json::Map::new()))
        };
        let key = definition.parse_key(r#"["t",7]"#).unwrap();
        assert_eq!(required("c.t = 't' AND c.x > 1 AND 7 = c.u.v"), Some(key));
        for open in ["c.t = 't'", "c.t = 't' AND c.u.v > 7", "c.t = 't' OR c.u.v = 7"] {
            assert_eq!(required(open), None, "{open}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let definition = definition(json!({"paths": ["/pk"]}));
        for text in ["", "p", "\"p\"", "[[1]]", "[{\"a\":1}]"] {
            definition.parse_key(text).unwrap_err();
        }
    }
}
