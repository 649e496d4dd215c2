//! The parameters of a query, taken one by one like the fields of an object.

use crate::problem::{Invalid, Problem};
use std::borrow::Cow;
use url::form_urlencoded;

/// What is left of a query, and what was wrong so far.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    left: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    wrong: Vec<Invalid>,
}

impl<'a> Parameters<'a> {
    /// Splits a query. What belongs to the Functions host is not looked at.
    pub(crate) fn parse(query: &'a str) -> Self {
        let ours = |(name, _): &(Cow<'_, str>, _)| !HOST_PARAMETERS.contains(&name.as_ref());
        let left = form_urlencoded::parse(query.as_bytes()).filter(ours).collect();
        Self { left, wrong: Vec::new() }
    }

    /// Takes a parameter that may be left out.
    pub(crate) fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let mut values = self.left.extract_if(.., |(given, _)| given == name);
        let (first, second) = (values.next(), values.next());
        drop(values);
        self.left.retain(|(given, _)| given != name);
        let read = match (first, second) {
            (None, _) => return None,
            (Some((_, text)), None) => read(&text),
            (Some(_), Some(_)) => Err("is given more than once".into()),
        };
        read.map_err(|detail| self.wrong.push(Invalid::new(name, detail))).ok()
    }

    /// Whether all was right: nothing wrong, and nothing left.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Self { left, mut wrong } = self;
        wrong.extend(left.iter().map(|(name, _)| Invalid::unknown(name)));
        if wrong.is_empty() { Ok(()) } else { Err(Invalid::all(wrong)) }
    }
}

/// The function key in a query, which the host checks and passes on.
const HOST_PARAMETERS: [&str; 2] = ["code", "clientId"];
