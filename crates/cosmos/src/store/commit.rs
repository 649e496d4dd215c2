//! Committing a change: one batch, one partition key, one round trip.

use domain::ports::Basis;
use domain::{Aggregate, Change, Envelope, Fault};

use super::fault::fault;
use crate::account::PartitionKey;
use crate::batch::{Batch, Outcome, Step};
use crate::container::Container;
use crate::documents::{AggregateDocument, EventDocument, Says};
use crate::failure::{Failure, Invalid, Why};
use crate::form::Form;

type EventsOf<F> = [Envelope<<<F as Form>::Aggregate as Aggregate>::Event>];

/// Writes state and events, or neither.
pub(super) async fn commit<F: Form>(
    container: &Container,
    change: &Change<F::Aggregate>,
    basis: &Basis,
) -> Result<(), Fault> {
    let batch = batch_of::<F>(change, basis).map_err(|failure| fault(container, failure))?;
    let failure = match container.execute(batch).await {
        Ok(Outcome::Done(_)) => return Ok(()),
        Ok(Outcome::Refused { failure, .. }) | Err(failure) => failure,
    };
    if failure.open {
        return resolve::<F>(container, change, failure).await;
    }
    Err(fault(container, failure))
}

/// INVARIANT(both-or-neither): state and events are operations of one batch, on one key;
/// the ids of the events and the tag of the state let it happen once.
fn batch_of<F: Form>(change: &Change<F::Aggregate>, basis: &Basis) -> Result<Batch, Failure> {
    let state = change.state();
    let id = state.key().as_str();
    let mut batch = Batch::new(PartitionKey::new(id));
    let document = AggregateDocument::new::<F>(state);
    match basis {
        Basis::New => batch.create(&document)?,
        Basis::Loaded(tag) => batch.replace(id, Some(&tag.0), &document)?,
    }
    for event in change.events() {
        batch.create(&EventDocument::new(event, F::data(&event.key, &event.data)))?;
    }
    Ok(batch)
}

/// INVARIANT(no-answer-is-not-no): a commit that may have happened is looked for. It did
/// if its events stand there as it wrote them; a conflict of its own making is none.
async fn resolve<F: Form>(
    container: &Container,
    change: &Change<F::Aggregate>,
    failure: Failure,
) -> Result<(), Fault> {
    match read_back::<F>(container, change).await {
        Ok(ReadBack::Ours) => Ok(()),
        Ok(ReadBack::Others) => Err(Fault::Conflict),
        // What was answered is over; what was not may still be on its way.
        Ok(ReadBack::Nothing) => {
            let open = matches!(failure.why, Why::Unanswered(_));
            Err(fault(container, Failure { open, ..failure }))
        }
        Err(_) => Err(fault(container, failure)),
    }
}

/// What stands under the ids of a change's events.
enum ReadBack {
    Ours,
    Others,
    Nothing,
}

/// Reads the events by a batch: batches run where writes do, so that no replica that lags
/// behind can deny what happened.
async fn read_back<F: Form>(
    container: &Container,
    change: &Change<F::Aggregate>,
) -> Result<ReadBack, Failure> {
    let mut batch = Batch::new(PartitionKey::new(change.state().key().as_str()));
    for event in change.events() {
        batch.read(&event.id().to_string())?;
    }
    match container.execute(batch).await? {
        Outcome::Done(steps) => Ok(compare::<F>(change.events(), &steps)?),
        Outcome::Refused { failure: Failure { why: Why::Missing, .. }, .. } => {
            Ok(ReadBack::Nothing)
        }
        Outcome::Refused { failure, .. } => Err(failure),
    }
}

fn compare<F: Form>(events: &EventsOf<F>, steps: &[Step]) -> Result<ReadBack, Invalid> {
    for (event, step) in events.iter().zip(steps) {
        let stands = step.resource_body.as_deref().and_then(|b| Says::of_stored(b.get()).ok());
        let data = F::data(&event.key, &event.data);
        let wrote =
            Says::of_new(event, &data).map_err(|error| Invalid::NotJson(error.to_string()))?;
        if stands != Some(wrote) {
            return Ok(ReadBack::Others);
        }
    }
    Ok(ReadBack::Ours)
}
