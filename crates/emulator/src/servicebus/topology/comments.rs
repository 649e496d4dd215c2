//! JSON with comments, as Microsoft's sample configuration has them.

/// `text` with every comment replaced by blanks, so that positions stay the same.
pub(super) fn strip(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match rest.as_bytes() {
            [b'"', ..] => string_len(rest),
            [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        if first == '/' && 1 < length {
            plain.extend(piece.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        } else {
            plain.push_str(piece);
        }
        rest = behind;
    }
    plain
}

/// The length of the string at the start of `text`, quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let text = "{ // first\n \"a//b\\\"/*\": 1, /* x\n y */ \"c\": 2 }";
        let plain = strip(text);
        let value: serde_json::Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(value, serde_json::json!({"a//b\"/*": 1, "c": 2}));
        assert_eq!(plain.lines().count(), text.lines().count());
    }

    #[test]
    fn an_open_comment_or_string_does_not_panic() {
        for text in ["{ /* x", "{ \"x", "\"\\", "//", "/*/"] {
            strip(text);
        }
    }
}
