//! How an aggregate reads as JSON: what the store has to be told of it.

use domain::{Aggregate, Key};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The JSON form of an aggregate and its events. The store adds `id`, `partitionKey` and
/// `type`, and for events all that every event has.
///
/// The form must have a field `placedAt`, a [`crate::Moment`]: lists are ordered by it.
pub trait Form: Send + Sync + 'static {
    /// What it is the form of.
    type Aggregate: Aggregate<Event: Send + Sync> + Send + Sync + 'static;
    /// The fields of the aggregate's document. Reading must skip fields it does not know.
    type State: Serialize + DeserializeOwned + Send;
    /// What an event says, as its consumers read it.
    type Data: Serialize + Send;

    /// The `type` of the aggregate's document (`order`).
    const TYPE: &'static str;

    /// The aggregate as it is written.
    fn state(aggregate: &Self::Aggregate) -> Self::State;

    /// An event of the aggregate `key` as it is written.
    fn data(key: &Key, event: &<Self::Aggregate as Aggregate>::Event) -> Self::Data;

    /// The aggregate as it was read.
    ///
    /// # Errors
    ///
    /// What is wrong with the fields: written by hand, or by another version.
    fn aggregate(key: Key, state: Self::State) -> Result<Self::Aggregate, String>;
}
