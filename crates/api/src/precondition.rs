//! Conditions of a request on the version of an order (RFC 9110, section 13).
//!
//! | `If-Match` | `If-None-Match` | version | verdict |
//! |---|---|---|---|
//! | does not name it | | any | [`Verdict::Failed`] |
//! | absent, or names it | names it | any | [`Verdict::Unmodified`] |
//! | absent, or names it | absent, or does not name it | any | [`Verdict::Holds`] |
//!
//! `*` names every version. `If-Match` compares strongly (a weak tag never matches),
//! `If-None-Match` weakly.

use crate::problem::Problem;
use domain::Sequence;
use http::{HeaderMap, HeaderValue, header};

/// The conditions that a request came with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// What the conditions say to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Holds,
    /// The client has this version.
    Unmodified,
    /// The client expects another version.
    Failed,
}

/// Which versions a condition names.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Listed(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    opaque: String,
}

/// The entity tag of a version: strong, since a version is one exact state.
pub(crate) fn etag(version: Sequence) -> HeaderValue {
    // A number in quotes is always a valid header value.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl Conditions {
    /// Reads both headers.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let read = |name: header::HeaderName, said| match given(headers, &name) {
            Ok(tags) => Ok(tags),
            Err(Malformed) => Err(Problem::BadCondition { name: said }),
        };
        Ok(Self {
            if_match: read(header::IF_MATCH, "If-Match")?,
            if_none_match: read(header::IF_NONE_MATCH, "If-None-Match")?,
        })
    }

    /// Judges a version.
    pub(crate) fn judge(&self, version: Sequence) -> Verdict {
        let own = version.to_string();
        let names = |tags: &Tags, weakly: bool| match tags {
            Tags::Any => true,
            Tags::Listed(tags) => {
                tags.iter().any(|tag| (weakly || !tag.is_weak) && tag.opaque == own)
            }
        };
        if self.if_match.as_ref().is_some_and(|tags| !names(tags, false)) {
            return Verdict::Failed;
        }
        if self.if_none_match.as_ref().is_some_and(|tags| names(tags, true)) {
            return Verdict::Unmodified;
        }
        Verdict::Holds
    }

    /// Whether the client named the versions that it wants to change.
    pub(crate) const fn has_if_match(&self) -> bool {
        self.if_match.is_some()
    }
}

struct Malformed;

fn given(headers: &HeaderMap, name: &header::HeaderName) -> Result<Option<Tags>, Malformed> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let mut listed = Vec::new();
    let mut lines = headers.get_all(name).iter().map(|line| line.to_str().map_err(|_| Malformed));
    let first = lines.next().unwrap_or(Ok(""))?;
    if first.trim() == "*" {
        return if lines.next().is_none() { Ok(Some(Tags::Any)) } else { Err(Malformed) };
    }
    for line in std::iter::once(Ok(first)).chain(lines) {
        read_list(line?, &mut listed)?;
    }
    if listed.is_empty() { Err(Malformed) } else { Ok(Some(Tags::Listed(listed))) }
}

/// Reads `W/"a", "b"`; empty elements are skipped, as RFC 9110 5.6.1 asks of a reader.
fn read_list(line: &str, tags: &mut Vec<Tag>) -> Result<(), Malformed> {
    let mut rest = line.trim_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let opened = quoted.strip_prefix('"').ok_or(Malformed)?;
        let (opaque, after) = opened.split_once('"').ok_or(Malformed)?;
        if opaque.contains([' ', '\t']) {
            return Err(Malformed);
        }
        tags.push(Tag { is_weak, opaque: opaque.into() });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return Err(Malformed);
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Judges versions 1, 2 and 3.
    #[track_caller]
    fn check(lines: &[(&'static str, &str)], expect: Expect) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let said = match Conditions::of(&headers) {
            Ok(conditions) => (1..=3)
                .filter_map(Sequence::new)
                .map(|version| format!("{version} {:?}", conditions.judge(version)))
                .collect::<Vec<_>>()
                .join(", "),
            Err(problem) => format!("{problem:?}"),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn no_condition_always_holds() {
        check(&[], expect!["1 Holds, 2 Holds, 3 Holds"]);
    }

    #[test]
    fn if_match_fails_other_versions() {
        check(&[("if-match", "\"2\"")], expect!["1 Failed, 2 Holds, 3 Failed"]);
        check(&[("if-match", "*")], expect!["1 Holds, 2 Holds, 3 Holds"]);
        check(&[("if-match", "\"1\" , ,\"3\"")], expect!["1 Holds, 2 Failed, 3 Holds"]);
        check(
            &[("if-match", "\"1\""), ("if-match", "\"2\"")],
            expect!["1 Holds, 2 Holds, 3 Failed"],
        );
    }

    #[test]
    fn a_weak_tag_never_satisfies_if_match() {
        check(&[("if-match", "W/\"2\"")], expect!["1 Failed, 2 Failed, 3 Failed"]);
    }

    #[test]
    fn if_none_match_spots_what_the_client_has() {
        check(&[("if-none-match", "W/\"2\", \"9\"")], expect!["1 Holds, 2 Unmodified, 3 Holds"]);
        check(&[("if-none-match", "*")], expect!["1 Unmodified, 2 Unmodified, 3 Unmodified"]);
    }

    #[test]
    fn if_match_goes_before_if_none_match() {
        let both = [("if-match", "\"1\""), ("if-none-match", "\"1\", \"2\"")];
        check(&both, expect!["1 Unmodified, 2 Failed, 3 Failed"]);
    }

    #[test]
    fn a_tag_from_elsewhere_names_no_version() {
        check(&[("if-match", "\"02\", \"2-gzip\", \"\"")], expect!["1 Failed, 2 Failed, 3 Failed"]);
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for wrong in
            ["2", "", ",", "\"2", "w/\"2\"", "\"1\" \"2\"", "*, \"2\"", "\"a b\"", "W/ \"2\""]
        {
            check(&[("if-match", wrong)], expect![[r#"BadCondition { name: "If-Match" }"#]]);
        }
        let twice = [("if-none-match", "*"), ("if-none-match", "*")];
        check(&twice, expect![[r#"BadCondition { name: "If-None-Match" }"#]]);
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_strange_to_be_read_or_refused(value in "[ -~\\t]{0,40}") {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, value.parse().unwrap());
            drop(Conditions::of(&headers).map(|conditions| conditions.judge(Sequence::FIRST)));
        }
    }
}
