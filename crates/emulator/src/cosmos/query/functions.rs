//! The built-in functions, found by name.

use super::error::QueryError;
use super::evaluate::Datum;

mod text;
mod types;

/// Makes a result of arguments; their number has been checked.
type Apply = for<'e> fn(&mut [Datum<'e>]) -> Datum<'e>;

/// A built-in function.
#[derive(Debug)]
pub(super) struct Function {
    /// In capitals.
    pub(super) name: &'static str,
    least: usize,
    most: usize,
    apply: Apply,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Function {
    const fn new(name: &'static str, least: usize, most: usize, apply: Apply) -> Self {
        Self { name, least, most, apply }
    }

    /// Whether it takes so many arguments.
    pub(super) fn check(&self, arguments: usize, offset: usize) -> Result<(), QueryError> {
        if (self.least..=self.most).contains(&arguments) {
            return Ok(());
        }
        let Self { name, least, most, .. } = self;
        let takes = match (*least, *most) {
            (least, most) if least == most => format!("{least}"),
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) => format!("{least} to {most}"),
        };
        let what = format!("{name} with {arguments} arguments; it takes {takes}");
        Err(QueryError::invalid(offset, what))
    }

    /// The result for these arguments.
    pub(super) fn apply<'e>(&self, mut arguments: Vec<Datum<'e>>) -> Datum<'e> {
        (self.apply)(&mut arguments)
    }
}

/// The function of this name, which is in capitals.
pub(super) fn find(upper: &str) -> Option<&'static Function> {
    [types::FUNCTIONS, text::FUNCTIONS].into_iter().flatten().find(|known| known.name == upper)
}
