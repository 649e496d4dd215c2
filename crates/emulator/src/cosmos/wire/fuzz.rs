//! Requests made of any bytes, answered without a socket: what `fuzz/` and the tests beside the
//! parsers throw at the gateway.

use super::auth::Keys;
use super::call::Call;
use super::door::{Kind, handle};
use super::reply::Reply;
use super::target::Target;
use crate::cosmos::Cosmos;
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;

/// Method, path and headers of a request whose body is the fuzzer's.
type Shape = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const DOCS: &str = "/dbs/shop/colls/orders/docs";
const ITEM: &str = "/dbs/shop/colls/orders/docs/a";
const KEY: (&str, &str) = ("x-ms-documentdb-partitionkey", r#"["p"]"#);
const BATCH: (&str, &str) = ("x-ms-cosmos-is-batch-request", "True");
const RANGE: (&str, &str) = ("x-ms-documentdb-partitionkeyrangeid", "0");

const SHAPES: &[Shape] = &[
    ("POST", DOCS, &[KEY]),
    ("POST", DOCS, &[KEY, ("x-ms-documentdb-is-upsert", "True")]),
    ("PUT", ITEM, &[KEY]),
    ("PATCH", ITEM, &[KEY]),
    ("POST", DOCS, &[KEY, BATCH, ("x-ms-cosmos-batch-atomic", "True")]),
    ("POST", DOCS, &[RANGE, BATCH, ("x-ms-cosmos-batch-atomic", "False")]),
    ("POST", DOCS, &[("x-ms-documentdb-isquery", "True")]),
    ("POST", DOCS, &[("x-ms-cosmos-is-query-plan-request", "True")]),
    ("POST", "/dbs", &[]),
    ("POST", "/dbs/shop/colls", &[]),
    ("PUT", "/dbs/shop/colls/orders", &[]),
];

/// Sends a body to one of the routes, or where there is none left, as a partition key, a path and
/// an authorization; what comes back is an answer or a refusal.
pub(crate) fn answer(cosmos: &Cosmos, route: u8, body: &[u8]) {
    let route = usize::from(route) % (SHAPES.len() + 1);
    match SHAPES.get(route) {
        Some((method, path, headers)) => {
            let mut request = Request::builder().method(*method).uri(*path);
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            respond(cosmos, request, path, Bytes::copy_from_slice(body));
        }
        None => head(cosmos, body),
    }
}

/// The bytes as everything in the head that is parsed.
fn head(cosmos: &Cosmos, text: &[u8]) {
    let path = String::from_utf8_lossy(text);
    drop(Target::parse(&path).map(|target| target.signed_as()));
    let mut request = Request::builder().method("GET").uri(DOCS);
    for name in [
        "authorization",
        "x-ms-date",
        "x-ms-documentdb-partitionkey",
        "x-ms-session-token",
        "x-ms-continuation",
        "x-ms-max-item-count",
        "if-none-match",
        "if-modified-since",
        "a-im",
    ] {
        request = request.header(name, text);
    }
    respond(cosmos, request, DOCS, Bytes::new());
}

fn respond(cosmos: &Cosmos, request: http::request::Builder, path: &str, body: Bytes) {
    let Ok(request) = request.body(()) else { return };
    let Ok(target) = Target::parse(path) else { return };
    let call = Call::new(request.into_parts().0, target, body, 0);
    drop(Keys::emulator().check(&call, Timestamp::UNIX_EPOCH));
    let reply = handle(cosmos, &call, Kind::of(&call)).unwrap_or_else(Reply::from);
    drop(reply.into_response("fuzz"));
}
