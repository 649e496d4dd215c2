//! Batches: transactional ones, and the non-atomic ones that bulk writing uses.

use super::container::Container;
use super::key::PartitionKey;
use super::operation::{Operation, Outcome, Refused};
use super::refusal::Refusal;

/// What came of a transactional batch.
#[derive(Debug)]
pub(crate) struct BatchOutcome {
    /// One outcome an operation; if any is refused, nothing was done.
    pub(crate) outcomes: Vec<Outcome>,
    /// Whether all operations were done.
    pub(crate) committed: bool,
}

/// One operation of a bulk request, which names its own partition key.
#[derive(Debug)]
pub(crate) struct BulkEntry<'a> {
    /// The item's partition key.
    pub(crate) key: PartitionKey,
    /// What to do.
    pub(crate) operation: Operation<'a>,
}

impl Container {
    /// Does all operations in one transaction, or none.
    ///
    /// The first refused one keeps its reason; all others, also those before it, are answered 424.
    pub(crate) fn batch(
        &mut self,
        key: &PartitionKey,
        operations: &[Operation<'_>],
        at: i64,
    ) -> Result<BatchOutcome, Refusal> {
        let mut writer = self.writer(key, at)?;
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            let outcome = writer.apply(operation);
            let refused = outcome.is_err();
            outcomes.push(outcome);
            if refused {
                writer.roll_back();
                return Ok(failed(outcomes, operations.len()));
            }
        }
        writer.commit();
        Ok(BatchOutcome { outcomes, committed: true })
    }

    /// Does operations one by one, each in a transaction of its own.
    ///
    /// All keys must lie in the range named; what follows a refused one is answered 424, unless
    /// told to go on.
    pub(crate) fn bulk(
        &mut self,
        range: u32,
        entries: &[BulkEntry<'_>],
        go_on: bool,
        at: i64,
    ) -> Result<Vec<Outcome>, Refusal> {
        self.range(range)?;
        let mut stopped = false;
        let outcomes = entries.iter().map(|entry| {
            if stopped {
                return Err(Refusal::Dependency.into());
            }
            let outcome = self.bulk_entry(range, entry, at);
            stopped = outcome.is_err() && !go_on;
            outcome
        });
        Ok(outcomes.collect())
    }

    fn bulk_entry(&mut self, range: u32, entry: &BulkEntry<'_>, at: i64) -> Outcome {
        if self.range_of(&entry.key)?.id != range {
            return Err(Refusal::RangeGone(range.to_string()).into());
        }
        self.perform(&entry.key, &entry.operation, at)
    }
}

fn failed(mut outcomes: Vec<Outcome>, operations: usize) -> BatchOutcome {
    let culprit = outcomes.len().saturating_sub(1);
    outcomes.resize_with(operations, || Err(Refusal::Dependency.into()));
    for (_, outcome) in outcomes.iter_mut().enumerate().filter(|(at, _)| *at != culprit) {
        *outcome = Err(Refused::from(Refusal::Dependency));
    }
    BatchOutcome { outcomes, committed: false }
}
