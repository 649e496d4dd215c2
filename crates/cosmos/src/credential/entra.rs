//! Tokens of Entra ID: a managed identity on Azure, the developer's login elsewhere.
//!
//! The credential itself is made at the first call, not at construction: that would cost
//! start-up time, and fail where nobody is there yet to retry. A token is kept until five
//! minutes before it expires (a short-lived one for three quarters of its life), for asking the
//! Azure command line takes a process. While one call fetches the next token the others go on with
//! the old one, and where none can be had so does that call: no call fails before the token has
//! expired.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tracing::warn;

/// An identity, and the token it last got.
pub struct Entra {
    source: Source,
    credential: Mutex<Option<Arc<dyn TokenCredential>>>,
    token: RwLock<Option<Token>>,
}

/// No token could be had: retry later, it may be the network or a login that expired.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The identity refused or could not be asked.
    #[error("no token from Entra ID")]
    Refused(#[source] azure_core::Error),
    /// The token has characters that no header can carry.
    #[error("the token from Entra ID is malformed")]
    Malformed,
}

#[derive(Debug, Clone)]
enum Source {
    Managed { client_id: Option<String> },
    Developer,
    Given,
}

struct Token {
    header: HeaderValue,
    renew_at: Timestamp,
    expires: Timestamp,
}

/// What there is to come in with.
enum Kept {
    Fresh(HeaderValue),
    /// It still holds, and is to be renewed.
    Aging(HeaderValue),
    Nothing,
}

impl Entra {
    /// The managed identity of the app, or the one of this client id.
    pub fn managed(client_id: Option<String>) -> Self {
        Self::from_source(Source::Managed { client_id }, None)
    }

    /// The login of the developer's tools (`az login`, `azd auth login`).
    pub fn developer() -> Self {
        Self::from_source(Source::Developer, None)
    }

    /// A credential made elsewhere.
    pub fn given(credential: Arc<dyn TokenCredential>) -> Self {
        Self::from_source(Source::Given, Some(credential))
    }

    fn from_source(source: Source, credential: Option<Arc<dyn TokenCredential>>) -> Self {
        Self { source, credential: Mutex::new(credential), token: RwLock::new(None) }
    }

    /// The `authorization` header that holds at this instant.
    pub(crate) async fn header(&self, now: Timestamp) -> Result<HeaderValue, TokenError> {
        let (old, mut credential) = match self.kept(now) {
            Kept::Fresh(header) => return Ok(header),
            Kept::Aging(header) => match self.credential.try_lock() {
                Ok(credential) => (Some(header), credential),
                // Another call fetches the next one.
                Err(_) => return Ok(header),
            },
            Kept::Nothing => (None, self.credential.lock().await),
        };
        // Another call may have fetched it while this one waited.
        if let Kept::Fresh(header) = self.kept(now) {
            return Ok(header);
        }
        let fetched = Box::pin(self.fetch(&mut credential, now));
        let Some(old) = old else { return fetched.await };
        match tokio::time::timeout(RENEW_WITHIN, fetched).await {
            Ok(Ok(header)) => return Ok(header),
            Ok(Err(error)) => warn!("cannot renew the token yet: {}", domain::Chain(&error)),
            Err(_) => warn!("cannot renew the token yet: no answer within {RENEW_WITHIN:?}"),
        }
        self.postpone(now);
        Ok(old)
    }

    async fn fetch(
        &self,
        credential: &mut Option<Arc<dyn TokenCredential>>,
        now: Timestamp,
    ) -> Result<HeaderValue, TokenError> {
        let asked = match credential.as_ref() {
            Some(known) => Arc::clone(known),
            None => Arc::clone(credential.insert(self.source.make().map_err(TokenError::Refused)?)),
        };
        let token = asked.get_token(&[SCOPE], None).await.map_err(TokenError::Refused)?;
        let expires = Timestamp::from_second(token.expires_on.unix_timestamp())
            .map_err(|_| TokenError::Malformed)?;
        let header = header_of(token.token.secret())?;
        let life = now.duration_until(expires);
        let renew_at = expires - RENEW_BEFORE.min(life / 4);
        let mut kept = self.token.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Token { header: header.clone(), renew_at, expires });
        Ok(header)
    }

    /// Who the token speaks for, as it says itself: a login name, or the id of an app.
    pub(crate) async fn who(&self, now: Timestamp) -> Result<Option<String>, TokenError> {
        let header = self.header(now).await?;
        Ok(header.to_str().ok().and_then(|text| text.strip_prefix(PREFIX)).and_then(who_of))
    }

    /// Forgets the token: the service refused it. So does a credential that was made here: it keeps
    /// its token too, and would hand out the refused one until shortly before that expires.
    pub(crate) fn forget(&self) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = None;
        match (&self.source, self.credential.try_lock()) {
            (Source::Managed { .. } | Source::Developer, Ok(mut credential)) => *credential = None,
            // Somebody fetches another one just now.
            (Source::Managed { .. } | Source::Developer, Err(_)) | (Source::Given, _) => {}
        }
    }

    fn kept(&self, now: Timestamp) -> Kept {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        match token.as_ref() {
            Some(token) if now < token.renew_at => Kept::Fresh(token.header.clone()),
            Some(token) if now < token.expires => Kept::Aging(token.header.clone()),
            Some(_) | None => Kept::Nothing,
        }
    }

    /// Lets the old token do for a while before the next attempt to renew it.
    fn postpone(&self, now: Timestamp) {
        let mut token = self.token.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = token.as_mut() {
            let left = now.duration_until(token.expires);
            token.renew_at = now + (left / 4).min(PAUSE_MAX);
        }
    }
}

impl Source {
    fn make(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        crate::tls::prepare();
        match self {
            Self::Managed { client_id } => {
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    ..ManagedIdentityCredentialOptions::default()
                };
                let made: Arc<dyn TokenCredential> = ManagedIdentityCredential::new(Some(options))?;
                Ok(made)
            }
            Self::Developer | Self::Given => {
                let made: Arc<dyn TokenCredential> = DeveloperToolsCredential::new(None)?;
                Ok(made)
            }
        }
    }
}

fn header_of(token: &str) -> Result<HeaderValue, TokenError> {
    let text = format!("{PREFIX}{token}");
    let mut header = HeaderValue::try_from(text).map_err(|_| TokenError::Malformed)?;
    header.set_sensitive(true);
    Ok(header)
}

/// The claims of a token, as far as they name somebody: people by name, apps by id.
fn who_of(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let claims: serde_json::Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let claim = |name: &&str| claims.get(name)?.as_str().filter(|text| !text.is_empty());
    let found = ["preferred_username", "upn", "unique_name", "app_displayname", "appid", "oid"];
    found.iter().find_map(claim).map(str::to_owned)
}

impl fmt::Debug for Entra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entra").field("source", &self.source).finish_non_exhaustive()
    }
}

/// `type=aad&ver=1.0&sig=`, percent-encoded; a token (base64url and dots) needs none.
const PREFIX: &str = "type%3Daad%26ver%3D1.0%26sig%3D";
const SCOPE: &str = "https://cosmos.azure.com/.default";
/// Longer than any call with all its retries, so that no token expires in flight.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// How long a call waits for the next token while the old one still holds: a caller of the API
/// waits with it.
const RENEW_WITHIN: Duration = Duration::from_secs(3);
/// The longest pause between two attempts to renew.
const PAUSE_MAX: SignedDuration = SignedDuration::from_secs(15);

#[cfg(test)]
mod tests;
