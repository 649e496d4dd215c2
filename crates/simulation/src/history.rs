//! What happened in a play: a digest always, and in words where somebody wants to read it.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// What a play told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// A digest of all that happened: two plays with the same digest told the same story.
    pub digest: u64,
    /// How much happened.
    pub steps: u64,
    /// How many events were told.
    pub events: usize,
    /// The story, if it was asked for.
    pub lines: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct History {
    digest: DefaultHasher,
    steps: u64,
    lines: Option<Vec<String>>,
}

impl History {
    pub(crate) fn new(in_words: bool) -> Self {
        Self { digest: DefaultHasher::new(), steps: 0, lines: in_words.then(Vec::new) }
    }

    pub(crate) fn note(&mut self, at: Duration, who: usize, what: &(impl Hash + Debug)) {
        (at, who).hash(&mut self.digest);
        what.hash(&mut self.digest);
        self.steps += 1;
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>9.3} s  {who}  {what:?}", at.as_secs_f64()));
        }
    }

    pub(crate) fn told(&mut self, events: usize) -> Told {
        let lines = self.lines.take().unwrap_or_default();
        Told { digest: self.digest.finish(), steps: self.steps, events, lines }
    }
}
