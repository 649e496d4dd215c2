//! Who may come in: requests signed with the account's key, or carrying a token of Entra ID.
//!
//! The key's signature and date are verified. A token's signature cannot be: it only has to be a
//! JWT for Cosmos DB that is valid now. Whoever comes with one may read and write items, but not make, change or
//! remove databases and containers, as in the service.

use super::call::Call;
use super::target::Target;
use crate::cosmos::core::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sha2::Sha256;
use std::fmt;

/// The account's key, ready to verify with.
pub(crate) struct Keys {
    primary: Hmac<Sha256>,
}

/// The key that every Cosmos DB emulator has; it is public.
const EMULATOR_KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";
/// What Cosmos DB itself is called in Entra ID.
const SERVICE_ID: &str = "a232010e-820c-4083-83bb-3ace5fc29d0b";
/// How far a request's date may be from now, as documented.
const DATE_TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

impl Keys {
    /// The emulator's key.
    pub(crate) fn emulator() -> Self {
        let key = STANDARD.decode(EMULATOR_KEY).unwrap_or_default();
        let primary = Hmac::new_from_slice(&key).expect("HMAC takes keys of any length");
        Self { primary }
    }

    /// Lets the request in, or says why not. `now` is the machine's time, which clients share.
    pub(super) fn check(&self, call: &Call, now: Timestamp) -> Result<(), Refusal> {
        let header = call.header("authorization");
        let header = header.ok_or_else(|| unauthorized("the authorization header is missing"))?;
        let decoded = percent_decode_str(header).decode_utf8().unwrap_or_default();
        let part = |name: &str| {
            decoded.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let signature = part("sig").unwrap_or_default();
        match part("type") {
            Some("master") => self.check_signature(call, signature, now),
            Some("aad") => check_token(signature, now).and_then(|()| check_plane(call)),
            Some(_) | None => {
                Err(unauthorized("the authorization header names neither type=master nor type=aad"))
            }
        }
    }

    fn check_signature(&self, call: &Call, signature: &str, now: Timestamp) -> Result<(), Refusal> {
        let own = call.header("x-ms-date");
        let date = own.or_else(|| call.header("date"));
        let date = date.ok_or_else(|| unauthorized("the x-ms-date header is missing"))?;
        let (kind, link) = call.target.signed_as();
        let verb = call.method.as_str().to_ascii_lowercase();
        let [own, other] = match own {
            Some(own) => [own.to_ascii_lowercase(), String::new()],
            None => [String::new(), date.to_ascii_lowercase()],
        };
        let payload = format!("{verb}\n{kind}\n{link}\n{own}\n{other}\n");
        let given = STANDARD.decode(signature).unwrap_or_default();
        let mac = self.primary.clone().chain_update(payload.as_bytes());
        mac.verify_slice(&given).map_err(|_| {
            let payload = payload.replace('\n', "\\n");
            unauthorized(&format!(
                "the signature does not verify with the account's key; what it should cover is \
                 '{payload}'"
            ))
        })?;
        check_date(date, now)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

fn check_date(date: &str, now: Timestamp) -> Result<(), Refusal> {
    let start = http_date(date);
    let start = start.ok_or_else(|| unauthorized(&format!("the date '{date}' is no HTTP date")))?;
    if DATE_TOLERANCE < now.duration_since(start).abs() {
        let end = start.saturating_add(DATE_TOLERANCE).unwrap_or(Timestamp::MAX);
        return Err(Refusal::Forbidden(format!(
            "the authorization token is not valid at the current time; create another one and \
             retry (token start time: {start}, token expiry time: {end}, current server time: {now})"
        )));
    }
    Ok(())
}

/// Reads a date as HTTP headers write it.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    Timestamp::try_from(date).ok()
}

fn check_token(token: &str, now: Timestamp) -> Result<(), Refusal> {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    });
    let (header, claims) = (parts.next().flatten(), parts.next().flatten());
    let (Some(_), Some(claims), 3) = (header, claims, token.split('.').count()) else {
        return Err(unauthorized("the bearer token is no JWT"));
    };
    let audience = claims.get("aud").and_then(Value::as_str).unwrap_or_default();
    if !is_ours(audience) {
        return Err(unauthorized(&format!(
            "the bearer token is for '{audience}'; right would be 'https://cosmos.azure.com'"
        )));
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = now.as_second();
    match (time("exp"), time("nbf")) {
        (None, _) => Err(unauthorized("the bearer token has no 'exp'")),
        (Some(end), _) if end <= now => Err(unauthorized("the bearer token has expired")),
        (_, Some(start)) if now + DATE_TOLERANCE.as_secs() < start => {
            Err(unauthorized("the bearer token is not valid yet"))
        }
        (Some(_), _) => Ok(()),
    }
}

/// Whom a token may be for: Cosmos DB (by its address or, in tokens of version 2, its id), one
/// account of it, or an emulator.
fn is_ours(audience: &str) -> bool {
    let host = audience.strip_prefix("https://").map(|rest| rest.trim_end_matches('/'));
    let host = host.map(|host| host.split_once(':').map_or(host, |(host, _)| host));
    audience == SERVICE_ID
        || host.is_some_and(|host| {
            ["cosmos.azure.com", "localhost", "127.0.0.1", "localhost.localhost"].contains(&host)
                || host.ends_with(".documents.azure.com")
        })
}

/// Entra ID reaches the data only.
fn check_plane(call: &Call) -> Result<(), Refusal> {
    let reads = call.method == Method::GET || call.is_query();
    match &call.target {
        Target::Databases
        | Target::Database(_)
        | Target::Containers(_)
        | Target::Container(_)
        | Target::Offers
        | Target::Offer(_)
            if !reads =>
        {
            Err(Refusal::Denied(
                "a token of Entra ID does not allow to change databases, containers or offers; \
                 use the account's key"
                    .to_owned(),
            ))
        }
        Target::Account
        | Target::Databases
        | Target::Database(_)
        | Target::Containers(_)
        | Target::Container(_)
        | Target::Items(_)
        | Target::Item(..)
        | Target::Ranges(_)
        | Target::KeyDelete(_)
        | Target::Conflicts(_)
        | Target::Conflict(..)
        | Target::Offers
        | Target::Offer(_) => Ok(()),
    }
}

fn unauthorized(message: &str) -> Refusal {
    Refusal::Unauthorized(message.to_owned())
}
