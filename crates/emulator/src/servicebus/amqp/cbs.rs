//! `$cbs`: which tokens are taken, and what they grant.
//!
//! | token | taken if |
//! |---|---|
//! | `servicebus.windows.net:sastoken` | it has `sr`, `sig`, `se`, `skn`; `se` is to come; and, for the emulator's key name, `sig` is the HMAC of `sr` and `se` under its key |
//! | `jwt` | it is a SAS token as above (`azure-servicebus` calls them that), or has three base64url parts, a JSON payload, an `aud` that is Service Bus, and an `exp` that is to come |

use super::{request::Request, value::Ask};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use std::collections::HashMap;

/// The name of the emulator's one key, as Microsoft's emulator has it.
pub(crate) const KEY_NAME: &str = "RootManageSharedAccessKey";

/// The emulator's key: public, and known to every SDK sample.
pub(crate) const KEY: &str = "SAS_KEY_VALUE";

/// Access to an entity and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The path in lower case; empty for the whole namespace.
    pub(crate) path: String,
    /// Until when.
    pub(crate) until: Timestamp,
}

/// The answer to a put-token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Put {
    /// It grants this.
    Taken(Grant),
    /// It does not: the status and why.
    Refused(i32, &'static str),
}

/// A connection has put tokens for more paths than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Paths that the tokens of one connection may name; an SDK names one or two an entity.
const GRANTS_MAX: usize = 1_000;

/// What the tokens of one connection grant.
#[derive(Debug)]
pub(crate) struct Grants {
    trusted: bool,
    by_path: HashMap<String, Timestamp>,
    next_expiry: Option<Timestamp>,
}

impl Grants {
    /// No grants, or all of them for a client that SASL has shown to know the key.
    pub(crate) fn new(trusted: bool) -> Self {
        Self { trusted, by_path: HashMap::new(), next_expiry: None }
    }

    /// Adds a grant; a later token for the same path replaces an earlier one.
    ///
    /// # Errors
    /// If there are too many.
    pub(crate) fn add(&mut self, grant: Grant) -> Result<(), TooMany> {
        if GRANTS_MAX <= self.by_path.len() && !self.by_path.contains_key(&grant.path) {
            return Err(TooMany);
        }
        self.by_path.insert(grant.path, grant.until);
        self.next_expiry = self.by_path.values().min().copied();
        Ok(())
    }

    /// When the first of them ends.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.next_expiry
    }

    /// Forgets those that have ended.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.by_path.retain(|_, until| now < *until);
        self.next_expiry = self.by_path.values().min().copied();
    }

    /// Whether `path` is covered at `now`: by a grant for it or for something above it.
    pub(crate) fn cover(&self, path: &str, now: Timestamp) -> bool {
        let mut above = Some(path);
        while let Some(path) = above {
            if self.by_path.get(path).is_some_and(|until| now < *until) {
                return true;
            }
            above = path.rsplit_once('/').map(|(above, _)| above);
        }
        self.trusted || self.by_path.get("").is_some_and(|until| now < *until)
    }
}

/// Judges a put-token request.
pub(crate) fn put_token(request: &Request, now: Timestamp) -> Put {
    if request.property("operation") != Some("put-token") {
        return Put::Refused(400, "The operation is not put-token.");
    }
    let Some(name) = request.property("name") else {
        return Put::Refused(400, "The audience (name) is missing.");
    };
    let Some(token) = request.body.text() else {
        return Put::Refused(400, "The token is not a string.");
    };
    let is_sas = token.starts_with("SharedAccessSignature ");
    let until = match request.property("type") {
        Some("servicebus.windows.net:sastoken") => sas(token, name),
        Some("jwt") if is_sas => sas(token, name),
        Some("jwt") => jwt(token),
        Some(_) | None => Err((400, "The token type is neither a SAS token nor jwt.")),
    };
    match until {
        Ok(until) if until <= now => Put::Refused(401, "ExpiredToken: the token has expired."),
        Ok(until) => Put::Taken(Grant { path: path_of(name), until }),
        Err((status, why)) => Put::Refused(status, why),
    }
}

/// Judges the token of an HTTP request to `audience`.
///
/// # Errors
/// Why it is refused.
pub(crate) fn judge(token: &str, audience: &str, now: Timestamp) -> Result<(), &'static str> {
    let until = match token.strip_prefix("Bearer ") {
        Some(token) => jwt(token),
        None => sas(token, audience),
    };
    match until {
        Ok(until) if until <= now => Err("ExpiredToken: the token has expired."),
        Ok(_) => Ok(()),
        Err((_, why)) => Err(why),
    }
}

/// Until when a token is good, or the status and the reason of its refusal.
type Judged = Result<Timestamp, (i32, &'static str)>;

/// A SAS token that is not one.
const BAD_SAS: (i32, &str) = (401, "MalformedToken: the SAS token lacks sr, sig, se or skn.");
/// A SAS token that was not signed with the key it names.
const BAD_SIGNATURE: (i32, &str) = (401, "InvalidSignature: the token has an invalid signature.");
/// A SAS token put for something its resource does not cover.
const BAD_AUDIENCE: (i32, &str) = (401, "InvalidAudience: the token is for another entity.");
/// A JWT for another service.
const NOT_OURS: (i32, &str) =
    (401, "InvalidAudience: the JWT is not for https://servicebus.azure.net.");
/// What Service Bus itself is called in Entra ID.
const SERVICE_ID: &str = "80a10ef9-8168-493d-abf9-3297c4ef6e3c";
/// A JWT that is not one.
const BAD_JWT: (i32, &str) = (401, "MalformedToken: the JWT is malformed.");

/// Judges a SAS token that is put for `audience`.
fn sas(token: &str, audience: &str) -> Judged {
    let fields = token.strip_prefix("SharedAccessSignature ").ok_or(BAD_SAS)?;
    let fields: HashMap<_, _> =
        fields.split('&').filter_map(|field| field.split_once('=')).collect();
    let field = |key| fields.get(key).copied().ok_or(BAD_SAS);
    let (resource, signature, expiry) = (field("sr")?, field("sig")?, field("se")?);
    let key_name = percent_decode_str(field("skn")?).decode_utf8().map_err(|_| BAD_SAS)?;
    let seconds: i64 = expiry.parse().map_err(|_| BAD_SAS)?;
    let until = Timestamp::from_second(seconds).map_err(|_| BAD_SAS)?;
    let signature: Vec<u8> = percent_decode_str(signature).collect();
    let signature = STANDARD.decode(signature).map_err(|_| BAD_SAS)?;
    if key_name == KEY_NAME {
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).map_err(|_| BAD_SIGNATURE)?;
        mac.update(resource.as_bytes());
        mac.update(b"\n");
        mac.update(expiry.as_bytes());
        mac.verify_slice(&signature).map_err(|_| BAD_SIGNATURE)?;
    }
    let resource = percent_decode_str(resource).decode_utf8().map_err(|_| BAD_SAS)?;
    let (granted, asked) = (path_of(&resource), path_of(audience));
    let below = asked.strip_prefix(&granted);
    let below =
        below.is_some_and(|rest| granted.is_empty() || rest.is_empty() || rest.starts_with('/'));
    if below { Ok(until) } else { Err(BAD_AUDIENCE) }
}

/// Judges a JWT. Who signed it cannot be known here: any signature will do.
fn jwt(token: &str) -> Judged {
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        return Err(BAD_JWT);
    };
    let part = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).map_err(|_| BAD_JWT);
    part(signature)?;
    serde_json::from_slice::<serde_json::Value>(&part(header)?).map_err(|_| BAD_JWT)?;
    let payload: serde_json::Value =
        serde_json::from_slice(&part(payload)?).map_err(|_| BAD_JWT)?;
    let audience = payload.get("aud").and_then(serde_json::Value::as_str).unwrap_or_default();
    if !is_ours(audience) {
        return Err(NOT_OURS);
    }
    let expiry = payload.get("exp").and_then(serde_json::Value::as_i64).ok_or(BAD_JWT)?;
    Timestamp::from_second(expiry).map_err(|_| BAD_JWT)
}

/// Whom a JWT may be for: Service Bus (by its address or, in tokens of version 2, its id), or one
/// namespace of it.
fn is_ours(audience: &str) -> bool {
    let host = audience.strip_prefix("https://").map(|rest| rest.trim_end_matches('/'));
    audience == SERVICE_ID
        || host.is_some_and(|host| {
            host == "servicebus.azure.net" || host.ends_with(".servicebus.windows.net")
        })
}

/// The path of an audience such as `sb://host:port/entity`, in lower case and without a query.
fn path_of(audience: &str) -> String {
    let path = audience.split_once("://").map_or(audience, |(_, rest)| rest);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    path.trim_matches('/').to_lowercase()
}
