//! Tables for people: columns as wide as what stands in them, the last one free.

/// Lines of a table with this head; nothing where there are no rows.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|name| name.chars().count())).max().unwrap_or(0)
    });
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let body = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(head)).chain(body).collect()
}

/// The text, up to its first line break and at most this many characters of it. What a broker or
/// a document says must not move a terminal's cursor.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let line: String = clean.clone().take(most).collect();
    if most < clean.count() { format!("{line}…") } else { line }
}

/// An instant as documents carry it, to the second.
pub(super) fn second(instant: Option<&str>) -> String {
    let Some(text) = instant else { return "-".to_owned() };
    match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => one_line(text, 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["order-17", "1"], ["é", "12"]].map(|row| row.map(str::to_owned));
        expect![[r"
            ORDER     SEQ
            order-17  1
            é         12
        "]]
        .assert_eq(&table(["ORDER", "SEQ"], &rows));
        assert_eq!(table::<1>(["ORDER"], &[]), "");
    }

    #[test]
    fn what_a_document_says_moves_no_cursor() {
        assert_eq!(one_line("a\u{1b}[2J\nb", 99), "a [2J b");
        assert_eq!(one_line("abc", 2), "ab…");
    }

    #[test]
    fn instants_are_shown_to_the_second() {
        assert_eq!(second(Some("2026-11-23T20:24:24.123456Z")), "2026-11-23T20:24:24Z");
        assert_eq!(second(None), "-");
    }
}
