//! One request of an HTTP trigger: passed on as it is, or sent as JSON.

use super::{Answer, body, json, status};
use crate::functions::{
    Host,
    invoke::{Failure, chain},
    load::{Function, HttpMode, HttpTrigger},
    payload::{HttpRequest, Payload},
    reply::Reply,
    route::Params,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value};

/// Azure takes request bodies of up to 210 MB.
const REQUEST_MAX: usize = 210_000_000;

/// Passes the request on, streamed or (when forwarding) read to its end first.
pub(super) async fn pass(host: &Host, function: &Function, request: Request<Incoming>) -> Answer {
    let (head, incoming) = request.into_parts();
    let outgoing = match host.app.host.http_mode {
        HttpMode::Proxy => incoming.map_err(Into::into).boxed_unsync(),
        HttpMode::Forward | HttpMode::Payload => match read(incoming).await {
            Ok(bytes) => Full::new(bytes).map_err(|never| match never {}).boxed_unsync(),
            Err(refused) => return status(refused),
        },
    };
    match host.invoker.pass(Request::from_parts(head, outgoing)).await {
        Ok(response) => response.map(BodyExt::boxed_unsync),
        Err(failure) => failed(function, &failure),
    }
}

/// Sends the request as JSON, and answers with what the `http` output says.
pub(super) async fn payload(
    host: &Host,
    function: &Function,
    trigger: &HttpTrigger,
    params: Params,
    request: Request<Incoming>,
) -> Answer {
    let (head, incoming) = request.into_parts();
    let bytes = match read(incoming).await {
        Ok(bytes) => bytes,
        Err(refused) => return status(refused),
    };
    let authority = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let url = format!("http://{}{}", authority.unwrap_or("localhost"), head.uri);
    let described = HttpRequest {
        url: &url,
        method: &head.method,
        headers: &head.headers,
        params: &params,
        body: &bytes,
    };
    let payload = Payload::http(&trigger.name, &described);
    match host.invoker.payload(&function.name, &payload).await {
        Ok(reply) => response(trigger, reply),
        Err(failure) => failed(function, &failure),
    }
}

/// The whole body, or the status that refuses it.
async fn read(incoming: Incoming) -> Result<Bytes, StatusCode> {
    match Limited::new(incoming, REQUEST_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

/// The answer says no more than Azure's; the log says why.
fn failed(function: &Function, failure: &Failure) -> Answer {
    tracing::error!("{} failed: {}", function.name, chain(failure));
    status(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What the `http` output binding (or `$return`) makes of a reply.
fn response(trigger: &HttpTrigger, mut reply: Reply) -> Answer {
    let output = match trigger.output.as_deref() {
        None => return status(StatusCode::NO_CONTENT),
        Some("$return") => reply.return_value,
        Some(name) => reply.outputs.remove(name).unwrap_or(Value::Null),
    };
    match output {
        Value::Null => status(StatusCode::OK),
        Value::Object(mut object) if described(&object) => {
            let code = take(&mut object, &["statusCode", "status"]).and_then(|code| number(&code));
            let code = code.and_then(|code| StatusCode::from_u16(code).ok());
            let content = take(&mut object, &["body"]).unwrap_or(Value::Null);
            let mut answer = content_answer(code.unwrap_or(StatusCode::OK), content);
            if let Some(Value::Object(headers)) = take(&mut object, &["headers"]) {
                set_headers(&mut answer, &headers);
            }
            answer
        }
        content @ (Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_)) => content_answer(StatusCode::OK, content),
    }
}

/// Whether an object describes a response, rather than being its content.
fn described(object: &Map<String, Value>) -> bool {
    let names = ["statusCode", "status", "body", "headers"];
    object.keys().any(|key| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
}

/// The member of that name, in any case.
fn take(object: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    let key = object.keys().find(|key| names.iter().any(|name| key.eq_ignore_ascii_case(name)));
    key.cloned().and_then(|key| object.remove(&key))
}

/// A status may be a number or a text.
fn number(code: &Value) -> Option<u16> {
    match code {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text is sent as text, everything else as JSON.
fn content_answer(code: StatusCode, content: Value) -> Answer {
    match content {
        Value::Null => status(code),
        Value::String(text) => body(code, Some("text/plain; charset=utf-8"), text.into()),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            json(code, &other)
        }
    }
}

/// A header that cannot be sent is left out, and said so.
fn set_headers(answer: &mut Answer, headers: &Map<String, Value>) {
    for (name, value) in headers {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        else {
            tracing::warn!("the handler set a header `{name}` that cannot be sent");
            continue;
        };
        answer.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{load::AuthLevel, route::Route};
    use serde_json::json;

    async fn answered(output: Value) -> (u16, Option<String>, String) {
        let trigger = HttpTrigger {
            name: "req".into(),
            output: Some("res".into()),
            auth_level: AuthLevel::Anonymous,
            methods: Vec::new(),
            route: Route::new("", "x").unwrap(),
        };
        let outputs = Map::from_iter([("res".to_owned(), output)]);
        let response = response(&trigger, Reply { outputs, ..Reply::default() });
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_output_describes_status_headers_and_body() {
        let output = json!({
            "statusCode": "201", "headers": {"Content-Type": "application/x"}, "body": "text"
        });
        let expect = (201, Some("application/x".into()), "text".into());
        assert_eq!(answered(output).await, expect);
    }

    #[tokio::test]
    async fn an_output_that_describes_nothing_is_the_body() {
        let expect = (200, Some("application/json".into()), r#"{"a":1}"#.into());
        assert_eq!(answered(json!({"a": 1})).await, expect);
        assert_eq!(answered(Value::Null).await, (200, None, String::new()));
    }
}
