//! .NET's `TimeSpan` as `host.json` and `function.json` write it: `[d.]hh:mm:ss`.

use std::time::Duration;

/// Reads `hh:mm:ss` or `d.hh:mm:ss`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) => (number(days, MAX_DAYS)?, clock),
        None => (0, text),
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (number(parts.next()?, 23)?, number(parts.next()?, 59)?);
    let seconds = number(parts.next()?, 59)?;
    if parts.next().is_some() {
        return None;
    }
    Some(Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
}

fn number(text: &str, max: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= max)
}

/// The most days that .NET can write.
const MAX_DAYS: u64 = 10_675_199;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_hours_minutes_and_seconds_count() {
        assert_eq!(parse("00:05:00"), Some(Duration::from_mins(5)));
        assert_eq!(parse("1.02:00:03"), Some(Duration::from_secs(93_603)));
    }

    #[test]
    fn what_dotnet_would_not_read_is_refused() {
        for text in ["", "5", "00:05", "00:60:00", "24:00:00", "-00:00:01", "+1:00:00", "1:2:3:4"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
