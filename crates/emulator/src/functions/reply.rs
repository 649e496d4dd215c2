//! What the handler answers to an invocation that is not plain HTTP.
//!
//! | answer | outcome |
//! |---|---|
//! | 2xx, JSON object | done: `Outputs`, `Logs`, `ReturnValue`, their names in any case |
//! | 2xx, JSON, empty or `null` | never done: the host waits until the function times out |
//! | 2xx, other content type, or JSON that is no object | failed |
//! | not 2xx | failed; its body, logs included, is dropped |

use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

/// What a handler gave back.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) outputs: Map<String, Value>,
    pub(crate) logs: Vec<String>,
    pub(crate) return_value: Value,
}

/// How an answer is taken.
#[derive(Debug, PartialEq)]
pub(crate) enum Taken {
    /// The invocation is done.
    Done(Reply),
    /// The invocation hangs.
    Hangs,
    /// The invocation failed.
    Failed(Fault),
}

/// Why an answer counts as a failure.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the handler answered {0}")]
    Status(StatusCode),
    #[error("the handler answered with content type {0}, where application/json is needed")]
    ContentType(String),
    #[error("the handler's answer is not {{\"Outputs\":…,\"Logs\":[…],\"ReturnValue\":…}}: {0}")]
    Shape(String),
}

/// Takes an answer.
pub(crate) fn take(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Taken {
    if !status.is_success() {
        return Taken::Failed(Fault::Status(status));
    }
    if body.trim_ascii().is_empty() {
        return Taken::Hangs;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("none").split(';').next().unwrap_or_default().trim();
    if !["application/json", "text/json"].iter().any(|json| kind.eq_ignore_ascii_case(json)) {
        return Taken::Failed(Fault::ContentType(kind.into()));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Null) => Taken::Hangs,
        Ok(Value::Object(object)) => match read(object) {
            Ok(reply) => Taken::Done(reply),
            Err(fault) => Taken::Failed(fault),
        },
        Ok(other) => Taken::Failed(Fault::Shape(format!("it is {other}"))),
        Err(error) => Taken::Failed(Fault::Shape(error.to_string())),
    }
}

/// Names that the host does not know are skipped.
fn read(object: Map<String, Value>) -> Result<Reply, Fault> {
    let wrong = |name: &str| Err(Fault::Shape(format!("{name} has the wrong type")));
    let mut reply = Reply::default();
    for (name, value) in object {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("outputs", Value::Object(outputs)) => reply.outputs = outputs,
            ("logs", Value::Array(logs)) => reply.logs = logs.iter().map(line).collect(),
            ("outputs" | "logs", Value::Null) => {}
            ("outputs" | "logs", _) => return wrong(&name),
            ("returnvalue", value) => reply.return_value = value,
            _ => {}
        }
    }
    Ok(reply)
}

/// A log entry that is no text is logged as JSON.
fn line(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn taken(status: u16, kind: &str, body: &str) -> Taken {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        take(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn names_count_in_any_case() {
        let body = r#"{"OUTPUTS":{"res":1},"logs":["a",2],"ReturnValue":"r","Other":0}"#;
        let expect = Reply {
            outputs: Map::from_iter([("res".into(), json!(1))]),
            logs: vec!["a".into(), "2".into()],
            return_value: json!("r"),
        };
        assert_eq!(taken(200, "application/json; charset=utf-8", body), Taken::Done(expect));
        assert_eq!(taken(201, "application/json", "{}"), Taken::Done(Reply::default()));
    }

    #[test]
    fn an_empty_answer_hangs() {
        assert_eq!(taken(200, "application/json", ""), Taken::Hangs);
        assert_eq!(taken(200, "application/json", "null"), Taken::Hangs);
        assert_eq!(taken(204, "text/plain", ""), Taken::Hangs);
    }

    #[test]
    fn anything_else_fails() {
        assert_eq!(
            taken(500, "application/json", "{}"),
            Taken::Failed(Fault::Status(StatusCode::INTERNAL_SERVER_ERROR))
        );
        assert!(matches!(taken(200, "text/plain", "ok"), Taken::Failed(Fault::ContentType(_))));
        for body in ["[]", "{", r#"{"Outputs":3}"#] {
            let taken = taken(200, "application/json", body);
            assert!(matches!(taken, Taken::Failed(Fault::Shape(_))), "{body}: {taken:?}");
        }
    }
}
