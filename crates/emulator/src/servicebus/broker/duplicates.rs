//! Duplicate detection: the message-ids seen within a window.

use super::{later, record::Touched};
use jiff::Timestamp;
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

/// The message-ids of one queue or topic, each remembered from its first arrival.
#[derive(Debug)]
pub(crate) struct Duplicates {
    window: Duration,
    seen: HashSet<Arc<str>>,
    in_order: VecDeque<(Timestamp, Arc<str>)>,
    touched: Touched<Arc<str>, Option<Timestamp>>,
}

/// Whether a message-id was seen within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// For the first time; it is remembered now.
    First,
    /// Before: the message is to be dropped.
    Repeat,
}

impl Duplicates {
    /// Remembers ids for `window`.
    pub(crate) fn new(window: Duration) -> Self {
        let (seen, in_order) = (HashSet::new(), VecDeque::new());
        Self { window, seen, in_order, touched: Touched::default() }
    }

    /// How long ids are remembered.
    pub(crate) fn window(&self) -> Duration {
        self.window
    }

    /// Remembers ids that come from now on for `window`.
    pub(crate) fn set_window(&mut self, window: Duration) {
        self.window = window;
    }

    /// Remembers `id`, and says whether it was known.
    pub(crate) fn sight(&mut self, id: &Arc<str>, now: Timestamp) -> Sighting {
        self.forget(now);
        if !self.seen.insert(Arc::clone(id)) {
            return Sighting::Repeat;
        }
        let until = later(now, self.window);
        self.in_order.push_back((until, Arc::clone(id)));
        self.touched.note(id, Some(until));
        Sighting::First
    }

    /// Forgets ids whose window has passed.
    fn forget(&mut self, now: Timestamp) {
        while let Some((until, id)) = self.in_order.front()
            && *until <= now
        {
            self.touched.note(id, None);
            self.seen.remove(id);
            self.in_order.pop_front();
        }
    }

    /// The ids that came or went since the last call, each with until when it is remembered.
    pub(super) fn touched(&mut self) -> &mut Touched<Arc<str>, Option<Timestamp>> {
        &mut self.touched
    }

    /// Tells everything anew.
    #[cfg(test)]
    pub(super) fn retell(&mut self) {
        self.in_order.iter().for_each(|(until, id)| self.touched.note(id, Some(*until)));
    }

    /// Remembers ids as they were remembered before.
    pub(super) fn restore(&mut self, mut ids: Vec<(Timestamp, Arc<str>)>) {
        ids.sort_unstable();
        self.seen.extend(ids.iter().map(|(_, id)| Arc::clone(id)));
        self.in_order.extend(ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_repeat_until_the_window_from_its_first_sight_has_passed() {
        let mut duplicates = Duplicates::new(Duration::from_secs(10));
        let id: Arc<str> = Arc::from("a");
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(duplicates.sight(&id, start), Sighting::First);
        assert_eq!(duplicates.sight(&id, start + Duration::from_secs(9)), Sighting::Repeat);
        assert_eq!(duplicates.sight(&id, start + Duration::from_secs(10)), Sighting::First);
        assert_eq!(duplicates.seen.len(), 1);
    }
}
