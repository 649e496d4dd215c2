//! A sieve before the query: leaves out items whose text alone shows that they cannot match.
//!
//! There is no index here, so a query over a large container would read every item. A condition
//! such as `c.state = 'pending'` needs the text `"pending"` somewhere in the item: looking for it
//! costs a small part of reading the item. An item with escapes in it is always let through,
//! since it may spell the same text otherwise.

use crate::cosmos::query::Requirement;

/// Texts that every match contains.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    needed: Vec<String>,
}

/// Where the properties begin that the service sets, whose quotes are escaped.
const SYSTEM: &str = ",\"_rid\":\"";

impl Sieve {
    /// The sieve for what every match must satisfy.
    pub(super) fn new(wanted: &[Requirement]) -> Self {
        let own = wanted.iter().filter(|it| !it.path.iter().any(|part| part.starts_with('_')));
        let texts = own.filter_map(|it| it.equal()?.as_str());
        let plain =
            texts.filter(|text| !text.contains(|c: char| c.is_control() || c == '\\' || c == '"'));
        Self { needed: plain.map(|text| format!("\"{text}\"")).collect() }
    }

    /// Whether the item may match.
    pub(super) fn lets_through(&self, item: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(item) else { return true };
        let own = text.rfind(SYSTEM).and_then(|end| text.get(..end)).unwrap_or(text);
        self.needed.iter().all(|needed| own.contains(needed)) || own.contains('\\')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosmos::query::Span;
    use serde_json::{Value, json};

    const SET: &str = r#","_rid":"AAA=","_etag":"\"1\"","_ts":1}"#;

    fn sieve(path: &str, value: Value) -> Sieve {
        Sieve::new(&[Requirement { path: vec![path.to_owned()], spans: vec![Span::Only(value)] }])
    }

    fn passes(sieve: &Sieve, own: &str) -> bool {
        sieve.lets_through(format!("{own}{SET}").as_bytes())
    }

    #[test]
    fn what_lacks_the_text_stays_out() {
        let pending = sieve("state", json!("pending"));
        assert!(passes(&pending, r#"{"id":"1","state": "pending""#));
        assert!(!passes(&pending, r#"{"id":"1","state":"processed""#));
        assert!(!passes(&pending, r#"{"id":"1","state":"pending2""#));
    }

    #[test]
    fn what_may_be_spelled_otherwise_is_let_through() {
        let pending = sieve("state", json!("pending"));
        assert!(passes(&pending, r#"{"id":"1","state":"\u0070ending""#));
        for value in [json!(1), json!(null), json!("a\"b"), json!("a\\b"), json!("a\nb")] {
            assert!(passes(&sieve("x", value), r#"{"id":"1""#));
        }
        assert!(passes(&sieve("_etag", json!("zzz")), r#"{"id":"1""#));
    }
}
