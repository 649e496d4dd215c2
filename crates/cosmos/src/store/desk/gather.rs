//! The whole container in slices of the ring, each small enough to be held in memory: a slice
//! has whole aggregates, since all of one lies at one place.

use serde_json::Value;

use domain::Fault;

use super::CosmosDesk;
use crate::container::Within;
use crate::documents::{Found, found_in};
use crate::failure::Failure;
use crate::query::Query;

/// Goes through the documents that a query finds, slice by slice.
#[derive(Debug)]
pub struct Gather {
    query: Query,
    /// The slices to come, the last one first.
    slices: Vec<(String, String)>,
    total: u64,
}

impl CosmosDesk {
    /// Goes through everything in the container.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn gather_all(&self) -> Result<Gather, Fault> {
        self.gather("", &[]).await
    }

    /// Goes through the events that were marked as processed in this time: from `since`,
    /// inclusive, to `until`.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn gather_processed(
        &self,
        since: domain::Timestamp,
        until: domain::Timestamp,
    ) -> Result<Gather, Fault> {
        let text = |at| Value::from(crate::moment::Moment(at).to_string());
        // The mark is an event's last write. `_ts` is indexed everywhere, and another clock's.
        let from = since.as_second().saturating_sub(CLOCKS_APART_SECONDS);
        let parameters = [("@from", from.into()), ("@since", text(since)), ("@until", text(until))];
        self.gather(PROCESSED_IN, &parameters).await
    }

    /// The next slice; `None` behind the last one.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn next_slice(&self, gather: &mut Gather) -> Result<Option<Vec<Found>>, Fault> {
        let Some((min, max)) = gather.slices.pop() else { return Ok(None) };
        let mut attempts = 0;
        loop {
            match self.slice(&gather.query, &min, &max).await {
                Err(failure) if failure.is_range_gone() && attempts < super::RANGES_CHANGED_MAX => {
                    attempts += 1;
                    self.container.forget_ranges();
                }
                other => return other.map(Some).map_err(|failure| self.fault(failure)),
            }
        }
    }

    async fn gather(
        &self,
        condition: &str,
        parameters: &[(&'static str, Value)],
    ) -> Result<Gather, Fault> {
        let query = |what: &str| {
            let query = Query::new(format!("SELECT {what} FROM c {condition}"));
            parameters.iter().fold(query, |query, (name, value)| query.with(name, value.clone()))
        };
        let counts: Vec<u64> = self.values(query("VALUE COUNT(1)")).await?;
        let total: u64 = counts.into_iter().sum();
        Ok(Gather { query: query("*"), slices: slices(total.div_ceil(SLICE_DOCUMENTS)), total })
    }

    /// The documents between two positions of the ring, from whatever ranges hold them now.
    async fn slice(&self, query: &Query, min: &str, max: &str) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        let ranges = self.container.ranges().await?;
        for range in
            ranges.iter().filter(|range| range.min.as_str() < max && min < range.max.as_str())
        {
            let (min, max) = (min.max(range.min.as_str()), max.min(range.max.as_str()));
            let within = Within::Part { range: &range.id, min, max };
            let page = self.container.query_all(query, within).await?;
            found.extend(page.documents.iter().map(|document| found_in(document.get())));
        }
        Ok(found)
    }
}

impl Gather {
    /// About how many documents there are in all.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Cuts the ring into this many slices, the last one first. Hashes of version 2 have their two
/// highest bits clear, so that keys lie below `40`, evenly.
fn slices(count: u64) -> Vec<(String, String)> {
    let count = count.clamp(1, KEYS_END);
    let border = |n: u64| match n {
        0 => String::new(),
        n if n == count => "FF".to_owned(),
        n => format!("{:08X}{}", KEYS_END * n / count, "0".repeat(24)),
    };
    (0..count).rev().map(|n| (border(n), border(n + 1))).collect()
}

const PROCESSED_IN: &str = "WHERE c.type = 'event' AND c.state = 'processed' AND c._ts >= @from \
    AND c.processedAt >= @since AND c.processedAt < @until";
/// The first eight digits of the position behind all keys.
const KEYS_END: u64 = 0x4000_0000;
/// Documents of some 500 bytes: 10 MB.
const SLICE_DOCUMENTS: u64 = 20_000;
/// As far apart as the clocks of a relay and of the store may be.
const CLOCKS_APART_SECONDS: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_the_ring_without_gap_or_overlap() {
        for count in [1, 2, 3, 1000] {
            let mut slices = slices(count);
            slices.reverse();
            assert_eq!(slices.first().unwrap().0, "");
            assert_eq!(slices.last().unwrap().1, "FF");
            assert!(slices.windows(2).all(|pair| pair[0].1 == pair[1].0));
            assert!(slices.iter().all(|(min, max)| min < max));
        }
    }

    #[test]
    fn borders_lie_where_keys_lie() {
        assert_eq!(slices(0), slices(1));
        assert_eq!(slices(2).last().unwrap().1, format!("2{}", "0".repeat(31)));
    }
}
