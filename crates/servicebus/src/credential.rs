//! What opens the namespace: a shared key, or Entra ID. Either yields tokens for `$cbs`. A broker
//! of another make on this machine has no `$cbs`: there a login opens the connection itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use domain::Timestamp;
use reqwest::header::HeaderValue;

mod entra;
mod sas;

use entra::Entra;
pub use entra::{CredentialError, Identity};
pub(crate) use sas::SharedKey;

/// What opens the namespace. Shows no secret.
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    SharedKey(SharedKey),
    Entra(Arc<Entra>),
    Login(Login),
}

/// How SASL opens a connection to a broker that knows no `$cbs`. Shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// ANONYMOUS.
    Anonymous,
    /// PLAIN.
    Plain {
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Plain { user, password: _ } => write!(f, "Plain({user})"),
        }
    }
}

impl Credential {
    /// Entra ID. Asks nobody yet.
    ///
    /// # Errors
    ///
    /// When the platform supports no identity of this kind.
    pub fn entra(identity: Identity) -> Result<Self, CredentialError> {
        Ok(Self(Kind::Entra(Arc::new(Entra::of(identity)?))))
    }

    /// Any other source of Entra ID tokens, such as a workload identity.
    pub fn from_source(source: Arc<dyn TokenCredential>) -> Self {
        Self(Kind::Entra(Arc::new(Entra::given(source))))
    }

    /// A login at a broker that is not Service Bus; see [`Namespace::on_this_machine`].
    ///
    /// [`Namespace::on_this_machine`]: crate::Namespace::on_this_machine
    pub fn login(login: Login) -> Self {
        Self(Kind::Login(login))
    }

    pub(crate) fn shared_key(key: SharedKey) -> Self {
        Self(Kind::SharedKey(key))
    }

    /// The login that opens the connection, where no token does.
    pub(crate) fn as_login(&self) -> Option<&Login> {
        match &self.0 {
            Kind::Login(login) => Some(login),
            Kind::SharedKey(_) | Kind::Entra(_) => None,
        }
    }

    /// A token for one resource; `None` where a login has opened everything already. `life` bounds
    /// the tokens that are made here; Entra ID sets its own.
    pub(crate) async fn token(
        &self,
        audience: &str,
        now: Timestamp,
        life: Duration,
    ) -> Result<Option<Token>, azure_core::Error> {
        match &self.0 {
            Kind::SharedKey(key) => {
                let expires = now.saturating_add(life).unwrap_or(Timestamp::MAX);
                let text = key.token(audience, expires.as_second());
                Ok(Some(Token { text, kind: TokenKind::SharedAccess, life }))
            }
            Kind::Login(_) => Ok(None),
            Kind::Entra(entra) => {
                let token = entra.token().await?;
                let left = token.expires_on.unix_timestamp().saturating_sub(now.as_second());
                let life = Duration::from_secs(u64::try_from(left).unwrap_or(0));
                let text = token.token.secret().to_owned();
                Ok(Some(Token { text, kind: TokenKind::Jwt, life }))
            }
        }
    }
}

impl Credential {
    /// Takes note that the service refused the last token: the next one is to be another.
    pub(crate) fn refused(&self) {
        match &self.0 {
            Kind::Entra(entra) => entra.refused(),
            Kind::SharedKey(_) | Kind::Login(_) => (),
        }
    }

    /// Whether there may be another token after one that was refused; a key makes the same again.
    pub(crate) fn has_another(&self) -> bool {
        matches!(self.0, Kind::Entra(_))
    }

    /// What opens a resource of the administration interface, as its `Authorization` says it.
    pub(crate) async fn bearer(
        &self,
        audience: &str,
        now: Timestamp,
    ) -> Result<HeaderValue, azure_core::Error> {
        let broken = |why: &'static str| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, why)
        };
        let token = self.token(audience, now, BEARER_LIFE).await?;
        let Some(Token { text, kind, life: _ }) = token else {
            return Err(broken("a login of AMQP opens no administration interface"));
        };
        let text = match kind {
            TokenKind::SharedAccess => text,
            TokenKind::Jwt => format!("Bearer {text}"),
        };
        let header = HeaderValue::try_from(text);
        let mut header =
            header.map_err(|_| broken("the token has characters that no header can carry"))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// Longer than one request and its answer take, with clocks that differ.
const BEARER_LIFE: Duration = Duration::from_mins(5);

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::SharedKey(key) => key.fmt(f),
            Kind::Entra(entra) => entra.fmt(f),
            Kind::Login(login) => login.fmt(f),
        }
    }
}

/// A token on its way to `$cbs`. Shows itself to nobody.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: TokenKind,
    /// How long it is good for, from when it was asked for.
    pub(crate) life: Duration,
}

impl Token {
    /// How long to wait with the renewal: three quarters of the life, as the SDKs do, so that a
    /// quarter is left for a broker that is away just then.
    pub(crate) fn renew_after(&self) -> Duration {
        self.life.mul_f64(0.75)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:?}, {:?})", self.kind, self.life)
    }
}

/// What kind of token `$cbs` is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    SharedAccess,
    Jwt,
}

impl TokenKind {
    /// The kind's name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SharedAccess => "servicebus.windows.net:sastoken",
            Self::Jwt => "jwt",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use azure_core::credentials::{AccessToken, Secret, TokenRequestOptions};
    use azure_core::time::OffsetDateTime;

    use super::*;

    #[derive(Debug)]
    struct Fixed;

    impl TokenCredential for Fixed {
        // Written out, since this is all that `async-trait` would be needed for.
        fn get_token<'a, 'b, 'c, 'd, 'f>(
            &'a self,
            scopes: &'b [&'c str],
            _: Option<TokenRequestOptions<'d>>,
        ) -> Pin<Box<dyn Future<Output = azure_core::Result<AccessToken>> + Send + 'f>>
        where
            Self: 'f,
            'a: 'f,
            'b: 'f,
            'c: 'f,
            'd: 'f,
        {
            assert_eq!(scopes, ["https://servicebus.azure.net/.default"]);
            let expires = OffsetDateTime::from_unix_timestamp(1_000_600).unwrap();
            Box::pin(async move { Ok(AccessToken::new(Secret::new("s3cret"), expires)) })
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn an_entra_token_is_a_jwt_that_lives_as_long_as_entra_says() {
        let credential = Credential::from_source(Arc::new(Fixed));
        let hour = Duration::from_hours(1);
        let token = credential.token("sb://x/orders", at(1_000_000), hour).await.unwrap().unwrap();
        assert_eq!((token.text.as_str(), token.kind.as_str()), ("s3cret", "jwt"));
        assert_eq!(token.renew_after(), Duration::from_secs(450));
    }

    #[tokio::test]
    async fn an_expired_token_is_to_be_renewed_at_once() {
        let credential = Credential::from_source(Arc::new(Fixed));
        let token = credential.token("x", at(2_000_000), Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(token.renew_after(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_shared_key_makes_tokens_of_the_asked_life() {
        let credential = Credential::shared_key(SharedKey::new("send", "key"));
        let token =
            credential.token("x", at(1_000), Duration::from_mins(1)).await.unwrap().unwrap();
        assert!(token.text.contains("&se=1060&"), "{}", token.text);
        assert_eq!(token.kind.as_str(), "servicebus.windows.net:sastoken");
    }

    #[tokio::test]
    async fn a_login_needs_no_token_and_shows_no_password() {
        let plain = Login::Plain { user: "guest".to_owned(), password: "s3cret".to_owned() };
        let credential = Credential::login(plain);
        assert!(credential.token("x", at(0), Duration::ZERO).await.unwrap().is_none());
        assert_eq!(format!("{credential:?}"), "Plain(guest)");
    }

    #[tokio::test]
    async fn neither_credential_nor_token_shows_its_secret() {
        let credential = Credential::shared_key(SharedKey::new("send", "s3cret"));
        let token = credential.token("x", at(0), Duration::from_secs(1)).await.unwrap().unwrap();
        let shown = format!("{credential:?} {token:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("sig="), "{shown}");
    }
}
