//! Why a query text was refused, and where.

/// A query that cannot be answered: the service's 400, with the construct named and placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// The whole sentence, position included.
    pub message: String,
    /// Bytes from the start of the query text to the construct.
    pub offset: usize,
}

impl QueryError {
    /// The text is not a sentence of the language.
    pub(super) fn syntax(offset: usize, what: impl std::fmt::Display) -> Self {
        Self { message: format!("syntax error at position {offset}: {what}"), offset }
    }

    /// The text is fine for the service, but this emulator does not go so far.
    pub(super) fn unsupported(offset: usize, what: impl std::fmt::Display) -> Self {
        Self { message: format!("unsupported at position {offset}: {what}"), offset }
    }

    /// The text is a sentence, but it means nothing: an unknown name, a missing parameter.
    pub(super) fn invalid(offset: usize, what: impl std::fmt::Display) -> Self {
        Self { message: format!("invalid at position {offset}: {what}"), offset }
    }

    /// The text asks for more than one query may have.
    pub(super) fn limit(offset: usize, what: impl std::fmt::Display) -> Self {
        Self { message: format!("limit exceeded at position {offset}: {what}"), offset }
    }
}
