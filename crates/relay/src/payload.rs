//! The Functions host's call of a Cosmos DB trigger, down to its documents.
//!
//! The host encodes a string again at each of its layers, so that the documents arrive as a JSON
//! string that holds a JSON string that holds an array. Other hosts, and older ones, encode less.
//! So: as long as it is a string, parse it again, at most [`LAYERS_MAX`] times.

use domain::Reading;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What the documents of an invocation say, each read by `read`.
///
/// # Errors
///
/// When the body is not what the host sends. A document that cannot be read is no error: it is
/// for `read` to say so.
pub(crate) fn readings(
    body: &[u8],
    read: impl Fn(&str) -> Reading,
) -> Result<Vec<Reading>, PayloadError> {
    let invocation: Invocation<'_> =
        serde_json::from_slice(body).map_err(PayloadError::Envelope)?;
    let text = unwrapped(invocation.data.documents.get())?;
    match text.as_bytes().first() {
        Some(b'[') => {
            let documents: Vec<&RawValue> =
                serde_json::from_str(&text).map_err(PayloadError::Documents)?;
            Ok(documents.into_iter().map(|document| read(document.get())).collect())
        }
        Some(b'{') => {
            let document: &RawValue =
                serde_json::from_str(&text).map_err(PayloadError::Documents)?;
            Ok(vec![read(document.get())])
        }
        Some(_) | None => Err(PayloadError::NoDocuments),
    }
}

/// A body that is not what the host sends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayloadError {
    /// Not an invocation.
    #[error("the body is not {{\"Data\":{{\"documents\":…}}}}")]
    Envelope(#[source] serde_json::Error),
    /// An invocation whose documents are not JSON.
    #[error("Data.documents is not JSON")]
    Documents(#[source] serde_json::Error),
    /// An invocation whose documents are something else.
    #[error("Data.documents is neither an array nor an object, nor a string of one")]
    NoDocuments,
}

#[derive(Deserialize)]
struct Invocation<'a> {
    #[serde(rename = "Data", borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    documents: &'a RawValue,
}

/// The host of today adds two layers; one more is patience with the next.
const LAYERS_MAX: usize = 3;

fn unwrapped(value: &str) -> Result<Cow<'_, str>, PayloadError> {
    let mut text = Cow::Borrowed(value);
    for _ in 0..LAYERS_MAX {
        if !text.starts_with('"') {
            break;
        }
        let inner: String = serde_json::from_str(&text).map_err(PayloadError::Documents)?;
        text = Cow::Owned(inner.trim().to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Chain;
    use expect_test::{Expect, expect};

    fn encoded(text: &str, layers: usize) -> String {
        (0..layers).fold(text.to_owned(), |text, _| serde_json::to_string(&text).unwrap())
    }

    fn body(documents: &str) -> String {
        format!(r#"{{"Data":{{"documents":{documents}}},"Metadata":{{"sys":{{}}}}}}"#)
    }

    #[track_caller]
    fn check(body: &[u8], expect: Expect) {
        let echo = |text: &str| Reading::Unreadable { id: text.into(), reason: String::new() };
        let said = match readings(body, echo) {
            Err(error) => format!("error: {}", Chain(&error)),
            Ok(readings) => {
                let ids = readings.into_iter().map(|reading| match reading {
                    Reading::Unreadable { id, .. } => id,
                    Reading::Event(_) | Reading::Other => String::new(),
                });
                ids.collect::<Vec<_>>().join(" | ")
            }
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn documents_are_found_under_none_to_three_layers() {
        for layers in 0..=3 {
            let documents = encoded(r#"[{"id":"a.1","s":"\"q\""},{"id":"a"}]"#, layers);
            let expect = expect![[r#"{"id":"a.1","s":"\"q\""} | {"id":"a"}"#]];
            check(body(&documents).as_bytes(), expect);
        }
    }

    #[test]
    fn a_fourth_layer_is_too_much() {
        let expect =
            expect!["error: Data.documents is neither an array nor an object, nor a string of one"];
        check(body(&encoded("[]", 4)).as_bytes(), expect);
    }

    #[test]
    fn a_single_document_and_an_empty_page_are_taken() {
        check(body(r#"{"id":"a.1"}"#).as_bytes(), expect![[r#"{"id":"a.1"}"#]]);
        check(body(r#"" [ ] ""#).as_bytes(), expect![""]);
    }

    #[test]
    fn what_is_in_the_array_is_the_readers_business() {
        check(body("[1,null,\"x\",[[]]]").as_bytes(), expect![[r#"1 | null | "x" | [[]]"#]]);
    }

    #[test]
    fn deep_nesting_is_passed_on_without_a_crash() {
        let depth = 100_000;
        let deep = format!("[{}{}]", "[".repeat(depth), "]".repeat(depth));
        let count = readings(body(&deep).as_bytes(), |_| Reading::Other).unwrap().len();
        assert_eq!(count, 1);
    }

    #[test]
    fn garbage_is_named() {
        check(
            b"",
            expect![[
                r#"error: the body is not {"Data":{"documents":…}}: EOF while parsing a value at line 1 column 0"#
            ]],
        );
        check(
            b"\xff{}",
            expect![[
                r#"error: the body is not {"Data":{"documents":…}}: expected value at line 1 column 1"#
            ]],
        );
        check(
            b"[]",
            expect![[
                r#"error: the body is not {"Data":{"documents":…}}: invalid length 0, expected struct Invocation with 1 element at line 1 column 2"#
            ]],
        );
        check(
            br#"{"Data":{}}"#,
            expect![[
                r#"error: the body is not {"Data":{"documents":…}}: missing field `documents` at line 1 column 10"#
            ]],
        );
        check(
            body("null").as_bytes(),
            expect!["error: Data.documents is neither an array nor an object, nor a string of one"],
        );
        check(
            body("7").as_bytes(),
            expect!["error: Data.documents is neither an array nor an object, nor a string of one"],
        );
        check(
            body(r#""[{""#).as_bytes(),
            expect![
                "error: Data.documents is not JSON: EOF while parsing an object at line 1 column 2"
            ],
        );
        check(
            body(r#""""#).as_bytes(),
            expect!["error: Data.documents is neither an array nor an object, nor a string of one"],
        );
    }
}
