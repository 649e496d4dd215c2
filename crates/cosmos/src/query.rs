//! Queries: a text with parameters, over one partition key or one range, page by page.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::{Failure, Invalid};
use crate::outcome::Reply;

/// A query with its parameters. Values never become part of the text.
#[derive(Debug, Clone, Serialize)]
pub struct Query {
    #[serde(rename = "query")]
    text: String,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Clone, Serialize)]
struct Parameter {
    name: &'static str,
    value: Value,
}

/// One page of documents, each as its JSON text.
#[derive(Debug)]
pub struct Page {
    /// The documents.
    pub documents: Vec<Box<RawValue>>,
    /// Where the next page starts; none: this was the last.
    pub continuation: Option<String>,
}

#[derive(Deserialize)]
struct Documents {
    #[serde(rename = "Documents", default)]
    documents: Vec<Box<RawValue>>,
}

impl Query {
    /// A query of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), parameters: Vec::new() }
    }

    /// Gives `@name` a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.parameters.push(Parameter { name, value: value.into() });
        self
    }

    pub(crate) fn body(&self) -> Result<Bytes, Failure> {
        let json = serde_json::to_vec(self).map_err(|error| Invalid::NotJson(error.to_string()))?;
        Ok(json.into())
    }
}

impl Page {
    pub(crate) fn of(reply: &Reply) -> Result<Self, Failure> {
        let documents = documents_of(&reply.body)?;
        Ok(Self { documents, continuation: reply.continuation().map(ToOwned::to_owned) })
    }
}

/// The documents of an answer; an empty body (304) has none.
pub(crate) fn documents_of(body: &[u8]) -> Result<Vec<Box<RawValue>>, Failure> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let page: Documents = serde_json::from_slice(body).map_err(Failure::unreadable)?;
    Ok(page.documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stay_apart_from_the_text() {
        let query = Query::new("SELECT * FROM c WHERE c.a = @a").with("@a", "x' OR true");
        assert_eq!(
            std::str::from_utf8(&query.body().unwrap()).unwrap(),
            r#"{"query":"SELECT * FROM c WHERE c.a = @a","parameters":[{"name":"@a","value":"x' OR true"}]}"#
        );
    }

    #[test]
    fn documents_are_kept_as_text() {
        let documents = documents_of(br#"{"_rid":"r","Documents":[{"n":1.50},2],"_count":2}"#);
        let texts: Vec<_> = documents.unwrap().iter().map(|d| d.get().to_owned()).collect();
        assert_eq!(texts, [r#"{"n":1.50}"#, "2"]);
        assert!(documents_of(b"").unwrap().is_empty());
        assert!(documents_of(b"7").is_err());
    }
}
