//! What to do after an attempt that was no success. Decides, and does nothing else: no
//! clock, no socket, no randomness.
//!
//! | answer | next |
//! |---|---|
//! | 429 | wait as long as the answer says (plus jitter), same region; 3092: another region |
//! | 449 | wait 10 ms, doubling to 1 s, same region |
//! | 410, by range | stop: the caller asks for the ranges anew and goes on with the children |
//! | 410, by key | forget the ranges, wait, again: the service routes keys itself |
//! | 404/1002 | again, the token kept: once in the same region, then from the write region |
//! | 403/3, 403/1008 | ask the account where it writes now, again there |
//! | 404/1003, 400/1024 | the container was made anew: forget ranges and tokens, again once |
//! | 401, by Entra ID | renew the token, again once |
//! | 408, 500, 502, 503, 504 | again elsewhere; a write may have happened |
//! | cannot connect | again elsewhere; nothing can have happened |
//! | no answer | like 503 |
//! | anything else | stop |
//!
//! A write that may have happened is sent again only where that is harmless: where its ids
//! or conditions let it happen once. In all cases attempts and time are bounded.

use std::time::Duration;

use crate::outcome::Refusal;

/// How long one call may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The attempts in all.
    pub attempts_max: u32,
    /// The time in all, pauses included: no pause starts that would end behind it.
    pub total_max: Duration,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Came<'a> {
    /// An answer, and no success.
    Refusal(&'a Refusal),
    /// Nothing; the request never left.
    NotSent,
    /// Nothing; it may have arrived.
    Silence,
}

/// How a request finds its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// By the key of its documents: the service finds the range.
    Key,
    /// By the name of a range, which can go.
    Range,
}

/// Whether a repeat of a write could do it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// A read, or a write that ids or conditions let happen once.
    Harmless,
    /// A write that would happen again.
    Doubles,
}

/// The call so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoFar {
    /// Attempts made, the last one included.
    pub(crate) attempts: u32,
    /// Time gone since the first.
    pub(crate) elapsed: Duration,
    /// Whether caches and token were already renewed for this call.
    pub(crate) renewed: bool,
    /// Whether the credential is a token, which can be renewed; a key is right or wrong.
    pub(crate) by_token: bool,
    /// Between 0 and 1, different each time: spreads callers that fail together.
    pub(crate) jitter: f64,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Next {
    /// The same again, in the same region.
    Again(Duration),
    /// The same again, in the next region.
    Elsewhere(Duration),
    /// Ask the account for its regions, then again.
    AskAccount(Duration),
    /// Forget ranges, tokens and container, then again, once.
    Renew,
    /// Enough.
    Stop,
}

/// The table above. What is too late or too often stops.
pub(crate) fn after(
    came: Came<'_>,
    (route, repeat): (Route, Repeat),
    so_far: SoFar,
    patience: Patience,
) -> Next {
    if patience.attempts_max <= so_far.attempts {
        return Next::Stop;
    }
    let next = match came {
        Came::NotSent => Next::AskAccount(backoff(so_far)),
        Came::Silence => elsewhere_if_harmless(repeat, so_far),
        Came::Refusal(refusal) => after_refusal(refusal, (route, repeat), so_far),
    };
    match next {
        Next::Again(pause) | Next::Elsewhere(pause) | Next::AskAccount(pause)
            if patience.total_max < so_far.elapsed + pause =>
        {
            Next::Stop
        }
        Next::Again(_) | Next::Elsewhere(_) | Next::AskAccount(_) | Next::Renew | Next::Stop => {
            next
        }
    }
}

fn after_refusal(refusal: &Refusal, (route, repeat): (Route, Repeat), so_far: SoFar) -> Next {
    match (refusal.status, refusal.substatus) {
        (429, 3092) => Next::Elsewhere(throttled(refusal, so_far)),
        (429, _) => Next::Again(throttled(refusal, so_far)),
        (449, _) => Next::Again(doubling(CONTENDED_FIRST, so_far)),
        (410, _) | (404, 1003) | (400, 1024) if route == Route::Range => Next::Stop,
        (410, _) => Next::Again(backoff(so_far)),
        (404, 1002) if so_far.attempts == 1 => Next::Again(backoff(so_far)),
        (404, 1002) => Next::Elsewhere(backoff(so_far)),
        (403, 3 | 1008) => Next::AskAccount(backoff(so_far)),
        (404, 1003) | (400, 1024) if !so_far.renewed => Next::Renew,
        (401, _) if so_far.by_token && !so_far.renewed => Next::Renew,
        (408 | 500 | 502 | 503 | 504, _) => elsewhere_if_harmless(repeat, so_far),
        _ => Next::Stop,
    }
}

/// Whether a refusal leaves open what became of a write.
pub(crate) fn leaves_open(refusal: &Refusal) -> bool {
    matches!(refusal.status, 408 | 500 | 502 | 503 | 504)
}

fn elsewhere_if_harmless(repeat: Repeat, so_far: SoFar) -> Next {
    match repeat {
        Repeat::Harmless => Next::Elsewhere(backoff(so_far)),
        Repeat::Doubles => Next::Stop,
    }
}

/// The wait that was asked for and up to a tenth more; without one, the usual backoff.
fn throttled(refusal: &Refusal, so_far: SoFar) -> Duration {
    refusal
        .retry_after
        .map_or_else(|| backoff(so_far), |wait| wait + wait.mul_f64(0.1 * so_far.jitter))
}

/// The usual pause: 50 ms, doubling.
pub(crate) fn backoff(so_far: SoFar) -> Duration {
    doubling(PAUSE_FIRST, so_far)
}

/// Between half and all of `first · 2^(attempts - 1)`, at most a second.
fn doubling(first: Duration, so_far: SoFar) -> Duration {
    let doublings = so_far.attempts.saturating_sub(1).min(DOUBLINGS_MAX);
    let pause = (first * 2_u32.pow(doublings)).min(PAUSE_MAX);
    pause.mul_f64(0.5 + 0.5 * so_far.jitter)
}

const PAUSE_FIRST: Duration = Duration::from_millis(50);
const CONTENDED_FIRST: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// 10 ms doubled ten times has long passed the cap.
const DOUBLINGS_MAX: u32 = 10;

impl Default for Patience {
    /// As the official clients: nine tries within half a minute.
    fn default() -> Self {
        Self { attempts_max: 9, total_max: Duration::from_secs(30) }
    }
}

#[cfg(test)]
mod tests;
