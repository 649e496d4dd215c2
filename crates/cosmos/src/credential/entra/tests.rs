//! A token is fetched once, kept, and renewed before it expires.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};

use azure_core::credentials::{AccessToken, TokenRequestOptions};
use azure_core::time::OffsetDateTime;

use super::*;

/// Hands out `token-1`, `token-2`, … each good for an hour from `T0`, then longer.
#[derive(Debug, Default)]
struct Counting {
    asked: AtomicI64,
    /// Refuses those after this many.
    most: Option<i64>,
}

type Answer<'a> = Pin<Box<dyn Future<Output = azure_core::Result<AccessToken>> + Send + 'a>>;

impl TokenCredential for Counting {
    fn get_token<'a, 'b, 'c, 'd, 'e>(
        &'a self,
        scopes: &'b [&'c str],
        _options: Option<TokenRequestOptions<'d>>,
    ) -> Answer<'e>
    where
        'a: 'e,
        'b: 'e,
        'c: 'e,
        'd: 'e,
        Self: 'e,
    {
        assert_eq!(scopes, ["https://cosmos.azure.com/.default"]);
        let n = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let expires = OffsetDateTime::from_unix_timestamp(T0 + n * 3600).unwrap();
        Box::pin(async move {
            if self.most.is_some_and(|most| most < n) {
                let kind = azure_core::error::ErrorKind::Credential;
                return Err(azure_core::Error::with_message(kind, "away"));
            }
            Ok(AccessToken::new(format!("token-{n}"), expires))
        })
    }
}

const T0: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(T0 + seconds).unwrap()
}

async fn header(entra: &Entra, seconds: i64) -> String {
    entra.header(at(seconds)).await.unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_kept_and_renewed_before_it_expires() {
    let entra = Entra::given(Arc::new(Counting::default()));
    assert_eq!(header(&entra, 0).await, "type%3Daad%26ver%3D1.0%26sig%3Dtoken-1");
    assert!(header(&entra, 3299).await.ends_with("token-1"));
    assert!(header(&entra, 3300).await.ends_with("token-2"));
}

#[tokio::test]
async fn a_renewal_that_fails_fails_no_call_while_the_old_token_holds() {
    let tokens = Arc::new(Counting { most: Some(1), ..Counting::default() });
    let entra = Entra::given(Arc::clone(&tokens) as Arc<dyn TokenCredential>);
    for (second, asked) in [(0, 1), (3300, 2), (3301, 2), (3320, 3), (3599, 4)] {
        assert!(header(&entra, second).await.ends_with("token-1"), "{second}");
        assert_eq!(tokens.asked.load(Ordering::SeqCst), asked, "{second}");
    }
    let error = entra.header(at(3600)).await.unwrap_err();
    assert_eq!(domain::Chain(&error).to_string(), "no token from Entra ID: away");
}

#[tokio::test]
async fn a_short_lived_token_is_kept_for_three_quarters_of_its_life() {
    let tokens = Arc::new(Counting::default());
    let entra = Entra::given(Arc::clone(&tokens) as Arc<dyn TokenCredential>);
    for (second, token) in [(3560, "token-1"), (3589, "token-1"), (3590, "token-2")] {
        assert!(header(&entra, second).await.ends_with(token), "{second}");
    }
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    let entra = Entra::given(Arc::new(Counting::default()));
    header(&entra, 0).await;
    entra.forget();
    assert!(header(&entra, 1).await.ends_with("token-2"));
}

#[tokio::test]
async fn no_token_is_printed() {
    let entra = Entra::given(Arc::new(Counting::default()));
    header(&entra, 0).await;
    assert!(!format!("{entra:?}").contains("token-1"));
}

#[test]
fn a_token_names_people_by_name_and_apps_by_id() {
    let token = |claims: &str| format!("h.{}.s", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let who = |claims: &str| who_of(&token(claims));
    assert_eq!(who(r#"{"upn":"ada@contoso.com","oid":"1"}"#).as_deref(), Some("ada@contoso.com"));
    assert_eq!(who(r#"{"appid":"a-7","oid":"1"}"#).as_deref(), Some("a-7"));
    assert_eq!(who(r#"{"oid":"1"}"#).as_deref(), Some("1"));
    assert_eq!(who(r#"{"upn":""}"#), None);
    assert_eq!(who_of("opaque"), None);
}
