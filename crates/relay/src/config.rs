//! The relay's own settings, from the environment: all mistakes at once.
//!
//! Where the store and the broker are, and what opens them, their clients read themselves.

use crate::decide::leases::balance::Share;
use crate::feed::Timing;
use crate::feed::pace::Poll;
use crate::round::Limits;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// The relay's own settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What its rounds are held to.
    pub limits: Limits,
    /// How long an event may be pending before the sweep takes it up.
    pub sweep_after: Duration,
    /// How often the feed is read where it stands alone.
    pub poll: Poll,
    /// How often it looks at leases where it stands alone.
    pub timing: Timing,
    /// How many leases it holds there.
    pub share: Share,
    /// What wakes it.
    pub wake: Wake,
}

/// What wakes the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// The Functions host on this machine, which calls this port.
    Host {
        /// Where it calls.
        port: u16,
    },
    /// Its own feed loop; health is served here.
    Alone {
        /// Where it listens.
        listen: SocketAddr,
    },
}

/// A wrong variable: what is wrong with it, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    variable: &'static str,
    given: String,
    right: String,
}

impl Settings {
    /// Reads the variables that `get` knows; one that is empty counts as not set.
    ///
    /// # Errors
    ///
    /// Every mistake, not only the first.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { get, mistakes: Vec::new() };
        let retention = reader.duration("RELAY_RETENTION", RETENTION, RETENTION_ALLOWED);
        let sweep_after = reader.duration("RELAY_SWEEP_AFTER", SWEEP_AFTER, SWEEP_AFTER_ALLOWED);
        let in_flight = reader.parsed("RELAY_IN_FLIGHT", "a number from 1 to 1024", in_flight);
        let poll = reader.parsed("RELAY_POLL", "a range from at least 1ms up, such as 5ms..1s", ok);
        let timing = reader.timing();
        let share = reader.parsed("RELAY_LEASES", "a range of numbers, such as 1..4 or ..4", ok);
        let port = reader.parsed("FUNCTIONS_CUSTOMHANDLER_PORT", "a port from 1 to 65535", port);
        let listen = reader.parsed(
            "LISTEN",
            "an address and a port, such as 127.0.0.1:8082",
            ok::<SocketAddr>,
        );
        let Reader { mistakes, .. } = reader;
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let limits = Limits { retention, in_flight: in_flight.unwrap_or(IN_FLIGHT) };
        let wake = match port {
            Some(port) => Wake::Host { port },
            None => Wake::Alone { listen: listen.unwrap_or(LISTEN) },
        };
        let (poll, share) = (poll.unwrap_or_default(), share.unwrap_or_default());
        Ok(Self { limits, sweep_after, poll, timing, share, wake })
    }
}

impl Wake {
    /// Where to listen: for the Functions host on loopback and nowhere else.
    pub const fn address(self) -> SocketAddr {
        match self {
            Self::Host { port } => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            Self::Alone { listen } => listen,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, given, right } = self;
        write!(f, "{variable}: `{given}` is wrong; right would be {right}")
    }
}

struct Reader<G> {
    get: G,
    mistakes: Vec<Mistake>,
}

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    fn duration(
        &mut self,
        variable: &'static str,
        default: Duration,
        allowed: RangeInclusive<Duration>,
    ) -> Duration {
        let text = |duration: &Duration| humantime::format_duration(*duration).to_string();
        let (least, most) = (text(allowed.start()), text(allowed.end()));
        let right = format!("whole seconds from {least} to {most}, such as {}", text(&default));
        let parse = |text: &str| {
            let given = humantime::parse_duration(text).ok()?;
            (given.subsec_nanos() == 0 && allowed.contains(&given)).then_some(given)
        };
        self.parsed(variable, &right, parse).unwrap_or(default)
    }

    fn timing(&mut self) -> Timing {
        let Timing { acquire, renew, expire } = Timing::default();
        let acquire = self.duration("RELAY_LEASE_ACQUIRE", acquire, LEASE_ALLOWED);
        let expire = self.duration("RELAY_LEASE_EXPIRE", expire, EXPIRE_ALLOWED);
        let renew_allowed = *LEASE_ALLOWED.start()..=expire / 2;
        let renew = self.duration("RELAY_LEASE_RENEW", renew.min(expire / 2), renew_allowed);
        Timing { acquire, renew, expire }
    }

    fn parsed<T>(
        &mut self,
        variable: &'static str,
        right: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let given = (self.get)(variable).filter(|given| !given.trim().is_empty())?;
        let parsed = parse(given.trim());
        if parsed.is_none() {
            self.mistakes.push(Mistake { variable, given, right: right.into() });
        }
        parsed
    }
}

fn ok<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn in_flight(text: &str) -> Option<usize> {
    text.parse().ok().filter(|given| IN_FLIGHT_ALLOWED.contains(given))
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// As long as anyone asks «where is my event?».
const RETENTION: Duration = Duration::from_hours(7 * 24);

/// A time to live is a positive 32-bit number of seconds.
const RETENTION_ALLOWED: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(i32::MAX as u64);

/// Far above what a feed that works takes, so that the sweep does not compete with it.
const SWEEP_AFTER: Duration = Duration::from_mins(1);

/// Documents know their seconds and no less; beyond a day it is no safety net.
const SWEEP_AFTER_ALLOWED: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(24);

/// Documents know their seconds and no less, and nobody waits for hours until the next relay takes
/// over. A lease lives at least twice as long as its holder is silent: one sign of life may get
/// lost.
const LEASE_ALLOWED: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// Twice the shortest sign of life at least.
const EXPIRE_ALLOWED: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_hours(1);

/// Enough to keep a link full at a round trip of some milliseconds.
const IN_FLIGHT: usize = 64;

/// More orders at once than this only take memory.
const IN_FLIGHT_ALLOWED: RangeInclusive<usize> = 1..=1024;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8082);

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(variables: &[(&str, &str)], expect: Expect) {
        let get = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let said = match Settings::read(get) {
            Ok(settings) => format!("{settings:?}"),
            Err(mistakes) => mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n"),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn nothing_set_is_the_default() {
        check(
            &[],
            expect![
                "Settings { limits: Limits { retention: 604800s, in_flight: 64 }, sweep_after: 60s, poll: Poll { shortest: 5ms, longest: 1s }, timing: Timing { acquire: 13s, renew: 17s, expire: 60s }, share: Share { least: 0, most: 18446744073709551615 }, wake: Alone { listen: 127.0.0.1:8082 } }"
            ],
        );
    }

    #[test]
    fn every_variable_is_read_and_the_host_goes_before_listen() {
        check(
            &[
                ("RELAY_RETENTION", "1h"),
                ("RELAY_SWEEP_AFTER", " 5s "),
                ("RELAY_POLL", "2ms..10ms"),
                ("RELAY_IN_FLIGHT", "8"),
                ("RELAY_LEASE_ACQUIRE", "2s"),
                ("RELAY_LEASE_RENEW", "3s"),
                ("RELAY_LEASE_EXPIRE", "9s"),
                ("RELAY_LEASES", "1..4"),
                ("LISTEN", ""),
                ("FUNCTIONS_CUSTOMHANDLER_PORT", "7071"),
            ],
            expect![
                "Settings { limits: Limits { retention: 3600s, in_flight: 8 }, sweep_after: 5s, poll: Poll { shortest: 2ms, longest: 10ms }, timing: Timing { acquire: 2s, renew: 3s, expire: 9s }, share: Share { least: 1, most: 4 }, wake: Host { port: 7071 } }"
            ],
        );
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_what_would_be_right() {
        check(
            &[
                ("RELAY_RETENTION", "100years"),
                ("RELAY_SWEEP_AFTER", "500ms"),
                ("RELAY_POLL", "1s..5ms"),
                ("RELAY_IN_FLIGHT", "0"),
                ("RELAY_LEASE_ACQUIRE", "0s"),
                ("RELAY_LEASE_RENEW", "31s"),
                ("RELAY_LEASES", "4..1"),
                ("LISTEN", "8082"),
                ("FUNCTIONS_CUSTOMHANDLER_PORT", "70000"),
            ],
            expect![[r"
                RELAY_RETENTION: `100years` is wrong; right would be whole seconds from 1s to 68years 18days 3h 14m 7s, such as 7days
                RELAY_SWEEP_AFTER: `500ms` is wrong; right would be whole seconds from 1s to 1day, such as 1m
                RELAY_IN_FLIGHT: `0` is wrong; right would be a number from 1 to 1024
                RELAY_POLL: `1s..5ms` is wrong; right would be a range from at least 1ms up, such as 5ms..1s
                RELAY_LEASE_ACQUIRE: `0s` is wrong; right would be whole seconds from 1s to 1h, such as 13s
                RELAY_LEASE_RENEW: `31s` is wrong; right would be whole seconds from 1s to 30s, such as 17s
                RELAY_LEASES: `4..1` is wrong; right would be a range of numbers, such as 1..4 or ..4
                FUNCTIONS_CUSTOMHANDLER_PORT: `70000` is wrong; right would be a port from 1 to 65535
                LISTEN: `8082` is wrong; right would be an address and a port, such as 127.0.0.1:8082"]],
        );
    }

    #[test]
    fn the_host_is_served_on_loopback_only() {
        assert_eq!(Wake::Host { port: 7071 }.address().to_string(), "127.0.0.1:7071");
    }
}
