//! Why a verb stopped: what happened, what it left behind, and what to do about it.

use serde_json::{Value, json};
use std::fmt;

/// One reason to stop, in the three parts that who reads it needs.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// What happened, with what Azure said.
    pub(crate) what: String,
    /// What is there now that was not there before.
    pub(crate) left: String,
    /// What to do.
    pub(crate) todo: String,
}

impl Trouble {
    /// Trouble before anything was changed.
    pub(crate) fn early(what: impl Into<String>, todo: impl Into<String>) -> anyhow::Error {
        Self::after(what, "nothing: no resource was touched", todo)
    }

    /// Trouble that leaves something behind.
    pub(crate) fn after(
        what: impl Into<String>,
        left: impl Into<String>,
        todo: impl Into<String>,
    ) -> anyhow::Error {
        Self { what: what.into(), left: left.into(), todo: todo.into() }.into()
    }

    /// The same for a pipeline.
    pub(crate) fn document(error: &anyhow::Error) -> Value {
        match error.downcast_ref::<Self>() {
            Some(Self { what, left, todo }) => {
                json!({"outcome": "failed", "what": what, "leftBehind": left, "toDo": todo})
            }
            None => json!({"outcome": "failed", "what": format!("{error:#}")}),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, left, todo } = self;
        write!(f, "{what}\n  left behind: {left}\n  what to do:  {todo}")
    }
}

impl std::error::Error for Trouble {}
