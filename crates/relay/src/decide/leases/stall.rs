//! Which leases stand still although their feed has work, whoever holds them.

use domain::ports::Lag;
use std::collections::BTreeMap;
use std::time::Duration;

/// What was seen of the lags, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stalls {
    still: BTreeMap<String, Still>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Still {
    at: Option<String>,
    since: Duration,
    is_said: bool,
}

/// A lease that stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stalled {
    /// Which one, with its owner and how far it is behind.
    pub lag: Lag,
    /// For how long, as far as this host saw.
    pub time: Duration,
}

impl Stalls {
    /// The leases that have stood still for `after` with work behind them, each said once until
    /// it moves. `now` is by the clock that only runs.
    pub fn look(&mut self, lags: &[Lag], now: Duration, after: Duration) -> Vec<Stalled> {
        let before = std::mem::take(&mut self.still);
        let mut stalled = Vec::new();
        for lag in lags.iter().filter(|lag| lag.behind.is_some_and(|behind| 0 < behind)) {
            let known = before.get(&lag.token).filter(|still| still.at == lag.continuation);
            let new = Still { at: lag.continuation.clone(), since: now, is_said: false };
            let mut still = known.cloned().unwrap_or(new);
            let time = now.saturating_sub(still.since);
            if after <= time && !still.is_said {
                still.is_said = true;
                stalled.push(Stalled { lag: lag.clone(), time });
            }
            self.still.insert(lag.token.clone(), still);
        }
        stalled
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::at;
    use super::*;

    const AFTER: Duration = Duration::from_mins(3);

    /// How many stalls are said, looked at every minute.
    fn looked(looks: &[(&str, u64)]) -> Vec<usize> {
        let mut stalls = Stalls::default();
        let look = |(minute, (at_place, behind)): (u64, &(&str, u64))| {
            let lag = Lag {
                token: "0".into(),
                owner: None,
                continuation: Some((*at_place).into()),
                written_at: at(0),
                behind: Some(*behind),
            };
            stalls.look(&[lag], Duration::from_mins(minute), AFTER).len()
        };
        (0..).zip(looks).map(look).collect()
    }

    #[test]
    fn a_lease_that_stands_still_with_work_is_said_once() {
        assert_eq!(looked(&[("1", 5), ("1", 5), ("1", 6), ("1", 6), ("1", 7)]), [0, 0, 0, 1, 0]);
    }

    #[test]
    fn one_that_moves_or_has_nothing_to_do_is_not() {
        assert_eq!(looked(&[("1", 5), ("2", 5), ("3", 5), ("4", 5), ("5", 5)]), [0; 5]);
        assert_eq!(looked(&[("1", 0), ("1", 0), ("1", 0), ("1", 0), ("1", 1)]), [0; 5]);
        assert_eq!(looked(&[("1", 5), ("1", 0), ("1", 5), ("1", 5), ("1", 5)]), [0; 5]);
    }
}
