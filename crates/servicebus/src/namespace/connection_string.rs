//! The connection string, as the Azure portal and the emulators print it.
//!
//! `Endpoint=sb://host[:port]/;SharedAccessKeyName=…;SharedAccessKey=…[;EntityPath=…]`
//! `[;TransportType=AmqpTcp|AmqpWebSockets][;UseDevelopmentEmulator=true]`
//!
//! Keys in any case and order. A key that is not known is refused: it is a typo, or it asks for
//! something that would silently not be done.

use url::Url;

use super::{Namespace, Problem, Problems, Transport, is_loopback};

/// What a connection string says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) namespace: Namespace,
    pub(crate) key_name: String,
    pub(crate) key: Secret,
    /// The only entity that the key opens, if it opens only one.
    pub(crate) entity_path: Option<String>,
}

/// A key that does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Parses a connection string, and reports everything that is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Parsed, Problems> {
    let mut problems = Vec::new();
    let fields = Fields::split(text, &mut problems);
    let transport = transport(&fields, &mut problems);
    let endpoint = endpoint(&fields, &mut problems);
    let key_name = fields.required("SharedAccessKeyName", "the name of the key", &mut problems);
    let key = fields.required("SharedAccessKey", "the key from the portal", &mut problems);
    if let (Some(Transport::Plain), Some((host, _))) = (transport, &endpoint)
        && !is_loopback(host)
    {
        problems.push(Problem::new(
            "UseDevelopmentEmulator",
            format!("`{host}` is not this machine, and plain AMQP would show it the token"),
            "a loopback host, or no UseDevelopmentEmulator",
        ));
    }
    let problems = Problems::found(problems);
    match (problems, transport, endpoint, key_name, key) {
        (None, Some(transport), Some((host, port)), Some(key_name), Some(key)) => Ok(Parsed {
            namespace: Namespace { host, port, transport },
            key_name,
            key: Secret(key),
            entity_path: fields.get("EntityPath").map(str::to_owned),
        }),
        (Some(problems), ..) => Err(problems),
        (None, ..) => Err(Problem::new("connection string", "it is incomplete", FORM).into()),
    }
}

const FORM: &str = "`Endpoint=sb://<namespace>.servicebus.windows.net/;\
                    SharedAccessKeyName=<name>;SharedAccessKey=<key>`";

const KEYS: [&str; 6] = [
    "Endpoint",
    "SharedAccessKeyName",
    "SharedAccessKey",
    "EntityPath",
    "TransportType",
    "UseDevelopmentEmulator",
];

/// The pairs of the string, by the spelling of [`KEYS`].
struct Fields<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Fields<'a> {
    fn split(text: &'a str, problems: &mut Vec<Problem>) -> Self {
        let mut fields: Vec<(&'static str, &'a str)> = Vec::new();
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        for (index, part) in parts.enumerate() {
            // A part without `=` may be a stray piece of a key: it is counted, never quoted.
            let Some((name, value)) = part.split_once('=') else {
                let place = format!("part {}", index + 1);
                problems.push(Problem::new(place, "it has no `=`", "`Key=value`"));
                continue;
            };
            let name = name.trim();
            match KEYS.iter().find(|key| key.eq_ignore_ascii_case(name)) {
                None => problems.push(Problem::new(name, "this key is not known", KEYS.join(", "))),
                Some(key) if fields.iter().any(|(known, _)| known == key) => {
                    problems.push(Problem::new(*key, "it is given twice", "one of the two"));
                }
                Some(key) => fields.push((key, value.trim())),
            }
        }
        Self(fields)
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == key)?;
        Some(value).filter(|value| !value.is_empty()).copied()
    }

    fn required(&self, key: &str, right: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let value = self.get(key);
        if value.is_none() {
            problems.push(Problem::new(key, "it is missing", right));
        }
        value.map(str::to_owned)
    }
}

fn transport(fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Option<Transport> {
    let emulator = match fields.get("UseDevelopmentEmulator") {
        None => Some(false),
        Some(text) => text.to_ascii_lowercase().parse::<bool>().ok(),
    };
    if emulator.is_none() {
        problems.push(Problem::new(
            "UseDevelopmentEmulator",
            "it is neither true nor false",
            "`true` for an emulator on this machine, else nothing",
        ));
    }
    let websockets = match fields.get("TransportType").map(str::to_ascii_lowercase).as_deref() {
        None | Some("amqptcp") => Some(false),
        Some("amqpwebsockets") => Some(true),
        Some(other) => {
            let wrong = format!("`{other}` is not known");
            problems.push(Problem::new("TransportType", wrong, "`AmqpTcp` or `AmqpWebSockets`"));
            None
        }
    };
    match (emulator?, websockets?) {
        (false, false) => Some(Transport::Tls),
        (false, true) => Some(Transport::WebSockets),
        (true, false) => Some(Transport::Plain),
        (true, true) => {
            let wrong = "the emulator speaks no WebSockets";
            problems.push(Problem::new("TransportType", wrong, "`AmqpTcp`"));
            None
        }
    }
}

fn endpoint(fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Option<(String, Option<u16>)> {
    const RIGHT: &str = "`sb://<namespace>.servicebus.windows.net/`";
    let text = fields.required("Endpoint", RIGHT, problems)?;
    let mut wrong = |what: &str| {
        problems.push(Problem::new("Endpoint", format!("`{text}` {what}"), RIGHT));
        None
    };
    let Ok(url) = Url::parse(&text) else {
        return wrong("is not an address");
    };
    if url.scheme() != "sb" {
        return wrong("does not begin with `sb://`");
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return wrong("has no host");
    };
    if !matches!(url.path(), "" | "/") {
        return wrong("has a path: an entity belongs into EntityPath");
    }
    Some((host.trim_matches(['[', ']']).to_owned(), url.port()))
}

#[cfg(test)]
mod tests;
