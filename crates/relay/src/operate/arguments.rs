//! Arguments: parsed once; what is wrong with one is said with an example of what is right.

use clap::Args;
use domain::{EventId, Key, Sequence, Timestamp};

/// How to say it.
#[derive(Debug, Clone, Copy, Args)]
pub struct Look {
    /// For programs: one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Which parked events to list.
#[derive(Debug, Args)]
pub struct ParkedList {
    /// List at most this many
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub limit: u64,
    #[command(flatten)]
    pub(super) form: Look,
}

/// Which order.
#[derive(Debug, Args)]
pub struct Which {
    /// The order's id
    #[arg(value_parser = order)]
    pub order: Key,
    #[command(flatten)]
    pub(super) form: Look,
}

/// Which event to release.
#[derive(Debug, Args)]
pub struct Released {
    /// The order's id
    #[arg(value_parser = order)]
    pub order: Key,
    /// The event's sequence in its order
    #[arg(value_parser = sequence)]
    pub sequence: Sequence,
    /// Why; it is kept in the event's document
    #[arg(long, value_parser = reason)]
    pub reason: Option<String>,
    #[command(flatten)]
    pub(super) form: Look,
}

/// Which event to give up, and why.
#[derive(Debug, Args)]
pub struct Skipped {
    /// The order's id
    #[arg(value_parser = order)]
    pub order: Key,
    /// The event's sequence in its order
    #[arg(value_parser = sequence)]
    pub sequence: Sequence,
    /// Why; it is kept in the event's document
    #[arg(long, value_parser = reason)]
    pub reason: String,
    #[command(flatten)]
    pub(super) form: Look,
}

/// Which events to publish again.
#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["order", "since"])]
pub struct Replayed {
    /// All processed events of this order
    #[arg(long, value_parser = order)]
    pub order: Option<Key>,
    /// All events processed since then: an instant, or how long ago, such as 2h
    #[arg(long, value_parser = time)]
    pub since: Option<Time>,
    /// Only those processed before then [default: now]
    #[arg(long, value_parser = time, requires = "since", conflicts_with = "order")]
    pub until: Option<Time>,
    /// Say what would be published, and publish nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub(super) form: Look,
}

/// An instant as an operator says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// A point in time.
    At(Timestamp),
    /// So long before now.
    Ago(std::time::Duration),
}

impl Released {
    pub(super) fn event(&self) -> EventId {
        EventId { key: self.order.clone(), sequence: self.sequence }
    }

    pub(super) fn why(self) -> String {
        self.reason.unwrap_or_else(|| "not said".to_owned())
    }
}

impl Skipped {
    pub(super) fn event(&self) -> EventId {
        EventId { key: self.order.clone(), sequence: self.sequence }
    }
}

impl Time {
    /// The instant that is meant, at `now`.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

fn order(text: &str) -> Result<Key, String> {
    text.parse().map_err(|error| format!("it {error}; an order's id looks like order-17"))
}

fn sequence(text: &str) -> Result<Sequence, String> {
    let number = text.parse().ok().and_then(Sequence::new);
    number.ok_or_else(|| "an order's events are numbered 1, 2, 3 …; `relay show` lists them".into())
}

fn time(text: &str) -> Result<Time, String> {
    if let Ok(at) = text.parse() {
        return Ok(Time::At(at));
    }
    humantime::parse_duration(text).map(Time::Ago).map_err(|_| {
        "write an instant such as 2026-11-25T10:00:00Z, or how long ago, such as 2h or 30m".into()
    })
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("say why, such as --reason \"the customer was called\"".into()),
        REASON_CHARS_MAX.. => Err(format!("at most {REASON_CHARS_MAX} characters are kept")),
        _ => Ok(text.to_owned()),
    }
}

/// It is kept in the document, and fifty times at most.
const REASON_CHARS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_how_long_ago() {
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        assert_eq!(time("2h").unwrap().at(now).to_string(), "2026-11-25T08:00:00Z");
        assert_eq!(
            time("2026-11-25T09:00:00+02:00").unwrap().at(now).to_string(),
            "2026-11-25T07:00:00Z"
        );
        assert!(time("yesterday").unwrap_err().contains("2026-11-25T10:00:00Z"));
    }

    #[test]
    fn an_order_is_replayed_whole_or_not_at_all() {
        let asked = |line: &str| {
            let command = Replayed::augment_args(clap::Command::new("replay"));
            command.try_get_matches_from(format!("replay {line}").split(' ')).is_ok()
        };
        assert!(asked("--order o") && asked("--since 2h") && asked("--since 2h --until 1h"));
        assert!(!asked("--order o --until 1h") && !asked("--until 1h"));
        assert!(!asked("--order o --since 2h") && !asked("--dry-run"));
    }

    #[test]
    fn what_is_wrong_is_said_with_an_example() {
        assert_eq!(
            order("a/b").unwrap_err(),
            "it has the character '/'; allowed are A-Z a-z 0-9 . _ -; \
             an order's id looks like order-17"
        );
        for wrong in ["0", "-1", "x", "4294967296"] {
            assert!(sequence(wrong).unwrap_err().contains("1, 2, 3"), "{wrong}");
        }
        assert!(reason("  ").unwrap_err().contains("--reason"));
        assert!(reason(&"x".repeat(501)).is_err());
    }
}
