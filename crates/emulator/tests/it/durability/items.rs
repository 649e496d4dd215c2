//! Items: writers that remember what was acknowledged to them, and a reader of the feed.

use super::{Answer, Orders};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one writer knows of its orders.
#[derive(Default)]
pub(super) struct Writer {
    /// Each order as it was last acknowledged: how far it was, and the `ETag`s of its documents.
    orders: BTreeMap<String, Known>,
    /// The order whose last change was not answered: it is as before, or one further.
    doubt: Option<String>,
    made: u32,
}

#[derive(Clone, Default, PartialEq, Debug)]
struct Known {
    version: u64,
    etags: [String; 2],
}

impl Writer {
    /// Writes until an answer fails to come; `note` is told of each that came.
    pub(super) async fn write_on(
        mut self,
        at: usize,
        orders: Orders,
        note: impl Fn(),
    ) -> (usize, Self) {
        while self.write(&format!("w{at}"), &orders).await.is_some() {
            note();
        }
        (at, self)
    }

    /// One write; whether it was answered.
    async fn write(&mut self, name: &str, orders: &Orders) -> Option<()> {
        // Two of three are new orders, the third changes the one before.
        let changes = self.made % 3 == 2;
        let number = if changes { self.made - 1 } else { self.made };
        self.made += 1;
        let order = format!("{name}-{number}");
        let version = self.orders.get(&order).map_or(1, |known| known.version + 1);
        self.doubt = Some(order.clone());
        let answer = orders
            .ask(
                ("POST", ""),
                &[
                    ("x-ms-documentdb-partitionkey", &json!([order]).to_string()),
                    ("x-ms-cosmos-is-batch-request", "True"),
                    ("x-ms-cosmos-batch-atomic", "True"),
                ],
                &batch(&order, version),
            )
            .await?;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let etags = ["/0/eTag", "/1/eTag"].map(|at| text(&answer.body, at));
        self.orders.insert(order, Known { version, etags });
        self.doubt = None;
        Some(())
    }

    /// How many writes were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        self.orders.len()
    }

    /// Everything acknowledged is there as it was, and nothing is torn. What was in doubt is not
    /// any more.
    pub(super) async fn check(&mut self, orders: &Orders) {
        let doubt = self.doubt.take();
        for (order, known) in &self.orders {
            let found = find(orders, order).await;
            let in_doubt = doubt.as_ref() == Some(order) && found.version == known.version + 1;
            assert!(in_doubt || found == *known, "{order}: {known:?} {found:?}");
        }
        if let Some(order) = doubt {
            let found = find(orders, &order).await;
            if 0 < found.version {
                self.orders.insert(order, found);
            }
        }
    }

    /// Each order with its version.
    pub(super) fn versions(&self) -> impl Iterator<Item = (&str, u64)> {
        self.orders.iter().map(|(order, known)| (order.as_str(), known.version))
    }
}

/// Puts the order and its event in one transaction.
fn batch(order: &str, version: u64) -> Value {
    let document = |id: &str| json!({ "id": id, "partitionKey": order, "version": version });
    let put = |id: &str| json!({ "operationType": "Upsert", "resourceBody": document(id) });
    json!([put(order), put(&format!("{order}.event"))])
}

/// An order as it is stored, both of its documents alike; version zero if there is none.
async fn find(orders: &Orders, order: &str) -> Known {
    let [one, two] = [order.to_owned(), format!("{order}.event")];
    let (one, two) = (get(orders, order, &one).await, get(orders, order, &two).await);
    let version = |answer: &Answer| number(&answer.body, "/version");
    assert_eq!((one.status, version(&one)), (two.status, version(&two)), "{order} is torn");
    if one.status == 404 {
        return Known::default();
    }
    let etags = [one.header("etag").to_owned(), two.header("etag").to_owned()];
    Known { version: version(&one), etags }
}

async fn get(orders: &Orders, order: &str, id: &str) -> Answer {
    orders.of_key(("GET", id), order, &Value::Null).await.expect("an answer")
}

/// A reader of the change feed, which goes on where it stood.
#[derive(Default)]
pub(super) struct Reader {
    token: String,
    /// The latest version of each order that the feed has shown.
    seen: BTreeMap<String, u64>,
}

impl Reader {
    /// Reads until an answer fails to come.
    pub(super) async fn read_on(mut self, orders: Orders) -> Self {
        while self.read(&orders).await.is_some() {
            tokio::task::yield_now().await;
        }
        self
    }

    /// Reads a page; whether it was answered.
    async fn read(&mut self, orders: &Orders) -> Option<Page> {
        let mut headers = vec![
            ("a-im", "Incremental feed"),
            ("x-ms-documentdb-partitionkeyrangeid", "0"),
            ("x-ms-max-item-count", "100"),
        ];
        if !self.token.is_empty() {
            headers.push(("if-none-match", &self.token));
        }
        let answer = orders.ask(("GET", ""), &headers, &Value::Null).await?;
        if answer.status == 304 {
            return Some(Page::Empty);
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        let documents = answer.body.get("Documents").and_then(Value::as_array);
        for document in documents.expect("documents") {
            let (order, version) = (text(document, "/partitionKey"), number(document, "/version"));
            let latest = self.seen.entry(order).or_default();
            assert!(*latest <= version, "the feed went back: {document}");
            *latest = version;
        }
        answer.header("etag").clone_into(&mut self.token);
        Some(Page::Full)
    }

    /// Reads on to the end, and checks what it has seen against what the writers know.
    pub(super) async fn check(&mut self, orders: &Orders, writers: &[Writer]) {
        while self.read(orders).await.expect("an answer") == Page::Full {}
        let known: BTreeMap<String, u64> = writers
            .iter()
            .flat_map(|writer| {
                writer.versions().map(|(order, version)| (order.to_owned(), version))
            })
            .collect();
        assert_eq!(self.seen, known, "the feed has shown what is not stored, or has lost changes");
    }
}

fn text(value: &Value, at: &str) -> String {
    value.pointer(at).and_then(Value::as_str).expect("a text").to_owned()
}

fn number(value: &Value, at: &str) -> u64 {
    value.pointer(at).and_then(Value::as_u64).unwrap_or(0)
}

/// Whether a page had anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Full,
    Empty,
}
