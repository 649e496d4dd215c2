//! What is wrong, and where: `file:line:column: what; what would be right`.

use std::fmt;

/// A place in a file, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Spot {
    /// Where a file begins: for what is wrong with it as a whole.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    at: Spot,
    wrong: String,
}

impl Finding {
    /// At a spot of the file at `path`.
    pub(crate) fn new(path: &str, at: Spot, wrong: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at, wrong: wrong.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, at: Spot { line, column }, wrong } = self;
        write!(f, "{path}:{line}:{column}: {wrong}")
    }
}

/// Names one after the other, for «right would be one of …».
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.join(", ")
}
