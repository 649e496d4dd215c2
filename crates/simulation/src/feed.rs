//! The change feed: the latest version of what was written since, by range, transactions whole.

use crate::fate::Call;
use crate::port::Port;
use crate::ring::holds;
use crate::store::DocumentId;
use crate::world::{State, Wrong};
use domain::ports::{Feed, FeedPage, FeedPart, FeedPosition, FeedRange};
use domain::{Fault, Reading};

impl State {
    fn next_page(&mut self, part: &FeedPart, from: &FeedPosition) -> FeedPage {
        let range = self.store.ring.ranges.iter().find(|range| range.id == part.range);
        let Some(range) = range else { return FeedPage::Gone };
        let stretch = part.within.clone().unwrap_or_else(|| range.stretch.clone());
        let start = match from {
            FeedPosition::Now => self.store.lsn,
            FeedPosition::After(place) => place.parse().unwrap_or(0),
        };
        let (mut readings, mut end, mut transactions) = (Vec::new(), self.store.lsn, 0);
        for (lsn, documents) in self.store.log.range(start + 1..) {
            let here = documents.iter().filter(|document| holds(&stretch, document.key()));
            let before = readings.len();
            readings.extend(here.filter_map(|document| self.reading(document)));
            transactions += usize::from(before < readings.len());
            if transactions == TRANSACTIONS_MAX {
                end = *lsn;
                break;
            }
        }
        if self.wrong == Some(Wrong::BlindSweep) && self.happens(200) {
            readings.clear();
        }
        FeedPage::Read { readings, continuation: end.to_string() }
    }

    fn reading(&self, document: &DocumentId) -> Option<Reading> {
        match document {
            DocumentId::Order(_) => Some(Reading::Other),
            DocumentId::Event(event) => {
                self.store.events.get(event).map(|stored| Reading::Event(stored.entry.clone()))
            }
        }
    }
}

impl Feed for Port {
    async fn ranges(&self) -> Result<Vec<FeedRange>, Fault> {
        self.call(Call::Ranges, |state, _| state.store.ring.ranges.clone()).await
    }

    async fn next(&self, part: &FeedPart, from: &FeedPosition) -> Result<FeedPage, Fault> {
        let (part, from) = (part.clone(), from.clone());
        let call = Call::Next(part.range.clone());
        self.call(call, move |state, _| state.next_page(&part, &from)).await
    }
}

/// Small, so that a few orders make several pages.
const TRANSACTIONS_MAX: usize = 3;
