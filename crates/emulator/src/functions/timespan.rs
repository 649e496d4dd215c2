//! .NET's `TimeSpan` as `host.json` and `function.json` write it: `[d.]hh:mm:ss[.fffffff]`.

use std::time::Duration;

/// Reads `[d.]hh:mm:ss[.fffffff]`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (before, seconds) = text.rsplit_once(':')?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let (hours, minutes) = before.split_once(':')?;
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let (days, hours) = (number(days, MAX_DAYS)?, number(hours, 23)?);
    let (minutes, seconds) = (number(minutes, 59)?, number(seconds, 59)?);
    let whole = Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
    Some(whole + Duration::from_nanos(nanos(fraction)?))
}

/// Up to seven digits after the point, counted in nanoseconds.
fn nanos(fraction: &str) -> Option<u64> {
    let digits = u32::try_from(fraction.len()).ok().filter(|digits| *digits <= 7)?;
    Some(number(fraction, 9_999_999)? * 10_u64.pow(9 - digits))
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
        assert_eq!(parse("00:00:01.25"), Some(Duration::from_millis(1_250)));
    }

    #[test]
    fn what_dotnet_would_not_read_is_refused() {
        let wrong = [
            "",
            "5",
            "00:05",
            "00:60:00",
            "24:00:00",
            "-00:00:01",
            "+1:00:00",
            "1:2:3:4",
            "0:0:1.",
            "0:0:0.12345678",
        ];
        for text in wrong {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
