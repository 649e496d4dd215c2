//! One attempt: dated and signed for its instant, sent to one region, counted.

use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use jiff::Timestamp;

use super::Client;
use crate::account::{Access, Endpoint};
use crate::caches::Caches;
use crate::credential::{Credential, Date, ToSign};
use crate::failure::{Failure, Invalid, Why};
use crate::outcome::{NoAnswer, Refusal, Reply};
use crate::request::Request;
use crate::verdict::{Came, leaves_open};

/// What came of one attempt.
pub(super) enum Attempted {
    Done(Reply),
    Failed(Failed),
}

/// What came of one attempt that was no success.
pub(super) enum Failed {
    Refused(Refusal),
    Silent(NoAnswer),
}

impl Client {
    /// One attempt in one region, signed for this instant, in the time that is left.
    pub(super) async fn attempt(
        &self,
        request: &Request,
        caches: &Caches,
        region: &Endpoint,
        left: Duration,
    ) -> Result<Attempted, Failure> {
        let now = now();
        let date = Date::of(now);
        let mut headers = request.headers.clone();
        headers.insert(header::AUTHORIZATION, self.authorization(request, now, &date).await?);
        headers.insert(X_MS_DATE, value(date.as_str())?);
        headers.insert(X_MS_VERSION, API_VERSION);
        headers.insert(X_MS_CAPABILITIES, MERGES_UNDERSTOOD);
        headers.insert(header::ACCEPT, JSON);
        if let Some(token) = self.session_token(request, caches) {
            headers.insert(X_MS_SESSION_TOKEN, value(&token)?);
        }
        self.meter.sent(request.kind);
        let sent = self.transport.attempt(region.at(&request.path), request, headers, left).await;
        let reply = match sent {
            Ok(reply) => reply,
            Err(silence) => return Ok(Attempted::Failed(Failed::Silent(silence))),
        };
        let (status, charge) = (reply.status.as_u16(), reply.charge_milli());
        self.meter.answered(request.kind, charge, status == 429);
        tracing::debug!(kind = ?request.kind, %region, status, charge, "answered");
        if reply.is_success() {
            caches.capture(&reply);
            return Ok(Attempted::Done(reply));
        }
        let refusal = reply.refusal();
        if (refusal.status, refusal.substatus) != REPLICA_BEHIND {
            caches.capture(&reply);
        }
        Ok(Attempted::Failed(Failed::Refused(refusal)))
    }

    async fn authorization(
        &self,
        request: &Request,
        now: Timestamp,
        date: &Date,
    ) -> Result<HeaderValue, Failure> {
        match &self.credential {
            Credential::Key(key) => {
                let Request { method, resource, link, .. } = request;
                let mut signed = value(&key.sign(ToSign { method, resource, link }, date))?;
                signed.set_sensitive(true);
                Ok(signed)
            }
            Credential::Entra(entra) => {
                entra.header(now).await.map_err(|error| Failure::unsent(Why::NoToken(error)))
            }
        }
    }

    /// Reads say what they must see. Writes go to the write region, which is never behind,
    /// unless every region takes writes.
    fn session_token(&self, request: &Request, caches: &Caches) -> Option<String> {
        let needed = match request.access {
            Access::Read => true,
            Access::Write => self.regions().write_everywhere(),
        };
        if needed { caches.session_token(&request.scope) } else { None }
    }
}

impl Failed {
    pub(super) fn came(&self) -> Came<'_> {
        match self {
            Self::Refused(refusal) => Came::Refusal(refusal),
            Self::Silent(NoAnswer::NotSent(_)) => Came::NotSent,
            Self::Silent(NoAnswer::Lost(_) | NoAnswer::TooLong) => Came::Silence,
        }
    }

    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    pub(super) fn may_have_happened(&self) -> bool {
        match self {
            Self::Refused(refusal) => leaves_open(refusal),
            Self::Silent(NoAnswer::NotSent(_)) => false,
            Self::Silent(NoAnswer::Lost(_) | NoAnswer::TooLong) => true,
        }
    }

    /// Ranges that are gone must not be used for the next call.
    pub(super) fn forget_what_is_gone(&self, caches: &Caches) {
        match self {
            Self::Refused(Refusal { status: 410, .. }) => caches.forget_ranges(),
            Self::Refused(
                Refusal { status: 404, substatus: 1003, .. }
                | Refusal { status: 400, substatus: 1024, .. },
            ) => caches.forget(),
            Self::Refused(_) | Self::Silent(_) => {}
        }
    }

    pub(super) fn into_failure(self, open: bool) -> Failure {
        match self {
            Self::Refused(refusal) => Failure::refused(refusal, open),
            Self::Silent(silence) => Failure::unanswered(silence, open),
        }
    }
}

/// Every attempt is signed with the instant at which it is sent.
#[expect(clippy::disallowed_methods, reason = "the loop that sends is where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Dates, signatures and tokens are ASCII; if one were not, the request would not be sent.
fn value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text)
        .map_err(|error| Failure::unsent(Why::Invalid(Invalid::Header(error.to_string()))))
}

const X_MS_DATE: HeaderName = HeaderName::from_static("x-ms-date");
const X_MS_VERSION: HeaderName = HeaderName::from_static("x-ms-version");
const X_MS_SESSION_TOKEN: HeaderName = HeaderName::from_static("x-ms-session-token");
const X_MS_CAPABILITIES: HeaderName =
    HeaderName::from_static("x-ms-cosmos-sdk-supportedcapabilities");
/// The version that the official clients speak.
const API_VERSION: HeaderValue = HeaderValue::from_static("2020-07-15");
/// Without it the service hides merged partitions from a client.
const MERGES_UNDERSTOOD: HeaderValue = HeaderValue::from_static("1");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The one answer whose session token is older than what was asked for.
const REPLICA_BEHIND: (u16, u16) = (404, 1002);
