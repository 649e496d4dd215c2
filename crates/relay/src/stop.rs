//! Being told to stop.

use tokio_util::sync::{CancellationToken, DropGuard};

/// Tells every [`Stop`] made with it; at the latest when it is dropped.
#[derive(Debug)]
pub struct Stopper(DropGuard);

/// Knows whether it is time to stop.
///
/// Those who wait hear of it in the order in which they began to: a simulation of the relay
/// repeats to the letter.
#[derive(Debug, Clone)]
pub struct Stop(CancellationToken);

/// One who tells, and one who is told.
pub fn stop() -> (Stopper, Stop) {
    let token = CancellationToken::new();
    (Stopper(token.clone().drop_guard()), Stop(token))
}

impl Stopper {
    /// It is time.
    pub fn stop(self) {
        drop(self.0);
    }
}

impl Stop {
    /// Whether it is time.
    pub fn is_told(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it is time.
    pub fn told(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.clone().cancelled_owned()
    }
}
