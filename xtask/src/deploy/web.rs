//! HTTP by `curl`: it is on every machine that has `az`, and keeps HTTP and TLS out of this crate.
//!
//! What is asked goes in by stdin, so that no token can be seen among the machine's processes.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// One request.
pub(crate) struct Request<'a> {
    method: &'a str,
    url: &'a str,
    headers: Vec<String>,
    body: Body<'a>,
}

enum Body<'a> {
    None,
    Json(&'a Value),
    File(&'a Path),
}

/// What was answered.
pub(crate) struct Reply {
    /// 0 where nobody answered; `body` then says why.
    pub(crate) status: u16,
    /// As text.
    pub(crate) body: String,
}

impl Reply {
    /// The body, or null where it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Whether it went well.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Status and what Azure says about it, on one line.
    pub(crate) fn said(&self) -> String {
        let json = self.json();
        let error = json.get("error").unwrap_or(&json);
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let told = match (text("code"), text("message").or_else(|| text("detail"))) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (None, Some(message)) => message.to_owned(),
            (Some(_) | None, None) => self.body.chars().take(300).collect(),
        };
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.status == 0 {
            format!("no answer ({told})")
        } else {
            format!("{} {told}", self.status)
        }
    }
}

impl<'a> Request<'a> {
    /// A request without a body.
    pub(crate) fn new(method: &'a str, url: &'a str) -> Self {
        Self { method, url, headers: Vec::new(), body: Body::None }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(format!("{name}: {value}"));
        self
    }

    /// With JSON as its body.
    pub(crate) fn json(self, body: &'a Value) -> Self {
        Self { body: Body::Json(body), ..self }.header("Content-Type", "application/json")
    }

    /// With a zip as its body.
    pub(crate) fn zip(self, file: &'a Path) -> Self {
        Self { body: Body::File(file), ..self }.header("Content-Type", "application/zip")
    }

    /// Sends it.
    pub(crate) fn send(&self) -> Result<Reply> {
        let mut curl = Command::new("curl");
        curl.args(["--disable", "--config", "-"]);
        curl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut curl = curl.spawn().context("cannot start `curl`")?;
        let mut stdin = curl.stdin.take().context("`curl` has no stdin")?;
        stdin.write_all(self.config().as_bytes()).context("`curl` does not listen")?;
        drop(stdin);
        let output = curl.wait_with_output().context("`curl` did not end")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let body = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Ok(Reply { status: 0, body });
        }
        let Some((body, status)) = text.rsplit_once('\n') else { bail!("`curl` told no status") };
        let status = status.parse().context("`curl` told no status")?;
        Ok(Reply { status, body: body.to_owned() })
    }

    fn config(&self) -> String {
        let mut lines = vec![
            "silent".to_owned(),
            "show-error".to_owned(),
            "connect-timeout = 20".to_owned(),
            "max-time = 300".to_owned(),
            r#"proto = "=https""#.to_owned(),
            r#"write-out = "\n%{http_code}""#.to_owned(),
            format!("url = {}", quoted(self.url)),
            format!("request = {}", quoted(self.method)),
        ];
        lines.extend(self.headers.iter().map(|header| format!("header = {}", quoted(header))));
        match self.body {
            Body::Json(json) => lines.push(format!("data-raw = {}", quoted(&json.to_string()))),
            Body::File(file) => {
                let file = format!("@{}", file.display());
                lines.push(format!("data-binary = {}", quoted(&file)));
            }
            // Without it some front ends answer a POST with 411.
            Body::None if self.method == "POST" => lines.push(r#"data-raw = """#.to_owned()),
            Body::None => {}
        }
        lines.join("\n") + "\n"
    }
}

/// As `curl` reads a value of its configuration.
fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn a_request_is_one_configuration() {
        let body = json!({"a": "\"b\"\n"});
        let request = Request::new("PUT", "https://a/b").header("X", "y").json(&body);
        expect![[r#"
            silent
            show-error
            connect-timeout = 20
            max-time = 300
            proto = "=https"
            write-out = "\n%{http_code}"
            url = "https://a/b"
            request = "PUT"
            header = "X: y"
            header = "Content-Type: application/json"
            data-raw = "{\"a\":\"\\\"b\\\"\\n\"}"
        "#]]
        .assert_eq(&request.config());
    }

    #[test]
    fn a_refusal_says_its_status_and_reason() {
        let body = r#"{"error":{"code":"Conflict","message":"try\n later"}}"#.to_owned();
        assert_eq!(Reply { status: 409, body }.said(), "409 Conflict: try later");
        assert_eq!(Reply { status: 502, body: "<html>".into() }.said(), "502 <html>");
        assert_eq!(Reply { status: 0, body: "refused".into() }.said(), "no answer (refused)");
    }

    #[test]
    fn nobody_there_is_an_answer_too() {
        let reply = Request::new("GET", "https://127.0.0.1:1/").send().unwrap();
        assert_eq!(reply.status, 0);
    }
}
