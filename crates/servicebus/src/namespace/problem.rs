//! What was wrong with the configuration, and what would be right: all of it at once.

use std::fmt;

/// One mistake: where, what is wrong, and what would be right. Never quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    place: String,
    wrong: String,
    right: String,
}

impl Problem {
    pub(crate) fn new(
        place: impl Into<String>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), wrong: wrong.into(), right: right.into() }
    }

    /// The variable, or the variable and its key, that holds the mistake.
    pub fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn within(self, variable: &str) -> Self {
        Self { place: format!("{variable}, {}", self.place), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; right would be {}", self.place, self.wrong, self.right)
    }
}

impl std::error::Error for Problem {}

/// Every mistake that was found, never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `None` when nothing is wrong.
    pub(crate) fn found(problems: Vec<Problem>) -> Option<Self> {
        if problems.is_empty() { None } else { Some(Self(problems)) }
    }

    /// The mistakes one by one, so that a caller can list them among its own.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// These and one more.
    pub(crate) fn and(mut self, problem: Problem) -> Self {
        self.0.push(problem);
        self
    }

    pub(crate) fn within(self, variable: &str) -> Self {
        Self(self.0.into_iter().map(|problem| problem.within(variable)).collect())
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
