//! Random operations, the same for the same seed.

use serde_json::{Value, json};

/// What a history is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads, creates, replaces and deletes.
    Points,
    /// The same, most on condition of a version.
    Etags,
    /// Batches only.
    Batches,
    /// Few values of the unique key.
    Uniques,
    /// All of it.
    Mixed,
}

/// Which version a write names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// None.
    None,
    /// The one that is there, as far as this client knows.
    Known,
    /// One that is no more.
    Stale,
}

/// One operation on an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Creates it.
    Create(Value),
    /// Puts it.
    Upsert(Value),
    /// Replaces it.
    Replace(Value, Named),
    /// Reads it.
    Read(String),
    /// Deletes it.
    Delete(String, Named),
}

/// What is sent at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// One operation of this partition key.
    Point(String, Step),
    /// A batch of this partition key.
    Batch(String, Vec<Step>),
}

/// A source of operations.
pub struct History {
    kind: Kind,
    random: fastrand::Rng,
    sent: u32,
    written: u32,
}

const KEYS: usize = 3;
const IDS: usize = 6;
const STEPS_MAX: usize = 6;

impl History {
    /// The history of a seed.
    pub fn new(kind: Kind, seed: u64) -> Self {
        Self { kind, random: fastrand::Rng::with_seed(seed), sent: 0, written: 0 }
    }

    /// The next operation.
    pub fn next(&mut self) -> Operation {
        self.sent += 1;
        let key = format!("k{}", self.random.usize(..KEYS));
        let in_batch = match self.kind {
            Kind::Points | Kind::Etags => false,
            Kind::Batches => true,
            Kind::Uniques | Kind::Mixed => self.random.bool(),
        };
        if !in_batch {
            let step = self.step(&key, false);
            return Operation::Point(key, step);
        }
        let count = self.random.usize(1..=STEPS_MAX);
        let steps = (0..count).map(|_| self.step(&key, true)).collect();
        Operation::Batch(key, steps)
    }

    /// Our client upserts in batches only, and replaces single items by their version only.
    fn step(&mut self, key: &str, in_batch: bool) -> Step {
        let id = format!("i{}", self.random.usize(..IDS));
        let named = self.named();
        let by_version = if named == Named::None { Named::Known } else { named };
        match self.random.u8(..if in_batch { 9 } else { 7 }) {
            0..=2 => Step::Create(self.document(key, &id)),
            3 => Step::Read(id),
            4 => Step::Delete(id, named),
            5 | 6 if in_batch => Step::Replace(self.document(key, &id), named),
            5 | 6 => Step::Replace(self.document(key, &id), by_version),
            _ => Step::Upsert(self.document(key, &id)),
        }
    }

    fn named(&mut self) -> Named {
        match (self.kind, self.random.u8(..4)) {
            (Kind::Points | Kind::Uniques, _) | (_, 0) => Named::None,
            (_, 1) => Named::Stale,
            _ => Named::Known,
        }
    }

    fn document(&mut self, key: &str, id: &str) -> Value {
        self.written += 1;
        let mail = match self.kind {
            Kind::Uniques => self.random.u32(..8),
            Kind::Mixed => self.random.u32(..40),
            Kind::Points | Kind::Etags | Kind::Batches => 1_000 + self.written,
        };
        let more = match self.random.u8(..4) {
            0 => json!(null),
            1 => json!({"deep": [1, {"a": -2.5}], "text": "é\"\\\n😀"}),
            2 => json!([]),
            _ => json!(self.random.i32(..)),
        };
        json!({"id": id, "pk": key, "turn": self.sent, "n": self.written, "mail": mail, "more": more})
    }
}
