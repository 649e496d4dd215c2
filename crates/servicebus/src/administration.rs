//! What the namespace says of its entities: the administration interface, ATOM over HTTPS.
//!
//! AMQP tells nothing of how an entity was made. Only ever read here; entities are made by Bicep.

mod description;

use std::time::Duration;

use domain::{Fault, Timestamp};
use reqwest::{StatusCode, header, redirect};
use url::Url;

use crate::account::Account;
use crate::namespace::{Problem, Problems, Transport};
pub use description::{Subscription, Topic};

/// Reads how the entities of a namespace were made. Shows no secret.
#[derive(Debug)]
pub struct Administration {
    http: reqwest::Client,
    base: Url,
    account: Account,
}

impl Administration {
    /// The interface of this account's namespace; `SERVICEBUS_ADMIN` says where it is where the
    /// namespace is an emulator on this machine. No I/O.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, and what would be right.
    pub fn from_variables(
        account: Account,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Problems> {
        let given = variable(ADMIN).filter(|given| !given.trim().is_empty());
        let base = base(&account, given.as_deref().map(str::trim))?;
        crate::tls::prepare();
        let http = reqwest::Client::builder()
            .user_agent(concat!("orders-outbox/", env!("CARGO_PKG_VERSION")))
            .timeout(ANSWER_MAX)
            .redirect(redirect::Policy::none());
        // On this machine certificates and proxies play no part.
        let is_plain = base.scheme() == "http";
        let http = if is_plain { http.no_proxy().tls_certs_only([]) } else { http };
        let http = http.build();
        let http = http.map_err(|error| Problem::new(ADMIN, error.to_string(), "working TLS"))?;
        Ok(Self { http, base, account })
    }

    /// How a topic was made; `None` where there is none of this name.
    ///
    /// # Errors
    ///
    /// Sorted by what to do; [`Fault::Misconfigured`] where the credential may not look.
    pub async fn topic(&self, name: &str, now: Timestamp) -> Result<Option<Topic>, Fault> {
        match self.get(name, name, now).await? {
            Some(text) => description::topic(&text).map_err(unreadable),
            None => Ok(None),
        }
    }

    /// How the subscriptions of a topic were made.
    ///
    /// # Errors
    ///
    /// Those of [`Administration::topic`].
    pub async fn subscriptions(
        &self,
        topic: &str,
        now: Timestamp,
    ) -> Result<Vec<Subscription>, Fault> {
        let mut all = Vec::new();
        loop {
            let path = format!("{topic}/subscriptions?$skip={}&$top={PAGE}", all.len());
            let Some(text) = self.get(&path, topic, now).await? else { return Ok(all) };
            let page = description::subscriptions(&text).map_err(unreadable)?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last || SUBSCRIPTIONS_MAX <= all.len() {
                return Ok(all);
            }
        }
    }

    /// The text at a path below the namespace; none where nothing is there.
    async fn get(&self, path: &str, entity: &str, now: Timestamp) -> Result<Option<String>, Fault> {
        let mut url = self.base.join(path).map_err(|error| Fault::Unavailable(error.into()))?;
        url.query_pairs_mut().append_pair("api-version", API_VERSION);
        let audience = format!("https://{}/{entity}", self.account.namespace());
        let token = self.account.credential().bearer(&audience, now).await;
        let token = token.map_err(|error| Fault::Unavailable(error.into()))?;
        let asked = self.http.get(url).header(header::AUTHORIZATION, token).send().await;
        let answer = asked.map_err(|error| Fault::Unavailable(error.without_url().into()))?;
        let status = answer.status();
        let text = answer.text().await;
        let text = text.map_err(|error| Fault::Unavailable(error.without_url().into()))?;
        match status {
            StatusCode::OK => Ok(Some(text)),
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Fault::Misconfigured {
                problem: format!(
                    "you may not look at {entity} ({status}): it takes a key with Manage, or the \
                     role Azure Service Bus Data Owner on the namespace"
                ),
            }),
            StatusCode::TOO_MANY_REQUESTS => Err(Fault::Throttled { after: None }),
            _ => Err(Fault::Unavailable(format!("the namespace answered {status}").into())),
        }
    }
}

fn base(account: &Account, given: Option<&str>) -> Result<Url, Problem> {
    let namespace = account.namespace();
    let is_here = namespace.transport() == Transport::Plain;
    let wrong = |wrong: String| Problem::new(ADMIN, wrong, RIGHT);
    let text = match (is_here, given) {
        (false, None) => format!("https://{}/", namespace.host()),
        (false, Some(_)) => {
            return Err(Problem::new(
                ADMIN,
                "it is for an emulator on this machine",
                "unset: a namespace on Azure is asked at its own address",
            ));
        }
        (true, None) => return Err(wrong("it is not set".to_owned())),
        (true, Some(text)) => text.to_owned(),
    };
    let url: Url =
        text.parse().map_err(|error| wrong(format!("`{text}` is no address: {error}")))?;
    let is_loopback = url.host_str().is_some_and(crate::namespace::is_loopback);
    if is_here && !(url.scheme() == "http" && is_loopback) {
        return Err(wrong(format!("`{text}` is not on this machine")));
    }
    Ok(url)
}

fn unreadable(error: String) -> Fault {
    Fault::Unavailable(format!("the namespace's answer cannot be read: {error}").into())
}

const ADMIN: &str = "SERVICEBUS_ADMIN";
const RIGHT: &str = "where the emulator serves it: `admin` of its ready line, such as \
                     `http://127.0.0.1:5300`";
const API_VERSION: &str = "2021-05";
/// What the SDKs ask for at once.
const PAGE: usize = 100;
/// The most that a topic may have.
const SUBSCRIPTIONS_MAX: usize = 2000;
/// A person waits.
const ANSWER_MAX: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    fn account(rest: &str) -> Account {
        let text = format!("SharedAccessKeyName=n;SharedAccessKey=k;{rest}");
        Account::from_connection_string(&text).unwrap()
    }

    fn emulated() -> Account {
        account("Endpoint=sb://127.0.0.1:5672;UseDevelopmentEmulator=true")
    }

    #[test]
    fn a_namespace_on_azure_is_asked_over_tls_at_its_own_address() {
        let account = account("Endpoint=sb://contoso.servicebus.windows.net");
        assert_eq!(
            base(&account, None).unwrap().as_str(),
            "https://contoso.servicebus.windows.net/"
        );
        assert!(base(&account, Some("http://127.0.0.1:1")).is_err());
    }

    #[test]
    fn an_emulator_says_where_it_serves_it_and_only_on_this_machine() {
        assert!(base(&emulated(), Some("http://127.0.0.1:5300")).is_ok());
        for wrong in [None, Some("http://example.com"), Some("https://127.0.0.1"), Some("x")] {
            let said = base(&emulated(), wrong).unwrap_err().to_string();
            assert!(said.starts_with("SERVICEBUS_ADMIN") && said.contains("5300"), "{said}");
        }
    }
}
