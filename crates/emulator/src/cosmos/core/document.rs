//! A document as its text: members in the client's order, their values left as they were written.

use super::members::{Checked, Members};
use super::refusal::Refusal;
use serde_json::Value;
use std::borrow::Cow;

/// A document without the properties that the service sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    members: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Properties that the service sets; what a client sends under these names is dropped.
pub(crate) const SYSTEM: [&str; 6] = ["_rid", "_self", "_etag", "_attachments", "_ts", "_lsn"];
/// The largest document, as documented.
pub(crate) const BYTES_MAX: usize = 2 * 1024 * 1024;
/// The longest id, as documented.
const ID_BYTES_MAX: usize = 1023;

impl<'a> Document<'a> {
    /// Reads a document: one JSON object, nested 127 levels at most, all of it valid.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, Refusal> {
        if BYTES_MAX < text.len() {
            let bytes = text.len();
            return Err(Refusal::TooLarge(format!(
                "the document has {bytes} bytes, and at most {BYTES_MAX} are taken"
            )));
        }
        serde_json::from_slice::<Checked>(text).map_err(|error| no_document(&error))?;
        let Members(mut members) =
            serde_json::from_slice(text).map_err(|error| no_document(&error))?;
        members.retain(|(name, _)| !SYSTEM.contains(&name.as_ref()));
        Ok(Self { members })
    }

    /// The document's id, if it has a valid one.
    pub(crate) fn id(&self) -> Result<String, Refusal> {
        let Some(raw) = self.raw("id") else {
            return Err(Refusal::Bad("the required property 'id' is missing".to_owned()));
        };
        let id = serde_json::from_str::<String>(raw)
            .map_err(|_| Refusal::Bad(format!("the property 'id' is {raw}, not a string")))?;
        check_id(&id)?;
        Ok(id)
    }

    /// The value at a path of property names and array positions.
    pub(crate) fn at(&self, path: &[String]) -> Option<Value> {
        let (first, rest) = path.split_first()?;
        let mut value = serde_json::from_str::<Value>(self.raw(first)?).ok()?;
        for part in rest {
            value = match value {
                Value::Object(mut members) => members.remove(part)?,
                Value::Array(items) => items.into_iter().nth(part.parse().ok()?)?,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
            };
        }
        Some(value)
    }

    /// A member's value as JSON text.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(own, _)| own == name).map(|(_, raw)| raw.as_ref())
    }

    /// Sets a member, at its place or behind the others.
    pub(crate) fn set(&mut self, name: &str, raw: String) {
        match self.members.iter_mut().find(|(own, _)| own == name) {
            Some((_, value)) => *value = Cow::Owned(raw),
            None => self.members.push((Cow::Owned(name.to_owned()), Cow::Owned(raw))),
        }
    }

    /// Removes a member and says whether it was there.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|(own, _)| own != name);
        self.members.len() < before
    }

    /// Names and JSON texts of all members.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|(name, raw)| (name.as_ref(), raw.as_ref()))
    }

    /// Writes the members, followed by `system`, which is `"name":value` pairs.
    pub(crate) fn render(&self, system: &str) -> String {
        let bytes: usize = self.members.iter().map(|(name, raw)| name.len() + raw.len() + 4).sum();
        let mut text = String::with_capacity(bytes + system.len() + 2);
        text.push('{');
        for (name, raw) in &self.members {
            push_quoted(&mut text, name);
            text.push(':');
            text.push_str(raw);
            text.push(',');
        }
        text.push_str(system);
        text.push('}');
        text
    }
}

/// Whether this can be an item's id.
pub(crate) fn check_id(id: &str) -> Result<(), Refusal> {
    let reason = match id {
        "" => "is empty",
        id if ID_BYTES_MAX < id.len() => "is longer than 1023 bytes",
        id if id.contains(['/', '\\', '?', '#']) => r"contains one of / \ ? #",
        _ => return Ok(()),
    };
    Err(Refusal::Bad(format!("the id {reason}")))
}

/// Adds a text as a JSON string.
pub(super) fn push_quoted(json: &mut String, text: &str) {
    if text.bytes().all(|byte| 0x20 <= byte && byte != b'"' && byte != b'\\') {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&Value::from(text).to_string());
    }
}

fn no_document(error: &serde_json::Error) -> Refusal {
    Refusal::Bad(format!("the body is no JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        Document::parse(text.as_bytes()).unwrap().render(r#""_ts":1"#)
    }

    #[test]
    fn members_keep_their_order_and_their_numbers() {
        let text = r#"{"z":1.50,"id":"a","a":{"q": 12345678901234567890}}"#;
        let expected = r#"{"z":1.50,"id":"a","a":{"q": 12345678901234567890},"_ts":1}"#;
        assert_eq!(rendered(text), expected);
    }

    #[test]
    fn what_the_service_sets_is_dropped_from_what_the_client_sends() {
        assert_eq!(rendered(r#"{"_ts":9,"id":"a","_etag":"x","_lsn":1}"#), r#"{"id":"a","_ts":1}"#);
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        assert_eq!(rendered(r#"{"a":1,"b":2,"a":3}"#), r#"{"b":2,"a":3,"_ts":1}"#);
    }

    #[test]
    fn names_are_escaped_again() {
        assert_eq!(rendered("{\"a\\\"\\n\":1}"), "{\"a\\\"\\n\":1,\"_ts\":1}");
    }

    #[test]
    fn what_could_not_be_read_again_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let bad = ["", "[]", "1", "{", r#"{"a":1e999}"#, r#"{"a":"\ud800"}"#, "{\"a\":\"\u{1}\"}"];
        for text in bad.into_iter().chain([deep.as_str()]) {
            let refusal = Document::parse(text.as_bytes()).unwrap_err();
            assert_eq!(refusal.status(), 400, "{text}");
        }
        Document::parse(b"{\"a\":\"\xff\"}").unwrap_err();
    }

    #[test]
    fn an_id_is_a_short_string_without_separators() {
        for id in [r#""a/b""#, r#""""#, "7", r#""a?b""#, r#""a\u0023b""#] {
            let text = format!("{{\"id\":{id}}}");
            Document::parse(text.as_bytes()).unwrap().id().unwrap_err();
        }
        let document = Document::parse(r#"{"id":"é .1"}"#.as_bytes()).unwrap();
        assert_eq!(document.id().unwrap(), "é .1");
    }

    #[test]
    fn more_than_two_megabytes_is_too_large() {
        let text = format!("{{\"id\":\"{}\"}}", "x".repeat(BYTES_MAX));
        assert_eq!(Document::parse(text.as_bytes()).unwrap_err().status(), 413);
    }
}
