//! The processes of a play: started, killed, put to sleep and started again.

use crate::operator::operate;
use crate::port::Port;
use crate::relays::{Setup, serve_host, stand_alone};
use crate::world::{Life, World, at};
use crate::writer::write_on;
use domain::Timestamp;
use relay::stop::{Stopper, stop};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// A relay that stands alone.
    Alone,
    /// A relay under a Functions host.
    Hosted,
    /// An API process.
    Writer,
    /// An operator at work.
    Operator,
}

/// A process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) role: Role,
    tasks: JoinSet<()>,
    stopper: Option<Stopper>,
    /// When whoever runs it starts it again.
    starts_at: Instant,
}

/// All processes.
#[derive(Debug)]
pub(crate) struct Cast {
    world: Arc<World>,
    setup: Setup,
    pub(crate) processes: Vec<Process>,
}

impl Cast {
    /// Draws who takes part: at most [`CLOCKS`].
    pub(crate) fn draw(world: &Arc<World>, rng: &mut fastrand::Rng) -> Self {
        let relays = (0..rng.usize(1..=3)).map(|_| match rng.u8(0..4) {
            0 => Role::Hosted,
            _ => Role::Alone,
        });
        let mut roles: Vec<_> = relays.collect();
        roles.extend([Role::Writer, Role::Operator]);
        if rng.bool() {
            roles.push(Role::Writer);
        }
        let now = Instant::now();
        let life = Life { number: 0, is_dead: true, paused_until: now };
        world.state().lives = vec![life; roles.len()];
        SKEWS.with_borrow_mut(|skews| *skews = (Some(now), [0; CLOCKS.len()]));
        let process = |role| Process { role, tasks: JoinSet::new(), stopper: None, starts_at: now };
        let processes = roles.into_iter().map(process).collect();
        Self { world: Arc::clone(world), setup: Setup::draw(rng), processes }
    }

    /// Starts what is due, and clears away what is dead.
    pub(crate) fn tend(&mut self, is_writing: bool) {
        for number in 0..self.processes.len() {
            let Some(process) = self.processes.get_mut(number) else { continue };
            while process.tasks.try_join_next().is_some() {}
            let is_dead = self.world.state().lives.get(number).is_none_or(|life| life.is_dead);
            if is_dead && !process.tasks.is_empty() {
                self.kill(number);
                continue;
            }
            let is_due = process.tasks.is_empty() && process.starts_at <= Instant::now();
            if is_due && (is_writing || process.role != Role::Writer) {
                self.start(number);
            }
        }
    }

    /// The process dies, and is started again after a while.
    pub(crate) fn kill(&mut self, number: usize) {
        let pause = self.world.state().draw(0, 20_000);
        let Some(process) = self.processes.get_mut(number) else { return };
        // An end by death tells nobody.
        process.tasks.abort_all();
        process.tasks.detach_all();
        process.stopper = None;
        process.starts_at = Instant::now() + Duration::from_millis(pause);
        let mut state = self.world.state();
        if let Some(life) = state.lives.get_mut(number) {
            life.is_dead = true;
        }
        state.note(number, &("killed", process.role));
    }

    /// The process is told to stop; once it has, it is started again.
    pub(crate) fn stop(&mut self, number: usize) {
        let Some(process) = self.processes.get_mut(number) else { return };
        if let Some(stopper) = process.stopper.take() {
            stopper.stop();
            self.world.state().note(number, &"told to stop");
        }
    }

    /// No more orders.
    pub(crate) fn retire_writers(&mut self) {
        for process in &mut self.processes {
            if process.role == Role::Writer {
                process.tasks.abort_all();
            }
        }
    }

    /// Whoever is late starts at once, and clocks are right.
    pub(crate) fn calm(&mut self) {
        let now = Instant::now();
        for (number, process) in self.processes.iter_mut().enumerate() {
            process.starts_at = process.starts_at.min(now);
            skew(number, 0);
        }
        let mut state = self.world.state();
        state.climate.is_calm = true;
        state.climate.away.clear();
        state.lives.iter_mut().for_each(|life| life.paused_until = now);
    }

    fn start(&mut self, number: usize) {
        let Some(process) = self.processes.get_mut(number) else { return };
        let Some(clock) = CLOCKS.get(number).copied() else { return };
        let life = {
            let mut state = self.world.state();
            state.note(number, &("started", process.role));
            let Some(life) = state.lives.get_mut(number) else { return };
            *life = Life { number: life.number + 1, is_dead: false, paused_until: Instant::now() };
            life.number
        };
        let port = Port { world: Arc::clone(&self.world), process: number, life };
        let tasks = &mut process.tasks;
        match process.role {
            Role::Alone => {
                let (stopper, stop) = stop();
                process.stopper = Some(stopper);
                tasks.spawn(stand_alone(port, self.setup, clock, stop));
            }
            Role::Hosted => drop(tasks.spawn(serve_host(port, self.setup, clock))),
            Role::Writer => drop(tasks.spawn(write_on(port, clock))),
            Role::Operator => drop(tasks.spawn(operate(port, clock))),
        }
    }
}

/// The clock of a process is this far ahead from now on.
pub(crate) fn skew(process: usize, seconds: i64) {
    SKEWS.with_borrow_mut(|(_, skews)| {
        if let Some(skew) = skews.get_mut(process) {
            *skew = seconds;
        }
    });
}

/// The relay reads its clock through a plain function, so that each process has one of its own.
const CLOCKS: [fn() -> Timestamp; 6] =
    [clock::<0>, clock::<1>, clock::<2>, clock::<3>, clock::<4>, clock::<5>];

type Skews = (Option<Instant>, [i64; CLOCKS.len()]);

thread_local! {
    /// When the play of this thread began, and how far the clock of each process is ahead.
    static SKEWS: RefCell<Skews> = const { RefCell::new((None, [0; CLOCKS.len()])) };
}

fn clock<const PROCESS: usize>() -> Timestamp {
    SKEWS.with_borrow(|(started, skews)| {
        let elapsed = started.map(|started| started.elapsed()).unwrap_or_default();
        at(elapsed, skews.get(PROCESS).copied().unwrap_or_default())
    })
}
