//! Entra ID: the token on the wire, and what happens when it is refused.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use cosmos::{Credential, Entra, PartitionKey, Why};

use crate::peer::{Peer, patience, reply};

/// Hands out `t1`, `t2`, …; or nothing.
#[derive(Debug, Default)]
struct Tokens {
    asked: AtomicU32,
    locked_out: bool,
}

type Answer<'a> = Pin<Box<dyn Future<Output = azure_core::Result<AccessToken>> + Send + 'a>>;

impl TokenCredential for Tokens {
    fn get_token<'a, 'b, 'c, 'd, 'e>(
        &'a self,
        _scopes: &'b [&'c str],
        _options: Option<TokenRequestOptions<'d>>,
    ) -> Answer<'e>
    where
        'a: 'e,
        'b: 'e,
        'c: 'e,
        'd: 'e,
        Self: 'e,
    {
        let n = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            if self.locked_out {
                let kind = azure_core::error::ErrorKind::Credential;
                return Err(azure_core::Error::with_message(kind, "run az login"));
            }
            let expires = OffsetDateTime::now_utc() + Duration::hours(1);
            Ok(AccessToken::new(format!("t{n}"), expires))
        })
    }
}

fn identity(tokens: Tokens) -> Credential {
    Credential::Entra(Entra::given(Arc::new(tokens)))
}

#[tokio::test]
async fn one_token_serves_many_calls() {
    let peer = Peer::start([reply(200, "{}"), reply(200, "{}")]).await;
    let container = peer.container_as(identity(Tokens::default()), patience());
    for _ in 0..2 {
        container.read(&PartitionKey::new("o"), "o").await.unwrap();
    }
    for asked in peer.asked() {
        assert_eq!(asked.header("authorization"), "type%3Daad%26ver%3D1.0%26sig%3Dt1");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let peer = Peer::start([reply(401, ""), reply(200, "{}"), reply(401, ""), reply(401, "")]);
    let peer = peer.await;
    let container = peer.container_as(identity(Tokens::default()), patience());
    container.read(&PartitionKey::new("o"), "o").await.unwrap();
    let asked = peer.asked();
    assert!(asked[0].header("authorization").ends_with("t1"));
    assert!(asked[1].header("authorization").ends_with("t2"));
    let failure = container.read(&PartitionKey::new("o"), "o").await.unwrap_err();
    assert!(matches!(failure.why, Why::Denied { status: 401, .. }), "{failure}");
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let peer = Peer::start([]).await;
    let tokens = Tokens { locked_out: true, ..Tokens::default() };
    let container = peer.container_as(identity(tokens), patience());
    let failure = container.read(&PartitionKey::new("o"), "o").await.unwrap_err();
    assert_eq!(
        domain::Chain(&failure).to_string(),
        "not logged in: no token from Entra ID: run az login"
    );
    assert!(peer.asked().is_empty());
}
