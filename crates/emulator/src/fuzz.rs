//! One function for each parser that reads bytes from outside. `fuzz/` throws random bytes at them,
//! the tests here damaged ones; what must hold is that they return: no panic, no hang, and no more
//! memory than the input warrants.

use crate::{
    clock::Clock,
    control,
    cosmos::{self, Cosmos, query},
    faults::Faults,
    functions::{self, Settings},
    servicebus::{
        ServiceBus, Topology,
        amqp::{
            cbs, connection::handle_frames, engine::Engine, frame, performative, request::Request,
            sasl, scan, value,
        },
        filter::{Action, Fields, Predicate},
        message::{decode, split_batch},
    },
};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Bodies and heads of Cosmos DB requests; the first byte chooses the route.
pub fn cosmos_request(data: &[u8]) {
    let Some((route, body)) = data.split_first() else { return };
    let cosmos = Cosmos::new(Arc::new(Clock::new()), Arc::new(Faults::default()));
    cosmos.provision_shop();
    let seed = br#"{"id":"a","partitionKey":"p","tags":[1,2],"sub":{"n":1.5}}"#;
    cosmos::wire::fuzz::answer(&cosmos, 0, seed);
    cosmos::wire::fuzz::answer(&cosmos, *route, body);
}

/// SQL text of Cosmos DB: parsed, planned and evaluated.
pub fn cosmos_sql(data: &[u8]) {
    let Ok(query) = query::parse(&String::from_utf8_lossy(data)) else { return };
    drop(query.plan());
    let documents = [
        json!({"id": "a", "n": 1, "s": "text", "list": [1, "2", null], "sub": {"flag": true}}),
        json!({"id": "b", "n": 2.5, "list": [{"x": 1}, {"x": 2}]}),
    ];
    let parameters = Map::from_iter([("@p".to_owned(), Value::from("a"))]);
    drop(query.requirements(&parameters));
    drop(query.evaluate(&parameters, documents.iter()));
}

/// Bytes behind the greeting of an AMQP connection: frames, values, performatives.
pub fn amqp_frames(data: &[u8]) {
    let bus = ServiceBus::new(Arc::default(), Arc::default(), &Topology::shop());
    let (id, _effects) = bus.connect();
    let mut engine = Engine::new(id, true);
    let mut input = BytesMut::from(&[OPEN, BEGIN, data].concat()[..]);
    bus.with(|world| {
        handle_frames(&mut engine, &mut input, world);
        engine.settle_down(world);
        engine.shut_down(world);
    });
    let mut input = BytesMut::from(data);
    while let Ok(Some(frame)) = frame::next(&mut input) {
        drop(performative::read(&frame.body));
    }
    drop(performative::read(&Bytes::copy_from_slice(data)));
}

/// An open, and a begin on channel 0.
const OPEN: &[u8] = b"\0\0\0\x11\x02\0\0\0\x00\x53\x10\xc0\x04\x01\xa1\x01c";
const BEGIN: &[u8] = b"\0\0\0\x14\x02\0\0\0\x00\x53\x11\xc0\x07\x04\x40\x43\x52\x64\x52\x64";

/// AMQP messages and batches of them, requests of `$management`, values.
pub fn amqp_message(data: &[u8]) {
    let id = || "id".to_owned();
    if let Ok(message) = decode(&Bytes::copy_from_slice(data), id) {
        drop(Fields::of(&message));
    }
    drop(split_batch(data, id));
    drop(Request::read(data));
    if let Ok((value, length)) = value::decode(data) {
        assert!(length <= data.len(), "a value ends where its bytes do");
        assert_eq!(scan::skip(data), Ok(length), "both ways to measure agree");
        value::encode(&value, &mut BytesMut::new());
    }
}

/// What a client says of itself: a sasl-init, SAS tokens and JWTs.
pub fn credentials(data: &[u8]) {
    let _ = sasl::answer_init(data, &mut BytesMut::new());
    let text = String::from_utf8_lossy(data);
    for (kind, token) in [
        ("servicebus.windows.net:sastoken", text.to_string()),
        ("servicebus.windows.net:sastoken", format!("SharedAccessSignature {text}")),
        ("jwt", text.to_string()),
    ] {
        let properties = value::named([
            ("operation", value::string("put-token")),
            ("type", value::string(kind)),
            ("name", value::string(text.clone())),
        ]);
        let (message_id, body) = (value::NULL.clone(), value::string(token));
        let request = Request { message_id, reply_to: None, properties, body };
        drop(cbs::put_token(&request, Timestamp::UNIX_EPOCH));
    }
}

/// The `Config.json` of Service Bus.
pub fn servicebus_config(data: &[u8]) {
    if let Ok(topology) = Topology::from_config_json(&String::from_utf8_lossy(data)) {
        drop(ServiceBus::new(Arc::default(), Arc::default(), &topology).state());
    }
}

/// Conditions and actions of subscription rules.
pub fn servicebus_filter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(message) = decode(&Bytes::from_static(MESSAGE), || "id".to_owned()) else { return };
    let fields = Fields::of(&message);
    if let Ok(predicate) = Predicate::parse(&text) {
        predicate.holds(&fields);
    }
    if let Ok(action) = Action::parse(&text) {
        drop(action.apply(&message, &fields, "rule"));
    }
}

/// A message with the application property `a`, and the data `x`.
const MESSAGE: &[u8] = b"\0\x53\x74\xc1\x06\x02\xa1\x01a\x54\x01\0\x53\x75\xa0\x01x";

/// `host.json`, `function.json` and `local.settings.json`.
pub fn functions_files(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut settings = Settings::new([]);
    drop(settings.add_file(&text));
    let (host, function) = text.split_once('\0').unwrap_or((&text, &text));
    functions::mistakes(host, function, &settings);
}

/// Requests to the control port: the first line is method and path, the rest the body.
pub fn control_request(data: &[u8]) {
    let (line, body) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => data.split_at(end),
        None => (data, &[][..]),
    };
    let line = String::from_utf8_lossy(line);
    let (method, path) = line.split_once(' ').unwrap_or(("POST", "/faults"));
    let request = http::Request::builder().method(method).uri(path).body(());
    if let Ok(request) = request {
        control::fuzz(&request.into_parts().0, body);
    }
}

#[cfg(test)]
mod tests;
