//! A container's definition: what was sent when it was created, read once and echoed ever after.

use super::document::Document;
use super::indexing::Indexing;
use super::key::KeyDefinition;
use super::path;
use super::refusal::Refusal;
use serde_json::{Map, Value, json};

/// The longest period of continuous backup.
const RETENTION_MINUTES_MAX: i64 = 30 * 24 * 60;

/// What a container is like.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// The container's name.
    pub(crate) id: String,
    /// Its partition key.
    pub(crate) key: KeyDefinition,
    /// What its documents pay for.
    pub(crate) indexing: Indexing,
    /// How long all versions and deletes are kept from its creation on, in seconds.
    pub(crate) retention: Option<i64>,
    default_ttl: Option<i64>,
    uniques: Vec<Vec<Vec<String>>>,
    echo: Map<String, Value>,
}

impl Shape {
    /// Reads a definition as `POST …/colls` takes it.
    pub(crate) fn parse(definition: Value) -> Result<Self, Refusal> {
        let Value::Object(mut echo) = definition else {
            return Err(Refusal::Bad("a container is defined by a JSON object".to_owned()));
        };
        let id = echo.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        super::document::check_id(&id)?;
        let key = echo.get("partitionKey").filter(|key| !key.is_null());
        let key = key.ok_or_else(|| Refusal::Bad("partitionKey is missing".to_owned()))?;
        let key = KeyDefinition::parse(key)?;
        let indexing = Indexing::parse(echo.get("indexingPolicy"))?;
        let default_ttl = parse_ttl(echo.get("defaultTtl"), "defaultTtl")?;
        let uniques = parse_uniques(echo.get("uniqueKeyPolicy"))?;
        let retention = parse_retention(echo.get("changeFeedPolicy"))?;
        for name in super::document::SYSTEM {
            echo.remove(name);
        }
        add_defaults(&mut echo);
        Ok(Self { id, key, indexing, retention, default_ttl, uniques, echo })
    }

    /// Reads a new definition for the same container: name, keys and unique keys stay.
    pub(crate) fn replaced_by(&self, definition: Value) -> Result<Self, Refusal> {
        let new = Self::parse(definition)?;
        let fixed = [
            ("id", new.id == self.id),
            ("partitionKey", new.key == self.key),
            ("uniqueKeyPolicy", new.uniques == self.uniques),
        ];
        match fixed.into_iter().find(|(_, same)| !same) {
            Some((name, _)) => Err(Refusal::Bad(format!("{name} of a container cannot change"))),
            None => Ok(new),
        }
    }

    /// The definition as it is answered, without system properties.
    pub(crate) fn echo(&self) -> Map<String, Value> {
        self.echo.clone()
    }

    /// When a document written at `at` expires, in seconds of Unix time.
    pub(crate) fn expiry(&self, document: &Document<'_>, at: i64) -> Result<Option<i64>, Refusal> {
        let own = match document.raw("ttl") {
            Some(raw) => Some(seconds(&serde_json::from_str(raw).unwrap_or_default(), "ttl")?),
            None => None,
        };
        let ttl = self.default_ttl.map(|default| own.unwrap_or(default));
        Ok(ttl.filter(|ttl| 0 < *ttl).map(|ttl| at.saturating_add(ttl)))
    }

    /// What the document takes of the unique keys, one text for each constraint.
    pub(crate) fn uniques(&self, document: &Document<'_>) -> Vec<String> {
        let constraints = self.uniques.iter().enumerate().map(|(at, paths)| {
            let values = paths.iter().map(|path| match document.at(path) {
                Some(value) => value.to_string(),
                None => "{}".to_owned(),
            });
            format!("{at}:{}", values.collect::<Vec<_>>().join(","))
        });
        constraints.collect()
    }
}

fn parse_ttl(ttl: Option<&Value>, name: &str) -> Result<Option<i64>, Refusal> {
    ttl.filter(|ttl| !ttl.is_null()).map(|ttl| seconds(ttl, name)).transpose()
}

fn seconds(ttl: &Value, name: &str) -> Result<i64, Refusal> {
    match ttl.as_i64() {
        Some(ttl @ (-1 | 1..=0x7FFF_FFFF)) => Ok(ttl),
        Some(_) | None => Err(Refusal::Bad(format!(
            "{name} is {ttl}; it is a number of seconds from 1 to 2147483647, or -1 for never"
        ))),
    }
}

/// `changeFeedPolicy.retentionDuration` is a number of minutes; 0 stands for none.
fn parse_retention(policy: Option<&Value>) -> Result<Option<i64>, Refusal> {
    let minutes = policy.and_then(|policy| policy.get("retentionDuration"));
    let Some(minutes) = minutes.filter(|minutes| !minutes.is_null()) else { return Ok(None) };
    match minutes.as_i64() {
        Some(0) => Ok(None),
        Some(minutes @ 1..=RETENTION_MINUTES_MAX) => Ok(Some(minutes * 60)),
        Some(_) | None => Err(Refusal::Bad(format!(
            "changeFeedPolicy.retentionDuration is {minutes}; it is a number of minutes up to \
             {RETENTION_MINUTES_MAX}, which is 30 days"
        ))),
    }
}

fn parse_uniques(policy: Option<&Value>) -> Result<Vec<Vec<Vec<String>>>, Refusal> {
    let keys = policy.and_then(|policy| policy.get("uniqueKeys")).and_then(Value::as_array);
    let constraint = |key: &Value| {
        let paths = key.get("paths").and_then(Value::as_array).into_iter().flatten();
        paths.map(unique_path).collect::<Result<Vec<_>, _>>()
    };
    keys.into_iter().flatten().map(constraint).collect()
}

fn unique_path(path: &Value) -> Result<Vec<String>, Refusal> {
    let names = path.as_str().and_then(path::parse);
    names.ok_or_else(|| Refusal::Bad(format!("{path} is no unique key path")))
}

/// What the service fills in.
fn add_defaults(echo: &mut Map<String, Value>) {
    if !echo.contains_key("indexingPolicy") {
        let policy = json!({
            "indexingMode": "consistent",
            "automatic": true,
            "includedPaths": [{"path": "/*"}],
            "excludedPaths": [{"path": "/\"_etag\"/?"}],
        });
        echo.insert("indexingPolicy".to_owned(), policy);
    }
    if let Some(Value::Object(key)) = echo.get_mut("partitionKey") {
        key.entry("kind").or_insert_with(|| "Hash".into());
    }
    if !echo.contains_key("conflictResolutionPolicy") {
        let policy = json!({
            "mode": "LastWriterWins",
            "conflictResolutionPath": "/_ts",
            "conflictResolutionProcedure": "",
        });
        echo.insert("conflictResolutionPolicy".to_owned(), policy);
    }
    if !echo.contains_key("geospatialConfig") {
        echo.insert("geospatialConfig".to_owned(), json!({"type": "Geography"}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(more: Value) -> Shape {
        let mut definition = json!({"id": "c", "partitionKey": {"paths": ["/pk"]}});
        definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Shape::parse(definition).unwrap()
    }

    fn expiry(shape: &Shape, document: &str) -> Option<i64> {
        shape.expiry(&Document::parse(document.as_bytes()).unwrap(), 1_000).unwrap()
    }

    #[test]
    fn ttl_of_an_item_counts_only_where_the_container_has_it_on() {
        let item = r#"{"id":"a","ttl":5}"#;
        assert_eq!(expiry(&shape(json!({})), item), None);
        assert_eq!(expiry(&shape(json!({"defaultTtl": -1})), item), Some(1_005));
        assert_eq!(expiry(&shape(json!({"defaultTtl": 60})), item), Some(1_005));
    }

    #[test]
    fn the_containers_ttl_is_the_items_default() {
        let shape = shape(json!({"defaultTtl": 60}));
        assert_eq!(expiry(&shape, r#"{"id":"a"}"#), Some(1_060));
        assert_eq!(expiry(&shape, r#"{"id":"a","ttl":-1}"#), None);
    }

    #[test]
    fn a_ttl_of_zero_or_of_another_type_is_refused() {
        for ttl in ["0", "-2", "\"5\"", "1.5", "null"] {
            let text = format!("{{\"id\":\"a\",\"ttl\":{ttl}}}");
            let document = Document::parse(text.as_bytes()).unwrap();
            shape(json!({"defaultTtl": -1})).expiry(&document, 0).unwrap_err();
        }
    }

    #[test]
    fn the_partition_key_cannot_be_replaced() {
        let shape = shape(json!({}));
        let other = json!({"id": "c", "partitionKey": {"paths": ["/other"]}});
        let refusal = shape.replaced_by(other).unwrap_err();
        assert!(refusal.to_string().contains("partitionKey"), "{refusal}");
        let same = json!({"id": "c", "partitionKey": {"paths": ["/pk"]}, "defaultTtl": 7});
        assert_eq!(shape.replaced_by(same).unwrap().default_ttl, Some(7));
    }

    #[test]
    fn unique_keys_tell_missing_from_null() {
        let paths = ["/a", "/\"b/b\"/c"];
        let policy = json!({"uniqueKeyPolicy": {"uniqueKeys": [{"paths": paths}]}});
        let shape = shape(policy);
        let of = |text: &str| shape.uniques(&Document::parse(text.as_bytes()).unwrap());
        assert_eq!(of(r#"{"a":1,"b/b":{"c":"x"}}"#), [r#"0:1,"x""#]);
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":1,"b/b":{"c":null}}"#));
    }
}
