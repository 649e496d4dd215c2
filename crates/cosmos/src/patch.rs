//! A patch: a few changes of one document, under a condition.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::failure::{Failure, Invalid};

/// Up to ten changes of one document, made in order or not at all.
#[derive(Debug, Serialize)]
pub struct Patch {
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'static str>,
    operations: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    op: &'static str,
    path: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
}

impl Patch {
    /// A patch without changes yet.
    pub fn new() -> Self {
        Self { condition: None, operations: Vec::new() }
    }

    /// Only if the document fulfils it: `from c where c.state = 'pending'`.
    #[must_use]
    pub fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Sets a field, whether it is there or not.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where the value cannot be written as JSON.
    pub fn set(self, path: &'static str, value: &impl Serialize) -> Result<Self, Failure> {
        let raw = serde_json::value::to_raw_value(value)
            .map_err(|error| Invalid::NotJson(error.to_string()))?;
        Ok(self.with("set", path, Some(raw)))
    }

    /// Adds one to a field; 1 where it is not there.
    ///
    /// # Errors
    ///
    /// Those of [`Patch::set`].
    pub fn count_up(self, path: &'static str) -> Result<Self, Failure> {
        let one = serde_json::value::to_raw_value(&1)
            .map_err(|error| Invalid::NotJson(error.to_string()))?;
        Ok(self.with("incr", path, Some(one)))
    }

    /// Removes a field that is there.
    #[must_use]
    pub fn remove(self, path: &'static str) -> Self {
        self.with("remove", path, None)
    }

    /// About how many bytes its values have.
    pub(crate) fn size(&self) -> usize {
        self.operations.iter().filter_map(|c| c.value.as_ref()).map(|v| v.get().len()).sum()
    }

    /// Whether it carries a condition.
    pub(crate) fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// The patch, if it has as many changes as the service takes.
    pub(crate) fn checked(&self) -> Result<&Self, Invalid> {
        let count = self.operations.len();
        if (1..=OPERATIONS_MAX).contains(&count) {
            Ok(self)
        } else {
            Err(Invalid::PatchOperations(count))
        }
    }

    fn with(mut self, op: &'static str, path: &'static str, value: Option<Box<RawValue>>) -> Self {
        self.operations.push(Change { op, path, value });
        self
    }
}

impl Default for Patch {
    fn default() -> Self {
        Self::new()
    }
}

/// The limit of the service.
const OPERATIONS_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_patch_reads_as_the_service_takes_it() {
        let patch = Patch::new()
            .only_if("from c where c.state = 'pending'")
            .set("/state", &"processed")
            .unwrap()
            .set("/ttl", &604_800)
            .unwrap()
            .remove("/reason");
        let expected = expect![[
            r#"{"condition":"from c where c.state = 'pending'","operations":[{"op":"set","path":"/state","value":"processed"},{"op":"set","path":"/ttl","value":604800},{"op":"remove","path":"/reason"}]}"#
        ]];
        expected.assert_eq(&serde_json::to_string(&patch).unwrap());
    }

    #[test]
    fn the_number_of_changes_is_bounded() {
        assert_eq!(Patch::new().checked().unwrap_err(), Invalid::PatchOperations(0));
        let many = (0..11).fold(Patch::new(), |patch, _| patch.remove("/x"));
        assert_eq!(many.checked().unwrap_err(), Invalid::PatchOperations(11));
    }
}
