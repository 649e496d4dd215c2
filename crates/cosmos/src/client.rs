//! One account: sends requests, attempt by attempt, until the verdict says stop.

mod attempt;

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use tokio::time::Instant;

use crate::account::{Access, AccountDocument, Endpoint, Regions};
use crate::caches::Caches;
use crate::credential::Credential;
use crate::failure::Failure;
use crate::meter::Meter;
use crate::outcome::Reply;
use crate::request::Request;
use crate::transport::Transport;
use crate::verdict::{Next, Patience, SoFar, after};
use attempt::Attempted;

/// A connection to one account. Made without any I/O; share it.
#[derive(Debug)]
pub struct Client {
    account: Endpoint,
    transport: Transport,
    credential: Credential,
    regions: RwLock<Regions>,
    meter: Meter,
    patience: Patience,
    /// For requests that belong to no container.
    no_caches: Caches,
}

/// No client can be made: the TLS of this machine is unusable.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS")]
pub struct NoTls(#[source] reqwest::Error);

/// One call over its attempts.
struct Call {
    started: Instant,
    attempts: u32,
    regions_skipped: usize,
    renewed: bool,
    /// Whether an attempt may have taken effect.
    open: bool,
}

impl Client {
    /// A client of this account. Nothing is sent and nobody is asked yet.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub fn new(
        endpoint: Endpoint,
        credential: Credential,
        patience: Patience,
    ) -> Result<Self, NoTls> {
        Ok(Self {
            account: endpoint.clone(),
            transport: Transport::new(endpoint.is_plain()).map_err(NoTls)?,
            credential,
            regions: RwLock::new(Regions::only(endpoint)),
            meter: Meter::default(),
            patience,
            no_caches: Caches::default(),
        })
    }

    /// What was asked and charged so far.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The host name of the account, as it was configured.
    pub fn host(&self) -> String {
        self.account.host()
    }

    /// Who this client is in Entra ID, as its token says; none with an account key.
    ///
    /// # Errors
    ///
    /// [`crate::Why::NoToken`] where no token can be had.
    pub async fn who(&self, now: jiff::Timestamp) -> Result<Option<String>, Failure> {
        match &self.credential {
            Credential::Key(_) => Ok(None),
            Credential::Entra(entra) => {
                entra.who(now).await.map_err(|error| Failure::unsent(crate::Why::NoToken(error)))
            }
        }
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Reads the account document anew: its regions decide where calls go.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`crate::Why`].
    pub async fn learn_regions(&self, patience: Patience) -> Result<(), Failure> {
        let reply = self.send(&Request::account(), &self.no_caches, patience).await?;
        self.take_over(&reply)
    }

    /// Sends a request until it succeeds or the verdict says stop.
    pub(crate) async fn send(
        &self,
        request: &Request,
        caches: &Caches,
        patience: Patience,
    ) -> Result<Reply, Failure> {
        let mut call = Call::new();
        loop {
            let region = self.region(request.access, call.regions_skipped);
            call.attempts += 1;
            let left = patience.total_max.saturating_sub(call.started.elapsed());
            let came = match self.attempt(request, caches, &region, left).await? {
                Attempted::Done(reply) => return Ok(Reply { open: call.open, ..reply }),
                Attempted::Failed(failed) => failed,
            };
            call.open |= request.access == Access::Write && came.may_have_happened();
            let how = (request.route(), request.repeat);
            came.forget_what_is_gone(caches);
            match after(came.came(), how, self.so_far(&call), patience) {
                Next::Stop => return Err(came.into_failure(call.open)),
                Next::Again(pause) => tokio::time::sleep(pause).await,
                Next::Elsewhere(pause) => {
                    call.regions_skipped += 1;
                    tokio::time::sleep(pause).await;
                }
                Next::AskAccount(pause) => {
                    self.leave(&region, came.is_answer()).await;
                    call.regions_skipped = 0;
                    tokio::time::sleep(pause).await;
                }
                Next::Renew => {
                    call.renewed = true;
                    caches.forget();
                    self.forget_token();
                }
            }
            tracing::debug!(kind = ?request.kind, attempt = call.attempts, "trying again");
        }
    }

    /// A region failed: asks where the account writes now, and tries that region last. A
    /// region that cannot be reached is not asked; one that refuses writes is, for it knows.
    async fn leave(&self, failed: &Endpoint, reachable: bool) {
        tracing::warn!(region = %failed, "a region failed; asking where the account writes");
        let known = self.regions().to_ask();
        for endpoint in known.iter().filter(|endpoint| reachable || *endpoint != failed) {
            let request = Request::account();
            let left = self.patience.total_max;
            let asked = self.attempt(&request, &self.no_caches, endpoint, left).await;
            let Ok(Attempted::Done(reply)) = asked else { continue };
            if self.take_over(&reply).is_ok() {
                break;
            }
        }
        self.regions.write().unwrap_or_else(PoisonError::into_inner).demote(failed);
    }

    fn take_over(&self, reply: &Reply) -> Result<(), Failure> {
        let document: AccountDocument =
            serde_json::from_slice(&reply.body).map_err(Failure::unreadable)?;
        self.regions.write().unwrap_or_else(PoisonError::into_inner).learn(&document);
        Ok(())
    }

    fn region(&self, access: Access, skipped: usize) -> Endpoint {
        self.regions().pick(access, skipped).clone()
    }

    fn regions(&self) -> RwLockReadGuard<'_, Regions> {
        self.regions.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn so_far(&self, call: &Call) -> SoFar {
        SoFar {
            attempts: call.attempts,
            elapsed: call.started.elapsed(),
            renewed: call.renewed,
            by_token: matches!(self.credential, Credential::Entra(_)),
            jitter: fastrand::f64(),
        }
    }

    fn forget_token(&self) {
        match &self.credential {
            Credential::Key(_) => {}
            Credential::Entra(entra) => entra.forget(),
        }
    }
}

impl Call {
    fn new() -> Self {
        let started = Instant::now();
        Self { started, attempts: 0, regions_skipped: 0, renewed: false, open: false }
    }
}
