//! A transactional batch: operations on documents of one partition key, all or nothing.

mod answer;
mod operation;

pub use answer::{Outcome, Step};
pub(crate) use answer::{Weighed, parse, weigh};
pub(crate) use operation::{Body, Operation};

use serde::Serialize;

use crate::account::PartitionKey;
use crate::failure::{Failure, Invalid};
use crate::patch::Patch;
use crate::request::{Address, Request, Want};

/// Up to 100 operations on documents of one partition key. There is no batch over two keys.
#[derive(Debug)]
pub struct Batch {
    key: PartitionKey,
    body: Body,
    /// Whether an operation keeps the whole batch from happening twice.
    guarded: bool,
    reads: usize,
}

impl Batch {
    /// A batch on documents of this key.
    pub fn new(key: PartitionKey) -> Self {
        Self { key, body: Body::default(), guarded: false, reads: 0 }
    }

    /// Creates a document; fails if its id is taken.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where an id or a value cannot be sent.
    pub fn create(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        self.guarded = true;
        self.body.push(&Operation::create(document))
    }

    /// Creates a document or replaces the one that has its id.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where an id or a value cannot be sent.
    pub fn upsert(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        self.body.push(&Operation::upsert(document))
    }

    /// Replaces a document, if it still is of this version.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where an id or a value cannot be sent.
    pub fn replace(
        &mut self,
        id: &str,
        if_match: Option<&str>,
        document: &impl Serialize,
    ) -> Result<(), Failure> {
        self.guarded |= if_match.is_some();
        self.body.push(&Operation::replace(id, if_match, document)?)
    }

    /// Reads a document, as the operations before left it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where an id or a value cannot be sent.
    pub fn read(&mut self, id: &str) -> Result<(), Failure> {
        self.reads += 1;
        self.body.push(&Operation::<()>::read(id)?)
    }

    /// Deletes a document, if it still is of this version.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where an id or a value cannot be sent.
    pub fn delete(&mut self, id: &str, if_match: Option<&str>) -> Result<(), Failure> {
        self.guarded |= if_match.is_some();
        self.body.push(&Operation::<()>::delete(id, if_match)?)
    }

    /// Patches a document, under the patch's condition.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where an id or a value cannot be sent.
    pub fn patch(&mut self, id: &str, patch: &Patch) -> Result<(), Failure> {
        self.guarded |= patch.is_conditional();
        self.body.push(&Operation::patch(id, patch)?)
    }

    /// How many operations it has.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether it has none: such a batch is not sent.
    pub fn is_empty(&self) -> bool {
        self.body.len() == 0
    }

    /// The request, if the service takes as many operations. A repeat of it is harmless
    /// where a taken id, a version or a condition makes it fail, and with it all the rest.
    /// Documents are sent back only where some were asked for.
    pub(crate) fn into_request(self, at: &Address) -> Result<Request, Failure> {
        let happens_once = self.guarded || self.reads == self.len();
        let want = if self.reads == 0 { Want::Nothing } else { Want::Document };
        let (key, body) = (self.key, self.body);
        if OPERATIONS_MAX < body.len() {
            return Err(Invalid::TooMany(body.len()).into());
        }
        let request = Request::batch(at, &key, body.finish())?.wanting(want);
        Ok(if happens_once { request } else { request.doubling() })
    }
}

/// The limit of the service, for batches and bulks alike.
pub(crate) const OPERATIONS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Repeat;
    use expect_test::expect;
    use serde_json::json;

    fn batch() -> Batch {
        Batch::new(PartitionKey::new("o"))
    }

    fn request(batch: Batch) -> Result<Request, Failure> {
        let at = Address::new(&"shop".parse().unwrap(), &"orders".parse().unwrap());
        batch.into_request(&at)
    }

    #[test]
    fn operations_read_as_the_service_takes_them() {
        let mut batch = batch();
        batch.create(&json!({"id": "o.1"})).unwrap();
        batch.replace("o", Some("\"e1\""), &json!({"id": "o"})).unwrap();
        batch.upsert(&json!({"id": "u"})).unwrap();
        batch.read("r").unwrap();
        batch.delete("d", None).unwrap();
        batch.patch("p", &Patch::new().only_if("from c").remove("/x")).unwrap();
        let expected = expect![[
            r#"[{"operationType":"Create","resourceBody":{"id":"o.1"}},{"operationType":"Replace","id":"o","resourceBody":{"id":"o"},"ifMatch":"\"e1\""},{"operationType":"Upsert","resourceBody":{"id":"u"}},{"operationType":"Read","id":"r"},{"operationType":"Delete","id":"d"},{"operationType":"Patch","id":"p","resourceBody":{"condition":"from c","operations":[{"op":"remove","path":"/x"}]}}]"#
        ]];
        expected.assert_eq(std::str::from_utf8(&request(batch).unwrap().body).unwrap());
    }

    #[test]
    fn a_hundred_operations_fit_and_one_more_does_not() {
        let mut full = batch();
        (0..100).for_each(|n| full.create(&json!({"id": n.to_string()})).unwrap());
        assert!(request(full).is_ok());
        let mut over = batch();
        (0..101).for_each(|n| over.create(&json!({"id": n.to_string()})).unwrap());
        assert_eq!(
            request(over).unwrap_err().to_string(),
            "101 operations are more than a batch takes"
        );
    }

    #[test]
    fn ids_are_checked_before_anything_is_sent() {
        assert!(batch().read("a/b").is_err());
        assert!(batch().delete("", None).is_err());
        assert!(batch().patch("a#", &Patch::new().remove("/x")).is_err());
    }

    #[test]
    fn what_could_happen_twice_is_known() {
        let repeat = |fill: fn(&mut Batch) -> Result<(), Failure>| {
            let mut batch = batch();
            fill(&mut batch).unwrap();
            request(batch).unwrap().repeat
        };
        assert_eq!(repeat(|batch| batch.create(&json!({}))), Repeat::Harmless);
        assert_eq!(repeat(|batch| batch.replace("a", Some("e"), &json!({}))), Repeat::Harmless);
        assert_eq!(repeat(|batch| batch.read("a")), Repeat::Harmless);
        assert_eq!(repeat(|batch| batch.replace("a", None, &json!({}))), Repeat::Doubles);
        assert_eq!(repeat(|batch| batch.upsert(&json!({}))), Repeat::Doubles);
        assert_eq!(repeat(|batch| batch.patch("a", &Patch::new().remove("/x"))), Repeat::Doubles);
    }
}
