//! Session tokens: `<range>:-1#<lsn>`, joined by commas where several ranges answered.

use super::range::Range;
use super::refusal::Refusal;

/// The token that a range answers with.
pub(super) fn token(range: &Range) -> String {
    format!("{}:-1#{}", range.id, range.lsn)
}

/// Refuses a token that names a later write of this range, or of one it came from.
pub(super) fn check(range: &Range, token: &str) -> Result<(), Refusal> {
    let parts = token.split(',').filter_map(parse);
    let ahead = parts.filter(|(id, _)| range.descends_from(*id)).any(|(_, lsn)| range.lsn < lsn);
    if ahead {
        return Err(Refusal::SessionAhead { range: range.id.to_string(), lsn: range.lsn });
    }
    Ok(())
}

/// Reads `0:-1#5`, `0:1#5#3=4` or `0:5`.
fn parse(part: &str) -> Option<(u32, u64)> {
    let (id, vector) = part.trim().split_once(':')?;
    let lsn = vector.split('#').nth(1).unwrap_or(vector);
    Some((id.parse().ok()?, lsn.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosmos::core::epk::Epk;

    #[test]
    fn all_forms_of_a_token_are_read() {
        assert_eq!(parse("0:-1#5"), Some((0, 5)));
        assert_eq!(parse("3:1#12#4=9"), Some((3, 12)));
        assert_eq!(parse(" 0:7"), Some((0, 7)));
        assert_eq!(parse("x"), None);
    }

    #[test]
    fn only_a_later_write_of_this_range_or_a_parent_is_ahead() {
        let mut range = Range::new(2, Epk::first(), Epk::end(), (0, 1));
        range.parents = vec![0];
        range.lsn = 5;
        assert_eq!(token(&range), "2:-1#5");
        assert!(check(&range, "2:-1#5,1:-1#99").is_ok());
        for ahead in ["2:-1#6", "0:-1#6", "1:-1#1,2:6"] {
            let refusal = check(&range, ahead).unwrap_err();
            assert_eq!((refusal.status(), refusal.substatus()), (404, 1002));
        }
    }
}
