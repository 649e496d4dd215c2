//! The ports of the world in memory.

use super::{Call, State, World, id, pending};
use domain::ports::{
    Feed, FeedPage, FeedPart, FeedPosition, FeedRange, Mark, Marked, Outbox, PendingPage, Publisher,
};
use domain::{Entry, Envelope, EventId, EventState, Fault, Key, Reading, Stretch, Timestamp};
use std::collections::BTreeSet;

/// Small, so that a few events make several pages.
const PAGE_MAX: usize = 2;

impl Outbox for World {
    /// `"a.1"` is a pending event, `"?"` cannot be read, all else is of another kind.
    fn read(&self, document: &str) -> Reading {
        match serde_json::from_str::<String>(document).as_deref() {
            Ok("?") => Reading::Unreadable { id: "?".into(), reason: "from the future".into() },
            Ok(event) => pending(event),
            Err(_) => Reading::Other,
        }
    }

    async fn unpublished(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        let read = |state: &mut State, _| {
            let entries = state.stored.values().map(|stored| &stored.entry);
            entries
                .filter(|entry| entry.envelope.key == *key && entry.state.is_unpublished())
                .cloned()
                .collect()
        };
        self.call(Call::Unpublished(key.clone()), read, 0).await
    }

    async fn pending(&self, _: Timestamp, cursor: Option<String>) -> Result<PendingPage, Fault> {
        let find = |state: &mut State, most| {
            let after = cursor.as_deref().map(id);
            let behind = state.stored.iter().filter(|(event, stored)| {
                after.as_ref() < Some(event) && stored.entry.state == EventState::Pending
            });
            behind.map(|(_, stored)| stored.entry.clone()).take(most).collect::<Vec<_>>()
        };
        let found = self.call(Call::Pending, find, PAGE_MAX).await?;
        let last = found.get(PAGE_MAX - 1).map(|entry| entry.envelope.id().to_string());
        Ok(PendingPage { readings: found.into_iter().map(Reading::Event).collect(), cursor: last })
    }

    async fn mark(&self, marks: Vec<Mark>) -> Vec<Result<Marked, Fault>> {
        let events = marks.iter().map(|mark| mark.event.clone()).collect();
        let write = |state: &mut State, most| {
            marks.iter().take(most).map(|mark| state.write(mark)).collect::<Vec<_>>()
        };
        match self.call(Call::Mark(events), write, marks.len()).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(_) => marks.iter().map(|_| Err(Fault::Unanswered("planned".into()))).collect(),
        }
    }

    async fn ready(&self) -> Result<(), Fault> {
        match self.state().problem.clone() {
            Some(problem) => Err(Fault::Misconfigured { problem }),
            None => Ok(()),
        }
    }
}

impl Feed for World {
    async fn ranges(&self) -> Result<Vec<FeedRange>, Fault> {
        Ok(self.state().ranges.clone())
    }

    async fn next(&self, part: &FeedPart, from: &FeedPosition) -> Result<FeedPage, Fault> {
        let read = |state: &mut State, most| {
            let Some(range) = state.ranges.iter().find(|range| range.id == part.range) else {
                return FeedPage::Gone;
            };
            let Stretch { min, max } = part.within.clone().unwrap_or(range.stretch.clone());
            let start = match from {
                FeedPosition::Now => state.written.len(),
                FeedPosition::After(continuation) => continuation.parse().unwrap(),
            };
            let position = |event: &EventId| if event.key.as_str() < "m" { "05" } else { "35" };
            let is_here =
                |event: &EventId| min.as_str() <= position(event) && position(event) < max.as_str();
            let end = state.written.len().min(start + most);
            let changed: BTreeSet<_> =
                state.written[start..end].iter().filter(|event| is_here(event)).collect();
            let entry = |event: &EventId| state.stored.get(event).unwrap().entry.clone();
            let readings = changed.into_iter().map(entry).map(Reading::Event).collect();
            FeedPage::Read { readings, continuation: end.to_string() }
        };
        self.call(Call::Feed(part.range.clone()), read, PAGE_MAX).await
    }
}

impl Publisher for World {
    async fn publish(&self, events: &[Envelope]) -> Result<usize, Fault> {
        let events: Vec<_> = events.iter().map(Envelope::id).collect();
        let call = Call::Publish(events.clone());
        // A batch is taken whole or not at all, so there is no half-way.
        let take = |state: &mut State, size| if size == 0 { Ok(0) } else { state.take(&events) };
        self.call(call, take, events.len()).await?
    }

    async fn ready(&self) -> Result<(), Fault> {
        Ok(())
    }
}
