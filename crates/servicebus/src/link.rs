//! One connection to the namespace: opened, authorised and kept authorised.
//!
//! One TCP stream, one session, one pair of `$cbs` links (none where a login opens it all). Whoever
//! owns it attaches its links to the session, and renews the token when [`Connection::renew_at`]
//! has come.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use domain::Timestamp;
use fe2o3_amqp::Session;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp_cbs::client::CbsClient;
use fe2o3_amqp_cbs::token::CbsToken;
use fe2o3_amqp_types::primitives::Timestamp as AmqpTimestamp;
use tokio::time::Instant;

use crate::account::Account;
use crate::credential::Token;
use crate::tuning::Tuning;

mod dial;
mod trouble;

pub(crate) use trouble::Trouble;

/// An open connection whose token opens `address`.
pub(crate) struct Connection {
    handle: ConnectionHandle<()>,
    session: SessionHandle<()>,
    /// Where tokens are put, if the other side wants any.
    cbs: Option<CbsClient>,
    renew_at: Instant,
    /// When the broker forgets the token.
    expires_at: Instant,
}

/// A token on its way from whoever makes it.
pub(crate) type Fetch = Pin<Box<dyn Future<Output = Result<Option<Token>, Trouble>> + Send>>;

/// Asks for a token for `address`; no connection has to wait for it.
pub(crate) fn token(account: &Account, address: &str, tuning: &Tuning) -> Fetch {
    let (credential, audience) =
        (account.credential().clone(), account.namespace().audience(address));
    let (within, life) = (tuning.connect_within, tuning.token_life);
    Box::pin(async move {
        let asked = Box::pin(credential.token(&audience, now(), life));
        granted("an access token", within, asked).await
    })
}

impl Connection {
    /// Connects, opens a session and presents a token for `address`.
    pub(crate) async fn open(
        account: &Account,
        address: &str,
        tuning: &Tuning,
    ) -> Result<Self, Trouble> {
        let within = tuning.connect_within;
        let dialled = Box::pin(dial::dial(account, tuning.silence_max));
        let mut handle = granted("a connection", within, dialled).await?;
        let mut session =
            granted("a session", within, Box::pin(Session::begin(&mut handle))).await?;
        let cbs = if account.credential().as_login().is_some() {
            None
        } else {
            let attach = Box::pin(CbsClient::attach(&mut session));
            Some(granted("a link to $cbs", within, attach).await?)
        };
        let mut connection =
            Self { handle, session, cbs, renew_at: Instant::now(), expires_at: Instant::now() };
        connection.authorize(account, address, tuning).await?;
        Ok(connection)
    }

    /// Presents a fresh token for `address`; where Entra ID's is refused another, once: it may have
    /// come from a cache.
    pub(crate) async fn authorize(
        &mut self,
        account: &Account,
        address: &str,
        tuning: &Tuning,
    ) -> Result<(), Trouble> {
        let first = token(account, address, tuning).await?;
        match self.present(account, address, tuning, first).await {
            Err(Trouble::Said(_)) if account.credential().has_another() => {
                let second = token(account, address, tuning).await?;
                self.present(account, address, tuning, second).await
            }
            answer => answer,
        }
    }

    /// Presents a token for `address` that has been fetched.
    pub(crate) async fn present(
        &mut self,
        account: &Account,
        address: &str,
        tuning: &Tuning,
        token: Option<Token>,
    ) -> Result<(), Trouble> {
        let (Some(token), Some(cbs)) = (token, &mut self.cbs) else {
            self.renew_at = Instant::now() + NEVER;
            return Ok(());
        };
        let (renew_after, life) = (token.renew_after(), token.life);
        let expires = now().saturating_add(life).unwrap_or(Timestamp::MAX);
        let expires = AmqpTimestamp::from_milliseconds(expires.as_millisecond());
        let put = CbsToken::new(token.text, token.kind.as_str(), expires);
        let answered = Box::pin(cbs.put_token(account.namespace().audience(address), put));
        let answered = async { trouble::of_put_token(answered.await) };
        let answer = granted("an answer from $cbs", tuning.connect_within, answered).await;
        match &answer {
            Ok(()) => {
                self.renew_at = Instant::now() + renew_after;
                self.expires_at = Instant::now() + life;
            }
            Err(Trouble::Said(_)) => account.credential().refused(),
            Err(_) => (),
        }
        answer
    }

    /// Puts off a renewal that failed: the token put before still holds for a while. Says no where
    /// that is as good as over.
    pub(crate) fn postpone(&mut self) -> bool {
        let pause = self.expires_at.saturating_duration_since(Instant::now()) / 4;
        let is_worth_it = self.is_open() && PAUSE_MIN <= pause;
        if is_worth_it {
            self.renew_at = Instant::now() + pause.min(PAUSE_MAX);
        }
        is_worth_it
    }

    /// When the token is to be renewed.
    pub(crate) fn renew_at(&self) -> Instant {
        self.renew_at
    }

    /// Where links are attached.
    pub(crate) fn session(&mut self) -> &mut SessionHandle<()> {
        &mut self.session
    }

    /// Whether there is still someone at the other end, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.handle.is_closed() && !self.session.is_ended()
    }

    /// Says goodbye, and waits for it to be said back, but not for long.
    pub(crate) async fn close(mut self) {
        let goodbye = async {
            if let Some(cbs) = self.cbs {
                let _ = cbs.close().await;
            }
            let _ = self.session.end().await;
            let _ = self.handle.close().await;
        };
        let _ = tokio::time::timeout(GOODBYE_MAX, Box::pin(goodbye)).await;
    }
}

/// When a login is to be renewed: longer than any process lives.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// Between two attempts to renew a token: at most what an operator waits who has mended what kept
/// the identity away, and no less than lets the attempts end before the token does.
const PAUSE_MAX: Duration = Duration::from_secs(15);
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// How long a goodbye may take: the Functions host kills a handler 5 to 10 seconds after it asked
/// it to stop, and by then everything is settled already.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// Waits for something that the other side grants, but not for ever.
pub(crate) async fn granted<T, E>(
    what: &'static str,
    within: Duration,
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, Trouble>
where
    Trouble: From<E>,
{
    match tokio::time::timeout(within, asked).await {
        Ok(answer) => answer.map_err(Trouble::from),
        Err(_) => Err(Trouble::Silent { what, within }),
    }
}

/// Tokens expire by the wall clock; nothing else here looks at it.
#[expect(
    clippy::disallowed_methods,
    reason = "the loop that keeps the token fresh reads the clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
