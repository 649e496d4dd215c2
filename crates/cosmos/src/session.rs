//! Session tokens: how far each partition has come, so that a read sees what was written.
//!
//! A token reads `<range>:<version>#<lsn>[#<region>=<lsn>]…`, or `<range>:[-1#]<lsn>` as
//! older services wrote it. Tokens of one range merge: a higher version wins; within a
//! version, each number takes its higher value. A range that split hands its token on.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use crate::account::Range;

/// The tokens of one container.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_range: RwLock<HashMap<String, Progress>>,
}

/// How far one range has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Progress {
    version: Option<i64>,
    lsn: i64,
    regions: Vec<(String, i64)>,
}

/// A token of a form nobody knows: it is left alone.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable;

/// The number of the last transaction that a token of one range names.
pub(crate) fn lsn_of(token: &str) -> Option<u64> {
    let (_, progress) = token.split_once(':')?;
    let progress: Progress = progress.parse().ok()?;
    progress.lsn.try_into().ok()
}

impl Sessions {
    /// Takes over the token of an answer, whatever the answer was otherwise.
    pub(crate) fn capture(&self, header: &str) {
        for token in header.split(',') {
            let Some((range, progress)) = token.trim().split_once(':') else { continue };
            let Ok(progress) = progress.parse::<Progress>() else { continue };
            if self.already_has(range, &progress) {
                continue;
            }
            let mut by_range = self.by_range.write().unwrap_or_else(PoisonError::into_inner);
            match by_range.get_mut(range) {
                Some(known) => known.merge(progress),
                None => {
                    by_range.insert(range.to_owned(), progress);
                }
            }
        }
    }

    /// The token for a read of one range; its parents' where it has none yet.
    pub(crate) fn of_range(&self, range: &Range) -> Option<String> {
        let by_range = self.by_range.read().unwrap_or_else(PoisonError::into_inner);
        let ids = std::iter::once(&range.id).chain(range.parents.iter().rev());
        let mut known = ids.filter_map(|id| by_range.get(id));
        let progress = known.next()?;
        Some(format!("{}:{progress}", range.id))
    }

    /// The tokens of all ranges, for a read whose range is not known.
    pub(crate) fn of_all(&self) -> Option<String> {
        let by_range = self.by_range.read().unwrap_or_else(PoisonError::into_inner);
        let tokens: Vec<_> = by_range.iter().map(|(id, p)| format!("{id}:{p}")).collect();
        if tokens.is_empty() { None } else { Some(tokens.join(",")) }
    }

    /// Forgets all: the container is another one now.
    pub(crate) fn clear(&self) {
        self.by_range.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn already_has(&self, range: &str, progress: &Progress) -> bool {
        let by_range = self.by_range.read().unwrap_or_else(PoisonError::into_inner);
        by_range.get(range) == Some(progress)
    }
}

impl Progress {
    fn merge(&mut self, other: Self) {
        if other.version < self.version {
            return;
        }
        if self.version < other.version {
            *self = other;
            return;
        }
        self.lsn = self.lsn.max(other.lsn);
        for (region, lsn) in other.regions {
            match self.regions.iter_mut().find(|(known, _)| *known == region) {
                Some((_, known)) => *known = (*known).max(lsn),
                None => self.regions.push((region, lsn)),
            }
        }
    }
}

impl FromStr for Progress {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut parts = text.split('#');
        let first = number(parts.next())?;
        let Some(second) = parts.next() else {
            return Ok(Self { version: None, lsn: first, regions: Vec::new() });
        };
        let lsn = number(Some(second))?;
        let regions = parts
            .map(|part| {
                let (region, lsn) = part.split_once('=').ok_or(Unreadable)?;
                Ok((region.to_owned(), number(Some(lsn))?))
            })
            .collect::<Result<_, Unreadable>>()?;
        Ok(Self { version: Some(first), lsn, regions })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = self.version {
            write!(f, "{version}#")?;
        }
        write!(f, "{}", self.lsn)?;
        self.regions.iter().try_for_each(|(region, lsn)| write!(f, "#{region}={lsn}"))
    }
}

fn number(text: Option<&str>) -> Result<i64, Unreadable> {
    text.and_then(|text| text.parse().ok()).ok_or(Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(id: &str, parents: &[&str]) -> Range {
        let parents = parents.iter().map(ToString::to_string).collect();
        Range { id: id.into(), min: String::new(), max: "FF".into(), parents }
    }

    #[track_caller]
    fn check(captured: &[&str], expected: &str) {
        let sessions = Sessions::default();
        for token in captured {
            sessions.capture(token);
        }
        assert_eq!(sessions.of_range(&range("0", &[])).as_deref(), Some(expected));
    }

    #[test]
    fn the_higher_number_wins_within_a_version() {
        check(&["0:-1#5", "0:-1#7", "0:-1#6"], "0:-1#7");
        check(&["0:2#5#1=9#2=-1", "0:2#6#1=8#2=4"], "0:2#6#1=9#2=4");
    }

    #[test]
    fn a_higher_version_wins_over_a_higher_number() {
        check(&["0:1#90#1=80", "0:2#10#1=5"], "0:2#10#1=5");
        check(&["0:2#10", "0:1#90"], "0:2#10");
    }

    #[test]
    fn a_token_names_the_last_transaction() {
        assert_eq!(lsn_of("0:-1#57#1=8"), Some(57));
        assert_eq!(lsn_of("0:57"), Some(57));
        assert_eq!(lsn_of("0:-1#-1"), None);
        assert_eq!(lsn_of("57"), None);
    }

    #[test]
    fn the_old_form_is_kept_as_it_was() {
        check(&["0:5", "0:3"], "0:5");
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        check(&["0:-1#5", "0:x#9", "nonsense", "", "0:-1#9#r"], "0:-1#5");
    }

    #[test]
    fn ranges_are_kept_apart() {
        let sessions = Sessions::default();
        sessions.capture("0:-1#5, 1:-1#8");
        assert_eq!(sessions.of_range(&range("1", &[])).as_deref(), Some("1:-1#8"));
        let all = sessions.of_all().unwrap();
        assert!(all == "0:-1#5,1:-1#8" || all == "1:-1#8,0:-1#5", "{all}");
    }

    #[test]
    fn children_of_a_split_go_on_from_their_parent() {
        let sessions = Sessions::default();
        sessions.capture("0:-1#5");
        assert_eq!(sessions.of_range(&range("1", &["0"])).as_deref(), Some("1:-1#5"));
        assert_eq!(sessions.of_range(&range("9", &[])), None);
    }

    #[test]
    fn nothing_known_sends_nothing() {
        let sessions = Sessions::default();
        assert_eq!(sessions.of_all(), None);
        sessions.capture("0:-1#5");
        sessions.clear();
        assert_eq!(sessions.of_all(), None);
    }

    proptest! {
        /// Answers come in any order; what is known only ever grows.
        #[test]
        fn the_order_of_answers_does_not_count(
            tokens in prop::collection::vec((0..3_i64, 0..50_i64, 0..50_i64), 1..12),
            seed in any::<u64>(),
        ) {
            let known_after = |order: &[(i64, i64, i64)]| {
                let sessions = Sessions::default();
                for (version, lsn, region) in order {
                    sessions.capture(&format!("0:{version}#{lsn}#1={region}"));
                }
                sessions.of_range(&range("0", &[]))
            };
            let mut shuffled = tokens.clone();
            fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
            prop_assert_eq!(known_after(&tokens), known_after(&shuffled));
        }
    }
}
