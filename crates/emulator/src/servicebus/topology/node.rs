//! Walking a configuration: every value knows its path, every mistake is noted and none ends it.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde_json::{Map, Value};
use std::{cell::RefCell, fmt::Display, time::Duration};

/// .NET's `TimeSpan.MaxValue`, by which Azure says that there is no limit.
const FOREVER: &str = "P10675199DT2H48M5.4775807S";

/// A value of the configuration with its path.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: Option<&'a Value>,
    path: String,
    mistakes: &'a RefCell<Vec<String>>,
}

impl<'a> Node<'a> {
    /// The whole of it.
    pub(super) fn root(value: &'a Value, mistakes: &'a RefCell<Vec<String>>) -> Self {
        Self { value: Some(value), path: "$".to_owned(), mistakes }
    }

    /// Notes a mistake at this path.
    pub(super) fn wrong(&self, what: impl Display) {
        self.mistakes.borrow_mut().push(format!("{}: {what}", self.path));
    }

    /// Whether there is a value other than null.
    pub(super) fn is_there(&self) -> bool {
        self.value.is_some_and(|value| !value.is_null())
    }

    /// The member of that name; names count the same in either case.
    pub(super) fn get(&self, name: &str) -> Self {
        let found = self.object().and_then(|object| {
            object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        Self { value: found, path: format!("{}.{name}", self.path), mistakes: self.mistakes }
    }

    /// Notes every member that is none of `known`.
    pub(super) fn only(&self, known: &[&str]) {
        for key in self.object().into_iter().flat_map(Map::keys) {
            if !known.iter().any(|name| name.eq_ignore_ascii_case(key)) {
                let place = self.get(key);
                place.wrong(format!("unknown; one of {}", known.join(", ")));
            }
        }
    }

    /// The elements of an array; none if there is nothing here.
    pub(super) fn elements(&self) -> Vec<Self> {
        match self.value {
            Some(Value::Array(elements)) => {
                let elements = elements.iter().enumerate().map(|(index, value)| Self {
                    value: Some(value),
                    path: format!("{}[{index}]", self.path),
                    mistakes: self.mistakes,
                });
                elements.collect()
            }
            Some(Value::Null) | None => Vec::new(),
            Some(_) => {
                self.wrong("must be an array");
                Vec::new()
            }
        }
    }

    /// The members of an object with their names.
    pub(super) fn members(&self) -> Vec<(String, &'a Value)> {
        let members = self.object().into_iter().flatten();
        members.map(|(key, value)| (key.clone(), value)).collect()
    }

    /// A text, if there is one.
    pub(super) fn text(&self) -> Option<String> {
        let text = self.present()?.as_str().map(str::to_owned);
        self.expected(text, "a string")
    }

    /// A text that must be there.
    pub(super) fn required_text(&self) -> String {
        if !self.is_there() {
            self.wrong("is missing");
        }
        self.text().unwrap_or_default()
    }

    /// A boolean, false if there is none.
    pub(super) fn flag(&self) -> bool {
        let Some(value) = self.present() else { return false };
        self.expected(value.as_bool(), "true or false").unwrap_or(false)
    }

    /// A number between 1 and `max`, if there is one.
    pub(super) fn count(&self, max: u32) -> Option<u32> {
        let number = self.present()?.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (1..=max).contains(number));
        self.expected(number, &format!("a number from 1 to {max}"))
    }

    /// A duration in ISO 8601 of at most `max`, if there is one.
    pub(super) fn duration(&self, max: Duration) -> Option<Duration> {
        let parsed = self.present()?.as_str().and_then(parse);
        let parsed = parsed.filter(|it| !it.is_zero() && *it <= max);
        let most = SignedDuration::try_from(max).unwrap_or(SignedDuration::MAX);
        self.expected(parsed, &format!("a duration such as PT1M, {most} at most"))
    }

    /// A duration that may be without end, and then is `max`; so is a longer one.
    pub(super) fn life(&self, max: Duration) -> Option<Duration> {
        let text = self.present()?.as_str();
        let parsed = if text == Some(FOREVER) { Some(max) } else { text.and_then(parse) };
        let parsed = parsed.filter(|it| !it.is_zero()).map(|it| it.min(max));
        self.expected(parsed, "a duration such as PT1M")
    }

    /// The value, unless it is null.
    fn present(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// Notes a value that is not what it must be.
    fn expected<T>(&self, value: Option<T>, what: &str) -> Option<T> {
        if value.is_none() {
            self.wrong(format!("must be {what}"));
        }
        value
    }

    /// The value as an object; anything else is noted once.
    fn object(&self) -> Option<&'a Map<String, Value>> {
        match self.value {
            Some(Value::Object(object)) => Some(object),
            Some(Value::Null) | None => None,
            Some(_) => {
                let words = format!("{}: must be an object", self.path);
                let mut mistakes = self.mistakes.borrow_mut();
                if !mistakes.contains(&words) {
                    mistakes.push(words);
                }
                None
            }
        }
    }
}

fn parse(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    Duration::try_from(span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?).ok()
}
