//! What texts come to, where that can be told without Azure: names of containers, of topics.

use super::syntax::{Block, Expr, Kind, Piece, What};
use super::types::Context;
use std::collections::BTreeSet;

/// A file, and the module through which it is seen, if any.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) through: Option<(Context<'a>, &'a Block)>,
}

impl<'a> Scope<'a> {
    /// A file seen by itself.
    pub(crate) fn of(context: Context<'a>) -> Self {
        Self { context, through: None }
    }

    /// The text that an expression comes to.
    pub(crate) fn text(self, expr: &Expr) -> Option<String> {
        if let Kind::Text(pieces) = &expr.kind {
            return pieces.iter().map(|piece| self.piece(piece)).collect();
        }
        let Kind::Name(name) = &expr.kind else { return None };
        self.named(name)
    }

    fn piece(self, piece: &Piece) -> Option<String> {
        match piece {
            Piece::Literal(text) => Some(text.clone()),
            Piece::Value(value) => self.text(value),
        }
    }

    fn named(self, name: &str) -> Option<String> {
        match &self.context.file.named(name)?.what {
            What::Var(value) => self.text(value),
            What::Param { default, .. } => match self.through {
                Some((outer, block)) => {
                    let passed = block.property("params")?.property(name)?;
                    Scope::of(outer).text(passed)
                }
                None => self.text(default.as_ref()?),
            },
            What::Resource(_) | What::Module(_) | What::Output { .. } => None,
        }
    }
}

/// The names of all resources of a type that a file makes through its modules.
pub(crate) fn made(context: Context<'_>, kind: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, block) in context.file.modules() {
        let Some(file) = context.module(&block.of) else { continue };
        let inside = Context { file, ..context };
        let scope = Scope { context: inside, through: Some((context, block)) };
        let of_kind = file.resources().filter(|(_, one)| one.of.split('@').next() == Some(kind));
        names.extend(of_kind.filter_map(|(_, one)| scope.text(one.property("name")?)));
    }
    names
}
