//! A process's way to the world outside: each call takes time, and may go wrong as its fate says.

use crate::fate::{Call, Fate, Turn};
use crate::world::{State, World};
use domain::Fault;
use std::future::pending;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// The ports of one process, as long as it lives.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    pub(crate) world: Arc<World>,
    pub(crate) process: usize,
    pub(crate) life: u32,
}

impl Port {
    /// One call. `act` is what happens in the world, all at once; it is told whether its answer
    /// will be lost, since then it may also happen only in part.
    pub(crate) async fn call<T, F>(&self, call: Call, act: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut State, bool) -> T + Send + 'static,
    {
        self.awake().await;
        let Fate { there, back, turn } = self.begin(&call);
        sleep(there).await;
        // What was sent arrives, also while its sender sleeps.
        let answer = match turn {
            Turn::Well => Ok(self.act(&call, act, false)),
            Turn::Lost => {
                self.act(&call, act, true);
                Err(Fault::Unanswered("the answer was lost".into()))
            }
            Turn::Late(delay) => {
                self.later(delay, call, act);
                Err(Fault::Unanswered("given up".into()))
            }
            Turn::Away => Err(Fault::Unavailable("away".into())),
            Turn::Throttled => {
                let after = Some(Duration::from_millis(self.world.state().draw(1, 5_000)));
                Err(Fault::Throttled { after })
            }
            Turn::DiesBefore => return self.die().await,
            Turn::DiesAfter => {
                self.act(&call, act, true);
                return self.die().await;
            }
        };
        sleep(back).await;
        self.awake().await;
        answer
    }

    fn begin(&self, call: &Call) -> Fate {
        let mut state = self.world.state();
        let fate = state.fate(call);
        state.note(self.process, &("calls", call, fate.turn));
        fate
    }

    fn act<T>(&self, call: &Call, act: impl FnOnce(&mut State, bool) -> T, is_lost: bool) -> T {
        let mut state = self.world.state();
        state.note(self.process, &("happens", call));
        act(&mut state, is_lost)
    }

    /// It happens, but its sender has given it up by then.
    fn later<T: 'static>(
        &self,
        delay: Duration,
        call: Call,
        act: impl FnOnce(&mut State, bool) -> T + Send + 'static,
    ) {
        let port = self.clone();
        let mut network = self.world.network.lock().unwrap_or_else(PoisonError::into_inner);
        while network.try_join_next().is_some() {}
        network.spawn(async move {
            sleep(delay).await;
            drop(port.act(&call, act, true));
        });
    }

    async fn die<T>(&self) -> T {
        {
            let mut state = self.world.state();
            state.note(self.process, &"dies");
            if let Some(life) = state.lives.get_mut(self.process) {
                life.is_dead |= life.number == self.life;
            }
        }
        pending().await
    }

    /// Waits while the process sleeps; for ever where it is dead.
    async fn awake(&self) {
        while let Some(until) = self.asleep_until().await {
            sleep_until(until).await;
        }
    }

    async fn asleep_until(&self) -> Option<Instant> {
        let life = self.world.state().lives.get(self.process).copied();
        match life {
            Some(life) if life.number == self.life && !life.is_dead => {
                Some(life.paused_until).filter(|until| Instant::now() < *until)
            }
            Some(_) | None => pending().await,
        }
    }
}
