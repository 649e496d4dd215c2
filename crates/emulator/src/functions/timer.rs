//! The timer trigger: waits for the schedule, or for a run by hand, and invokes.
//!
//! Azure keeps in blob storage when a timer last ran, and catches up once when the host starts
//! after a missed time (`IsPastDue`). This host keeps nothing, so that a timer is never past due.
//!
//! A function never runs twice at once, and what is missed while it runs is not caught up with:
//! the next time counts from its end. When it last ran is known to this process only.

use super::{
    Host,
    invoke::chain,
    load::{Function, TimerTrigger},
    payload::{Payload, ScheduleStatus},
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Runs the trigger until `stop`.
pub(super) async fn run(
    host: Arc<Host>,
    function: Arc<Function>,
    trigger: Arc<TimerTrigger>,
    stop: CancellationToken,
) {
    stop.run_until_cancelled(follow(&host, &function, &trigger)).await;
}

/// Waits, fires, and again.
async fn follow(host: &Host, function: &Function, trigger: &TimerTrigger) {
    let clock = &host.invoker.clock;
    let next = trigger.schedule.next(clock.now());
    let mut status = ScheduleStatus { last: None, next, updated: None };
    if trigger.run_on_startup {
        fire(host, function, trigger, &mut status).await;
    }
    loop {
        status.next = trigger.schedule.next(clock.now());
        tokio::select! {
            () = until(host, status.next) => {}
            () = trigger.by_hand.notified() => tracing::info!("{} is run by hand", function.name),
        }
        fire(host, function, trigger, &mut status).await;
    }
}

/// A schedule without a next time waits for a run by hand.
async fn until(host: &Host, next: Option<Timestamp>) {
    match next {
        Some(next) => host.invoker.clock.sleep_until(next).await,
        None => std::future::pending().await,
    }
}

/// Invokes with what the timer knew before; then it knows more.
async fn fire(
    host: &Host,
    function: &Function,
    trigger: &TimerTrigger,
    status: &mut ScheduleStatus,
) {
    let now = host.invoker.clock.now();
    let told = trigger.use_monitor.then_some(*status);
    let payload = Payload::timer(&trigger.name, told, false);
    if let Err(failure) = host.invoker.retried(function, payload).await {
        tracing::error!("{} failed: {}", function.name, chain(&failure));
    }
    status.last = Some(now);
    status.updated = Some(host.invoker.clock.now());
}
