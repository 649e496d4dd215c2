//! When a timer trigger fires: an NCRONTAB expression of six fields, or a `TimeSpan` interval.
//!
//! NCRONTAB counts the days of the week from Sunday = 0; the `cron` crate counts from 1. Numbers
//! there are turned into names on the way in.

use super::timespan;
use chrono::DateTime;
use cron::Schedule as Cron;
use jiff::Timestamp;
use std::{str::FromStr, time::Duration};

/// A timer's schedule, in UTC as on Flex Consumption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// At the instants that match.
    Cron(Box<Cron>),
    /// This long after the last time.
    Every(Duration),
}

/// Why a text is not a schedule.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScheduleError {
    #[error(
        "`{0}` is neither six fields {{second}} {{minute}} {{hour}} {{day}} {{month}} \
         {{day of week}}, such as `0 */5 * * * *`, nor a time span hh:mm:ss"
    )]
    Fields(String),
    #[error("`{text}` is not a cron expression: {why}")]
    Cron { text: String, why: String },
    #[error("an interval must be longer than none")]
    Zero,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        if let Some(interval) = timespan::parse(text) {
            if interval.is_zero() {
                return Err(ScheduleError::Zero);
            }
            return Ok(Self::Every(interval));
        }
        let fields: Vec<_> = text.split_whitespace().collect();
        let [second, minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(ScheduleError::Fields(text.into()));
        };
        let weekday = name_weekdays(weekday);
        let expression = format!("{second} {minute} {hour} {day} {month} {weekday}");
        let cron = Cron::from_str(&expression).map_err(|error| ScheduleError::Cron {
            text: text.into(),
            why: error.to_string().trim().replace('\n', " "),
        })?;
        Ok(Self::Cron(Box::new(cron)))
    }
}

impl Schedule {
    /// The next time after `now`; there may be none (30 February).
    pub(crate) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => now.checked_add(*interval).ok(),
            Self::Cron(cron) => {
                let now = DateTime::from_timestamp(now.as_second(), 0)?;
                let next = cron.after(&now).next()?;
                Timestamp::from_second(next.timestamp()).ok()
            }
        }
    }
}

/// Replaces the numbers 0 (or 7) to 6 by names; steps after `/` are counts and stay.
fn name_weekdays(field: &str) -> String {
    let part = |part: &str| {
        let (days, step) =
            part.split_once('/').map_or((part, None), |(days, step)| (days, Some(step)));
        let days = days.split('-').map(name_weekday).collect::<Vec<_>>().join("-");
        step.map_or_else(|| days.clone(), |step| format!("{days}/{step}"))
    };
    field.split(',').map(part).collect::<Vec<_>>().join(",")
}

fn name_weekday(day: &str) -> &str {
    match day {
        "0" | "7" => "Sun",
        "1" => "Mon",
        "2" => "Tue",
        "3" => "Wed",
        "4" => "Thu",
        "5" => "Fri",
        "6" => "Sat",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &str, after: &str, expect: &str) {
        let next = schedule.parse::<Schedule>().unwrap().next(after.parse().unwrap()).unwrap();
        assert_eq!(next.to_string(), expect, "{schedule}");
    }

    #[test]
    fn six_fields_begin_with_the_second() {
        check("0 */5 * * * *", "2026-11-23T20:01:30Z", "2026-11-23T20:05:00Z");
        check("*/10 * * * * *", "2026-11-23T20:01:30.5Z", "2026-11-23T20:01:40Z");
        check("0 30 9 * Jan Mon", "2026-11-23T00:00:00Z", "2027-01-04T09:30:00Z");
    }

    #[test]
    fn an_instant_that_matches_now_is_past() {
        check("0 * * * * *", "2026-11-23T20:01:00Z", "2026-11-23T20:02:00Z");
    }

    #[test]
    fn sunday_is_day_zero() {
        check("0 0 0 * * 0", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z");
        check("0 0 0 * * 1-5", "2026-11-27T12:00:00Z", "2026-11-30T00:00:00Z");
    }

    #[test]
    fn a_time_span_is_an_interval() {
        check("00:00:30", "2026-11-23T20:01:10Z", "2026-11-23T20:01:40Z");
    }

    #[test]
    fn wrong_schedules_say_what_would_be_right() {
        let error = |text: &str| text.parse::<Schedule>().unwrap_err().to_string();
        assert!(error("*/5 * * * *").contains("six fields"));
        assert!(error("0 61 * * * *").contains("0 61"));
        assert!(error("00:00:00").contains("longer"));
    }
}
