//! Reads a JSON object property by property, and keeps every mistake instead of the first.

use crate::functions::{settings::Settings, timespan};
use serde_json::{Map, Value};
use std::{fmt, time::Duration};

/// One mistake: where it is, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    file: String,
    property: String,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.property.is_empty() {
            return write!(f, "{}: {}", self.file, self.message);
        }
        write!(f, "{}: {}: {}", self.file, self.property, self.message)
    }
}

/// The mistakes of one app so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub(crate) fn add(&mut self, file: &str, property: &str, message: impl Into<String>) {
        self.0.push(Problem {
            file: file.into(),
            property: property.into(),
            message: message.into(),
        });
    }

    /// All of them, in the order of reading.
    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// One JSON object being read. Each property is taken once; what is left is unknown.
pub(crate) struct Reader<'a> {
    file: &'a str,
    path: String,
    object: Map<String, Value>,
    problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    /// Reads a whole file, which must hold a JSON object.
    pub(crate) fn file(file: &'a str, text: &str, problems: &'a mut Problems) -> Option<Self> {
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Some(Self { file, path: String::new(), object, problems }),
            Ok(_) => {
                problems.add(file, "", "it must hold a JSON object");
                None
            }
            Err(error) => {
                problems.add(file, "", format!("it is not JSON: {error}"));
                None
            }
        }
    }

    /// Notes a mistake at a property of this object.
    pub(crate) fn wrong(&mut self, key: &str, message: impl Into<String>) {
        let property = self.property(key);
        self.problems.add(self.file, &property, message);
    }

    /// Whether the property is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// The property's value, if it is there.
    pub(crate) fn raw(&mut self, key: &str) -> Option<Value> {
        self.object.remove(key).filter(|value| !value.is_null())
    }

    /// The property read by `read`; `wanted` says what it should have been.
    pub(crate) fn read<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.raw(key)?;
        let found = read(&value);
        if found.is_none() {
            self.wrong(key, format!("{value} is not {wanted}"));
        }
        found
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text with its `%SETTING%`s replaced.
    pub(crate) fn expanded(&mut self, key: &str, settings: &Settings) -> Option<String> {
        let text = self.text(key)?;
        settings.expand(&text).map_err(|error| self.wrong(key, error.to_string())).ok()
    }

    /// `true` or `false`; `false` if it is not there.
    pub(crate) fn flag(&mut self, key: &str) -> bool {
        self.read(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// A whole number within bounds.
    pub(crate) fn number(&mut self, key: &str, min: i64, max: i64) -> Option<i64> {
        let wanted = format!("a whole number from {min} to {max}");
        self.read(key, &wanted, |value| {
            value.as_i64().filter(|number| (min..=max).contains(number))
        })
    }

    /// A number of milliseconds, more than none.
    pub(crate) fn millis(&mut self, key: &str, default: u64) -> Duration {
        let millis = self.number(key, 1, i64::from(i32::MAX));
        Duration::from_millis(millis.and_then(|millis| millis.try_into().ok()).unwrap_or(default))
    }

    /// A `TimeSpan`.
    pub(crate) fn timespan(&mut self, key: &str) -> Option<Duration> {
        self.read(key, "a time span hh:mm:ss", |value| value.as_str().and_then(timespan::parse))
    }

    /// A list of texts; empty if it is not there.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let texts = self.read(key, "a list of texts", |value| {
            let list = value.as_array()?.iter();
            list.map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_default()
    }

    /// A nested object, read by `read`.
    pub(crate) fn object<T>(&mut self, key: &str, read: impl FnOnce(Reader<'_>) -> T) -> Option<T> {
        let Value::Object(object) =
            self.read(key, "an object", |value| value.is_object().then(|| value.clone()))?
        else {
            return None;
        };
        Some(read(self.nested(key, object)))
    }

    /// A list of objects, each read by `read`.
    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(Reader<'_>) -> T,
    ) -> Vec<T> {
        let list = self.read(key, "a list of objects", |value| {
            let list = value.as_array()?.iter();
            list.map(|item| item.as_object().cloned()).collect::<Option<Vec<_>>>()
        });
        let numbered = list.unwrap_or_default().into_iter().enumerate();
        numbered.map(|(at, object)| read(self.nested(&format!("{key}[{at}]"), object))).collect()
    }

    /// Every property that nobody took is a mistake; `advice` may say what it should be.
    pub(crate) fn finish(mut self, advice: impl Fn(&str) -> Option<&'static str>) {
        for key in std::mem::take(&mut self.object).keys() {
            match advice(key) {
                Some(advice) => self.wrong(key, advice),
                None => self.wrong(key, "there is no such property"),
            }
        }
    }

    /// A reader of an object inside this one.
    fn nested(&mut self, key: &str, object: Map<String, Value>) -> Reader<'_> {
        let path = self.property(key);
        Reader { file: self.file, path, object, problems: self.problems }
    }

    /// The path of a property from the top of the file.
    fn property(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.into(),
            (path, "") => path.into(),
            (path, key) => format!("{path}.{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(json: &str, read: impl FnOnce(&mut Reader<'_>)) -> Vec<String> {
        let mut problems = Problems::default();
        if let Some(mut reader) = Reader::file("f.json", json, &mut problems) {
            read(&mut reader);
            reader.finish(|key| (key == "old").then_some("it is called new"));
        }
        problems.into_vec().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mistake_is_named_by_its_whole_path() {
        let found = problems(r#"{"a":{"b":[{},{"c":1}]}}"#, |reader| {
            reader.object("a", |mut a| {
                a.objects("b", |mut b| drop(b.text("c")));
            });
        });
        assert_eq!(found, ["f.json: a.b[1].c: 1 is not a text"]);
    }

    #[test]
    fn what_nobody_asked_for_is_a_mistake() {
        let found = problems(r#"{"x":1,"old":2,"known":true}"#, |reader| {
            assert!(reader.flag("known"));
        });
        let expect = ["f.json: old: it is called new", "f.json: x: there is no such property"];
        assert_eq!(found, expect);
    }

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        let found = problems(r#"{"a":0,"b":1.5,"c":"1","d":7}"#, |reader| {
            let read = ["a", "b", "c", "d"].map(|key| reader.number(key, 1, 9));
            assert_eq!(read, [None, None, None, Some(7)]);
        });
        let expect = ["a: 0", "b: 1.5", "c: \"1\""]
            .map(|start| format!("f.json: {start} is not a whole number from 1 to 9"));
        assert_eq!(found, expect);
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let found = problems(r#"{"a":null,"b":null}"#, |reader| {
            assert_eq!((reader.text("a"), reader.texts("b")), (None, Vec::new()));
        });
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_file_holds_an_object() {
        assert_eq!(problems("[]", |_| {}), ["f.json: it must hold a JSON object"]);
        assert!(problems("{", |_| {}).concat().starts_with("f.json: it is not JSON: EOF"));
    }
}
