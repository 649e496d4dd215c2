//! The monitored container: its partition key ranges, and pages of their change feeds.

use super::client::{Answer, Call, CosmosClient, Trouble};
use crate::functions::load::{CosmosTrigger, Start};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// One container and its change feed.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    client: CosmosClient,
    trigger: Arc<CosmosTrigger>,
}

/// A partition key range.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Range {
    pub(super) id: String,
    pub(super) min_inclusive: String,
    pub(super) max_exclusive: String,
    /// The ranges it came from, the oldest first.
    #[serde(default)]
    pub(super) parents: Vec<String>,
}

/// One read of a range's change feed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Documents, as a JSON array, and where to read on.
    Changes { documents: String, continuation: String },
    /// Nothing new, and where to read on.
    Idle { continuation: Option<String> },
    /// The range was split or merged.
    Gone,
}

/// The container's own ids, which lease ids hold.
#[derive(Debug, Deserialize)]
struct Resource {
    #[serde(rename = "_rid")]
    rid: String,
}

/// The body of `…/pkranges`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ranges {
    partition_key_ranges: Vec<Range>,
}

/// A page's body. The documents stay text: the handler gets them as they are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Documents<'a> {
    #[serde(borrow)]
    documents: &'a RawValue,
}

impl Feed {
    /// The feed that the trigger names.
    pub(super) fn new(client: CosmosClient, trigger: Arc<CosmosTrigger>) -> Self {
        Self { client, trigger }
    }

    /// `<account host>_<database rid>_<container rid>`.
    pub(super) async fn fingerprint(&self) -> Result<String, Trouble> {
        let database = self.rid("dbs", &["dbs", &self.trigger.database]).await?;
        let path = ["dbs", &self.trigger.database, "colls", &self.trigger.container];
        let container = self.rid("colls", &path).await?;
        Ok(format!("{}_{database}_{container}", self.client.host()))
    }

    /// The internal id of a database or container.
    async fn rid(&self, kind: &'static str, path: &[&str]) -> Result<String, Trouble> {
        let what = format!("reading {}", path.join("/"));
        let call = Call {
            method: Method::GET,
            kind,
            path,
            signed: path.len(),
            headers: &[],
            body: String::new(),
        };
        let answer = expect_ok(self.client.send(call).await?, &what)?;
        Ok(answer.json::<Resource>(&what)?.rid)
    }

    /// The ranges that there are now.
    pub(super) async fn ranges(&self) -> Result<Vec<Range>, Trouble> {
        let path = ["dbs", &self.trigger.database, "colls", &self.trigger.container, "pkranges"];
        let what = format!("reading {}", path.join("/"));
        let call = Call {
            method: Method::GET,
            kind: "pkranges",
            path: &path,
            signed: 4,
            headers: &[],
            body: String::new(),
        };
        let answer = expect_ok(self.client.send(call).await?, &what)?;
        Ok(answer.json::<Ranges>(&what)?.partition_key_ranges)
    }

    /// The next page of a range after `continuation`.
    pub(super) async fn page(
        &self,
        range: &str,
        continuation: Option<&str>,
    ) -> Result<Page, Trouble> {
        let items_max = self.trigger.items_max.map_or_else(|| "-1".into(), |max| max.to_string());
        let since = match (continuation, self.trigger.start) {
            (None, Start::Time(time)) => {
                Some(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
            (Some(_), _) | (None, Start::Now | Start::Beginning) => None,
        };
        let mut headers = vec![
            ("a-im", "Incremental Feed"),
            ("x-ms-documentdb-partitionkeyrangeid", range),
            ("x-ms-max-item-count", items_max.as_str()),
        ];
        headers.extend(since.as_deref().map(|since| ("if-modified-since", since)));
        let from_now =
            matches!((continuation, self.trigger.start), (None, Start::Now)).then_some("*");
        headers.extend(continuation.or(from_now).map(|from| ("if-none-match", from)));
        let path = ["dbs", &self.trigger.database, "colls", &self.trigger.container, "docs"];
        let call = Call {
            method: Method::GET,
            kind: "docs",
            path: &path,
            signed: 4,
            headers: &headers,
            body: String::new(),
        };
        page(
            &self.client.send(call).await?,
            &format!("reading the feed of {}", self.trigger.container),
        )
    }
}

/// Anything but 200 is a refusal.
fn expect_ok(answer: Answer, what: &str) -> Result<Answer, Trouble> {
    match answer.status {
        StatusCode::OK => Ok(answer),
        _ => Err(answer.refused(what)),
    }
}

/// What an answer of the feed means.
fn page(answer: &Answer, what: &str) -> Result<Page, Trouble> {
    let continuation = answer.header("etag").map(str::to_owned);
    let continuation = match (answer.status, continuation) {
        (StatusCode::NOT_MODIFIED, continuation) => return Ok(Page::Idle { continuation }),
        (StatusCode::GONE, _) => return Ok(Page::Gone),
        (StatusCode::OK, Some(continuation)) => continuation,
        _ => return Err(answer.refused(what)),
    };
    let documents = answer.json::<Documents<'_>>(what)?.documents.get();
    if documents.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"[]") {
        return Ok(Page::Idle { continuation: Some(continuation) });
    }
    Ok(Page::Changes { documents: documents.into(), continuation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn answer(status: u16, etag: Option<&str>, body: &'static str) -> Answer {
        let etag = etag.map(|etag| (http::header::ETAG, etag.parse().unwrap()));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter(etag),
            body: body.into(),
        }
    }

    #[test]
    fn an_answer_of_the_feed_is_changes_idleness_or_a_split() {
        let read = |status, etag, body| page(&answer(status, etag, body), "it").ok();
        let documents = r#"[{"id":"1"}]"#.to_owned();
        let next = "\"2\"".to_owned();
        assert_eq!(
            read(200, Some("\"2\""), r#"{"_rid":"r","Documents":[{"id":"1"}],"_count":1}"#),
            Some(Page::Changes { documents, continuation: next.clone() })
        );
        assert_eq!(
            read(304, Some("\"2\""), ""),
            Some(Page::Idle { continuation: Some(next.clone()) })
        );
        assert_eq!(
            read(200, Some("\"2\""), r#"{"Documents":[ ]}"#),
            Some(Page::Idle { continuation: Some(next) })
        );
        assert_eq!(read(410, None, "{}"), Some(Page::Gone));
        assert_eq!(read(200, None, r#"{"Documents":[]}"#), None);
    }

    #[test]
    fn a_refusal_tells_the_accounts_reason() {
        let answer = answer(404, None, r#"{"code":"NotFound","message":"no such\nmore"}"#);
        let refused = page(&answer, "reading it").unwrap_err();
        assert_eq!(refused.to_string(), "reading it was answered 404 Not Found: no such");
    }
}
