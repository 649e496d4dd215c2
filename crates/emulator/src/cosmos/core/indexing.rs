//! Indexing policies: which values of a document are indexed, and so are paid for on writes.

use super::document::Document;
use super::path;
use super::refusal::Refusal;
use serde_json::Value;

/// The paths of a policy: they decide what a write costs, and what queries may look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indexing {
    paths: Vec<(Pattern, Rule)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Include,
    Exclude,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    parts: Vec<String>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// `/a/?`: the value itself.
    Scalar,
    /// `/a/*`: it and everything below.
    Below,
}

impl Indexing {
    /// Reads a container's `indexingPolicy`; without one everything is indexed.
    pub(crate) fn parse(policy: Option<&Value>) -> Result<Self, Refusal> {
        let Some(policy) = policy else { return Ok(Self::everything()) };
        let mode = policy.get("indexingMode").and_then(Value::as_str).unwrap_or("consistent");
        if mode.eq_ignore_ascii_case("none") {
            return Ok(Self { paths: Vec::new() });
        }
        let mut paths = Vec::new();
        for (name, rule) in [("includedPaths", Rule::Include), ("excludedPaths", Rule::Exclude)] {
            for entry in policy.get(name).and_then(Value::as_array).into_iter().flatten() {
                let path = entry.get("path").and_then(Value::as_str).unwrap_or_default();
                paths.push((Pattern::parse(path)?, rule));
            }
        }
        Ok(if paths.is_empty() { Self::everything() } else { Self { paths } })
    }

    /// How many scalar values of the document are indexed.
    pub(crate) fn indexed(&self, document: &Document<'_>) -> u32 {
        let mut path = Vec::new();
        document.members().fold(0, |sum, (name, raw)| {
            path.clear();
            path.push(name.to_owned());
            let nested = raw.starts_with(['{', '[']);
            if !nested {
                return sum + u32::from(self.includes(&path));
            }
            if !self.reaches_below(name) {
                return sum;
            }
            let value = serde_json::from_str::<Value>(raw).unwrap_or_default();
            sum + self.count(&mut path, &value)
        })
    }

    fn everything() -> Self {
        Self { paths: vec![(Pattern { parts: Vec::new(), end: End::Below }, Rule::Include)] }
    }

    fn count(&self, path: &mut Vec<String>, value: &Value) -> u32 {
        match value {
            Value::Object(members) => members.iter().fold(0, |sum, (name, value)| {
                path.push(name.clone());
                let below = self.count(path, value);
                path.pop();
                sum + below
            }),
            Value::Array(items) => {
                path.push("[]".to_owned());
                let below = items.iter().map(|item| self.count(path, item)).sum();
                path.pop();
                below
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                u32::from(self.includes(path))
            }
        }
    }

    /// Whether queries may look up the values at a path. `id` and `_ts` are always indexed, unless
    /// nothing is.
    pub(super) fn allows(&self, path: &[String]) -> bool {
        let always = matches!(path, [name] if name == "id" || name == "_ts");
        if always { !self.paths.is_empty() } else { self.includes(path) }
    }

    /// The most precise pattern decides; of equals, `/?` before `/*`.
    fn includes(&self, path: &[String]) -> bool {
        let fitting = self.paths.iter().filter(|(pattern, _)| pattern.fits(path));
        let precise = fitting.max_by_key(|(pattern, _)| (pattern.parts.len(), pattern.end.rank()));
        precise.is_some_and(|(_, rule)| *rule == Rule::Include)
    }

    fn reaches_below(&self, name: &str) -> bool {
        self.paths.iter().any(|(pattern, rule)| {
            *rule == Rule::Include && pattern.parts.first().is_none_or(|first| first == name)
        })
    }
}

impl Pattern {
    fn parse(path: &str) -> Result<Self, Refusal> {
        if path == "/" {
            // An older way to say everything, which the service takes and clients still use.
            return Self::parse("/*");
        }
        let refused = || Refusal::Bad(format!("the indexing path {path} does not end in /? or /*"));
        let mut parts = path::parse(path).ok_or_else(refused)?;
        let end = match parts.pop().as_deref() {
            Some("?") => End::Scalar,
            Some("*") => End::Below,
            Some(_) | None => return Err(refused()),
        };
        Ok(Self { parts, end })
    }

    fn fits(&self, path: &[String]) -> bool {
        match self.end {
            End::Scalar => self.parts == path,
            End::Below => path.starts_with(&self.parts),
        }
    }
}

impl End {
    const fn rank(self) -> u8 {
        match self {
            Self::Below => 0,
            Self::Scalar => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bare_slash_is_everything() {
        let policy = |path| Some(json!({"includedPaths": [{"path": path}]}));
        let parsed = |path| Indexing::parse(policy(path).as_ref()).unwrap();
        assert_eq!(parsed("/"), parsed("/*"));
    }

    fn indexed(policy: Option<Value>, document: &str) -> u32 {
        let policy = Indexing::parse(policy.as_ref()).unwrap();
        policy.indexed(&Document::parse(document.as_bytes()).unwrap())
    }

    const ORDER: &str = r#"{"id":"a","type":"order","data":{"x":1,"y":[1,2]},"state":"new"}"#;

    #[test]
    fn without_a_policy_every_value_is_indexed() {
        assert_eq!(indexed(None, ORDER), 6);
    }

    #[test]
    fn only_included_paths_count_where_the_rest_is_excluded() {
        let policy = json!({
            "includedPaths": [{"path": "/type/?"}, {"path": "/data/y/[]/?"}],
            "excludedPaths": [{"path": "/*"}],
        });
        assert_eq!(indexed(Some(policy), ORDER), 3);
    }

    #[test]
    fn an_excluded_branch_does_not_count() {
        let policy = json!({
            "includedPaths": [{"path": "/*"}],
            "excludedPaths": [{"path": "/data/*"}, {"path": "/\"_etag\"/?"}, {"path": "/\"a/b\"/?"}],
        });
        assert_eq!(indexed(Some(policy.clone()), ORDER), 3);
        assert_eq!(indexed(Some(policy), r#"{"id":"1","a/b":1,"a":{"b":2}}"#), 2);
    }

    #[test]
    fn a_path_without_an_end_is_refused() {
        let policy = json!({"includedPaths": [{"path": "/type"}]});
        Indexing::parse(Some(&policy)).unwrap_err();
    }
}
