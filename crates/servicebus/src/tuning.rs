//! Every bound of this crate, and why it is that number.

use std::time::Duration;

use domain::retry::Patience;

/// The bounds of a connection. The defaults are for production; tests shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tuning {
    /// How many transfers may be unsettled at once. 100 gave the highest rate on a fast
    /// loopback peer (16 gave nearly the same, 1,000 no more), and at 10 ms round trip it still
    /// allows 10,000 a second.
    pub unsettled_max: usize,
    /// How long a connection, a session, a token or a link may take to be granted: as long as
    /// the SDKs wait for a slow DNS and TLS handshake, and well below a client's minute.
    pub connect_within: Duration,
    /// How long the topic may leave us without credit before the link is made anew.
    pub credit_within: Duration,
    /// How long a settlement may take: the SDKs' try timeout.
    pub settle_within: Duration,
    /// How long the peer may be silent before the connection counts as cut. Heartbeats flow at
    /// half of it; below a minute they would be most of what an idle connection does.
    pub silence_max: Duration,
    /// How long a token that is made from a shared key is good for: the SDKs' hour.
    pub token_life: Duration,
    /// The pauses between attempts to connect. The longest is what an operator waits at most
    /// after having mended the set-up.
    pub reconnect: Patience,
    /// How long a call waits for the next attempt to connect instead of failing at once: enough
    /// for a broker that comes straight back, and no longer than a caller's own first pause.
    pub hold_max: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            unsettled_max: 100,
            connect_within: Duration::from_secs(20),
            credit_within: Duration::from_secs(30),
            settle_within: Duration::from_mins(1),
            silence_max: Duration::from_mins(1),
            token_life: Duration::from_hours(1),
            reconnect: Patience {
                pause_min: Duration::from_millis(50),
                pause_max: Duration::from_secs(15),
                attempts_max: None,
            },
            hold_max: Duration::from_secs(1),
        }
    }
}
