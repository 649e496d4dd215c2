//! Patches: what a client asks to change in an item, read and applied.

use super::document::{Document, SYSTEM};
use super::key::KeyDefinition;
use super::patch_value::{self, Edit};
use super::refusal::Refusal;
use crate::cosmos::query::Condition;
use serde_json::Value;

/// Operations on one item, done in order, all or none.
#[derive(Debug)]
pub(crate) struct Patch {
    condition: Option<Condition>,
    operations: Vec<PatchOperation>,
}

/// One operation of a patch.
#[derive(Debug, PartialEq)]
struct PatchOperation {
    path: Vec<String>,
    kind: Kind,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Edit(Edit),
    Move { from: Vec<String> },
}

/// The most operations that one patch takes, as documented.
const OPERATIONS_MAX: usize = 10;

impl Patch {
    /// Reads a patch: `{"condition"?, "operations": […]}`, or the operations alone.
    pub(crate) fn parse(body: &Value) -> Result<Self, Refusal> {
        let (condition, operations) = match body {
            Value::Array(operations) => (None, Some(operations)),
            Value::Object(members) => (
                members.get("condition").filter(|condition| !condition.is_null()),
                members.get("operations").and_then(Value::as_array),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (None, None),
        };
        let operations = operations.ok_or_else(|| bad("a patch has a list 'operations'"))?;
        if operations.is_empty() || OPERATIONS_MAX < operations.len() {
            let count = operations.len();
            return Err(bad(&format!(
                "the patch has {count} operations, and takes 1 to {OPERATIONS_MAX}"
            )));
        }
        let condition = condition.map(parse_condition).transpose()?;
        let operations = operations.iter().map(PatchOperation::parse).collect::<Result<_, _>>()?;
        Ok(Self { condition, operations })
    }

    /// Whether the patch's condition holds for this item.
    pub(crate) fn holds(&self, item: &[u8]) -> Result<bool, Refusal> {
        let Some(condition) = &self.condition else { return Ok(true) };
        let item = serde_json::from_slice(item)
            .map_err(|error| bad(&format!("the stored item cannot be read: {error}")))?;
        condition.holds(&item).map_err(|error| bad(&format!("the patch condition: {error}")))
    }

    /// Changes the document.
    pub(crate) fn apply(
        &self,
        document: &mut Document<'_>,
        key: &KeyDefinition,
    ) -> Result<(), Refusal> {
        for operation in &self.operations {
            check_target(&operation.path, key)?;
            match &operation.kind {
                Kind::Edit(edit) => patch_value::edit(document, &operation.path, edit)?,
                Kind::Move { from } => {
                    check_target(from, key)?;
                    check_not_below(&operation.path, from)?;
                    let value = patch_value::take(document, from)?;
                    patch_value::edit(document, &operation.path, &Edit::Add(value))?;
                }
            }
        }
        Ok(())
    }
}

impl PatchOperation {
    fn parse(operation: &Value) -> Result<Self, Refusal> {
        let text = |name: &str| operation.get(name).and_then(Value::as_str);
        let op = text("op").ok_or_else(|| bad("a patch operation has a string 'op'"))?;
        let path = pointer(text("path"), "path")?;
        let value = || {
            let value = operation.get("value").cloned();
            value.ok_or_else(|| bad(&format!("the patch operation '{op}' has no value")))
        };
        let kind = match op.to_ascii_lowercase().as_str() {
            "add" => Kind::Edit(Edit::Add(value()?)),
            "set" => Kind::Edit(Edit::Set(value()?)),
            "replace" => Kind::Edit(Edit::Replace(value()?)),
            "remove" => Kind::Edit(Edit::Remove),
            "incr" | "increment" => match value()? {
                Value::Number(number) => Kind::Edit(Edit::Increment(number)),
                Value::Null
                | Value::Bool(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => return Err(bad("'incr' takes a number")),
            },
            "move" => Kind::Move { from: pointer(text("from"), "from")? },
            other => return Err(bad(&format!("there is no patch operation '{other}'"))),
        };
        Ok(Self { path, kind })
    }
}

/// Id, partition key and what the service sets stay as they are.
fn check_target(path: &[String], key: &KeyDefinition) -> Result<(), Refusal> {
    let first = path.first().map_or("", String::as_str);
    if first == "id" || SYSTEM.contains(&first) || key.is_touched_by(path) {
        let path = path.join("/");
        return Err(bad(&format!("/{path} of an item cannot be patched")));
    }
    Ok(())
}

fn check_not_below(path: &[String], from: &[String]) -> Result<(), Refusal> {
    if path.starts_with(from) && path != from {
        return Err(bad("a value cannot be moved below itself"));
    }
    Ok(())
}

fn parse_condition(condition: &Value) -> Result<Condition, Refusal> {
    let text = condition.as_str().ok_or_else(|| bad("a patch condition is a string"))?;
    Condition::parse(text).map_err(|error| bad(&format!("the patch condition: {error}")))
}

/// Reads a JSON pointer.
fn pointer(text: Option<&str>, name: &str) -> Result<Vec<String>, Refusal> {
    let text = text.ok_or_else(|| bad(&format!("a patch operation has a string '{name}'")))?;
    let path = text.strip_prefix('/').filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| bad(&format!("the patch path '{text}' names no property")))?;
    Ok(path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

fn bad(message: &str) -> Refusal {
    Refusal::Bad(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(document: &str, operations: Value) -> Result<String, Refusal> {
        let key = KeyDefinition::parse(&json!({"paths": ["/pk"], "version": 2})).unwrap();
        let mut document = Document::parse(document.as_bytes()).unwrap();
        Patch::parse(&operations)?.apply(&mut document, &key)?;
        let text = document.render(r#""_":0"#);
        Ok(text.replace(r#","_":0"#, ""))
    }

    #[track_caller]
    fn check(document: &str, operation: Value, expected: &str) {
        assert_eq!(patched(document, json!([operation])).unwrap(), expected);
    }

    #[track_caller]
    fn check_refused(document: &str, operation: Value) {
        let refusal = patched(document, json!([operation])).unwrap_err();
        assert_eq!(refusal.status(), 400);
    }

    #[test]
    fn add_and_set_differ_only_in_arrays() {
        for op in ["add", "set"] {
            check(r#"{"a":1}"#, json!({"op": op, "path": "/a", "value": 2}), r#"{"a":2}"#);
            check(
                r#"{"a":1}"#,
                json!({"op": op, "path": "/b", "value": [0]}),
                r#"{"a":1,"b":[0]}"#,
            );
            check(r#"{"a":[1]}"#, json!({"op": op, "path": "/a/-", "value": 2}), r#"{"a":[1,2]}"#);
        }
        let at_0 = |op: &str| json!({"op": op, "path": "/a/0", "value": 9});
        check(r#"{"a":[1,2]}"#, at_0("add"), r#"{"a":[9,1,2]}"#);
        check(r#"{"a":[1,2]}"#, at_0("set"), r#"{"a":[9,2]}"#);
    }

    #[test]
    fn replace_and_remove_need_something_there() {
        check(
            r#"{"a":{"b":1}}"#,
            json!({"op": "replace", "path": "/a/b", "value": 2}),
            r#"{"a":{"b":2}}"#,
        );
        check(r#"{"a":[1,2]}"#, json!({"op": "remove", "path": "/a/0"}), r#"{"a":[2]}"#);
        check(r#"{"a":1,"b":2}"#, json!({"op": "remove", "path": "/a"}), r#"{"b":2}"#);
        check_refused(r#"{"a":{}}"#, json!({"op": "replace", "path": "/a/b", "value": 2}));
        check_refused(r#"{"a":1}"#, json!({"op": "replace", "path": "/b", "value": 2}));
        check_refused(r#"{"a":1}"#, json!({"op": "remove", "path": "/b"}));
        check_refused(r#"{"a":[1]}"#, json!({"op": "remove", "path": "/a/1"}));
    }

    #[test]
    fn incr_adds_and_starts_where_nothing_is() {
        check(r#"{"n":1}"#, json!({"op": "incr", "path": "/n", "value": 2}), r#"{"n":3}"#);
        check(r#"{"n":1}"#, json!({"op": "incr", "path": "/n", "value": -0.5}), r#"{"n":0.5}"#);
        check("{}", json!({"op": "incr", "path": "/n", "value": 7}), r#"{"n":7}"#);
        check_refused(r#"{"n":"1"}"#, json!({"op": "incr", "path": "/n", "value": 1}));
        check_refused(r#"{"n":1}"#, json!({"op": "incr", "path": "/n", "value": "1"}));
    }

    #[test]
    fn move_takes_a_value_elsewhere() {
        check(
            r#"{"a":{"x":1},"b":2}"#,
            json!({"op": "move", "from": "/a/x", "path": "/b"}),
            r#"{"a":{},"b":1}"#,
        );
        check_refused("{}", json!({"op": "move", "from": "/a", "path": "/b"}));
        check_refused(r#"{"a":{"x":1}}"#, json!({"op": "move", "from": "/a", "path": "/a/x"}));
    }

    #[test]
    fn pointers_are_unescaped_and_must_lead_somewhere() {
        check(
            r#"{"a/b":{"~":1}}"#,
            json!({"op": "set", "path": "/a~1b/~0", "value": 2}),
            r#"{"a/b":{"~":2}}"#,
        );
        check_refused("{}", json!({"op": "set", "path": "/a/b", "value": 1}));
        check_refused("{}", json!({"op": "set", "path": "a", "value": 1}));
        check_refused(r#"{"a":[]}"#, json!({"op": "add", "path": "/a/2", "value": 1}));
        check_refused(r#"{"a":1}"#, json!({"op": "add", "path": "/a/b", "value": 1}));
    }

    #[test]
    fn id_key_and_system_properties_stay() {
        for path in ["/id", "/pk", "/pk/x", "/_ts", "/_etag"] {
            check_refused(r#"{"id":"1","pk":"p"}"#, json!({"op": "set", "path": path, "value": 1}));
        }
        check("{}", json!({"op": "set", "path": "/ttl", "value": 5}), r#"{"ttl":5}"#);
    }

    #[test]
    fn one_to_ten_operations_are_taken() {
        let operation = json!({"op": "set", "path": "/a", "value": 1});
        assert!(patched("{}", json!([])).is_err());
        assert!(patched("{}", json!({"operations": vec![&operation; 10]})).is_ok());
        assert!(patched("{}", json!({"operations": vec![&operation; 11]})).is_err());
        assert!(patched("{}", json!({"op": "set"})).is_err());
    }

    #[test]
    fn operations_are_done_in_order_and_failing_ones_are_named() {
        let twice = json!([
            {"op": "add", "path": "/a", "value": {}},
            {"op": "add", "path": "/a/b", "value": 1},
        ]);
        assert_eq!(patched("{}", twice).unwrap(), r#"{"a":{"b":1}}"#);
        let refusal = patched("{}", json!([{"op": "remove", "path": "/a/b"}])).unwrap_err();
        assert!(refusal.to_string().contains("/a/b"), "{refusal}");
    }
}
