//! Being told to stop.

use tokio::sync::watch;

/// Tells every [`Stop`] made with it.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Knows whether it is time to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// One who tells, and one who is told.
pub fn stop() -> (Stopper, Stop) {
    let (tell, told) = watch::channel(false);
    (Stopper(tell), Stop(told))
}

impl Stopper {
    /// It is time.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether it is time.
    pub fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is time, or until nobody is left who could say so.
    pub fn told(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut told = self.0.clone();
        async move {
            let _ = told.wait_for(|is_told| *is_told).await;
        }
    }
}
