//! Paths to properties as definitions write them: `/a/"b/c"/d`.

/// The names on the way; nothing if this is no path.
///
/// A name may stand in quotes, single or double, and hold slashes then, as the SDKs read it too
/// (`ParsePaths` in `azure-cosmos`).
pub(super) fn parse(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('/')?;
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (name, behind) = match quote {
            Some(quote) => quoted(rest.strip_prefix(quote)?, quote)?,
            None => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        };
        let name = if quote.is_some() { name } else { name.trim() };
        names.push(name.to_owned());
        rest = behind;
    }
    let is_path = !names.is_empty() && names.iter().all(|name| !name.is_empty());
    is_path.then_some(names)
}

/// What stands before the closing quote, and behind it.
fn quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    let mut ends = text.match_indices(quote).filter_map(|(at, _)| {
        let (name, behind) = text.split_at(at);
        (!name.ends_with('\\')).then_some((name, behind.strip_prefix(quote)?))
    });
    ends.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes_may_hold_slashes() {
        for (path, expected) in [
            ("/a", &["a"][..]),
            ("/a/ b /c", &["a", "b", "c"]),
            (r#"/"a/b"/c"#, &["a/b", "c"]),
            (r#"/'first" 1*()'/'le/vel'"#, &["first\" 1*()", "le/vel"]),
            (r#"/"it's"/?"#, &["it's", "?"]),
            (r#"/"a\"/b""#, &[r#"a\"/b"#]),
            (r#"/a"b/c"#, &["a\"b", "c"]),
        ] {
            assert_eq!(parse(path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_none() {
        for path in ["", "/", "a", "/a/", "//a", r#"/"a"#, r#"/"a"b"#, r#"/"""#, r#"/"a\""#, "é"] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
