//! The relays of a play: the loops of production, or the calls of a Functions host.

use crate::port::Port;
use domain::Timestamp;
use domain::ports::{Feed, FeedPage, FeedPart, FeedPosition, FeedRange};
use relay::app::Due;
use relay::decide::leases::balance::Share;
use relay::feed::{Alone, Shared, Signals, Timing, follow};
use relay::stop::Stop;
use relay::{App, Limits};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(crate) const LIMITS: Limits = Limits { retention: Duration::from_hours(168), in_flight: 4 };

/// How relays that stand alone are set up in this play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) timing: Timing,
    pub(crate) sweep_after: Duration,
}

impl Setup {
    /// As the .NET SDK has it, or five times as fast.
    pub(crate) fn draw(rng: &mut fastrand::Rng) -> Self {
        let [acquire, renew, expire] = [2, 3, 12].map(Duration::from_secs);
        let fast = Timing { acquire, renew, expire };
        let timing = if rng.bool() { Timing::default() } else { fast };
        Self { timing, sweep_after: Duration::from_secs(rng.u64(5..=60)) }
    }
}

/// A relay that stands alone, until it is told to stop.
pub(crate) async fn stand_alone(port: Port, setup: Setup, clock: fn() -> Timestamp, stop: Stop) {
    let Port { process, life, .. } = port;
    let Ok(poll) = "20ms..3s".parse() else { return };
    let alone = Alone {
        name: format!("relay-{process}-{life}"),
        poll,
        timing: setup.timing,
        share: Share::default(),
    };
    let app = Arc::new(App::new(port.clone(), port.clone(), LIMITS, setup.sweep_after));
    let (feed, leases, signals) = (port.clone(), port, Signals::default());
    follow(Arc::new(Shared { app, feed, leases, alone, clock, stop, signals })).await;
}

/// A relay woken by a Functions host: page after page, each repeated until it succeeds, and a
/// sweep every minute.
pub(crate) async fn serve_host(port: Port, setup: Setup, clock: fn() -> Timestamp) {
    let app = App::new(port.clone(), port.clone(), LIMITS, setup.sweep_after);
    let (mut swept, mut pause) = (Instant::now(), IDLE_MIN);
    loop {
        let mut had_work = false;
        for range in port.ranges().await.unwrap_or_default() {
            had_work |= page(&port, &app, &range, clock).await;
        }
        if SWEEP_EVERY <= swept.elapsed() {
            swept = Instant::now();
            app.sweep(Due::InTime, clock()).await;
        }
        pause = if had_work { IDLE_MIN } else { (pause * 2).min(IDLE_MAX) };
        sleep(pause).await;
    }
}

/// One invocation. Whether there was anything to do.
async fn page(
    port: &Port,
    app: &App<Port, Port>,
    range: &FeedRange,
    clock: fn() -> Timestamp,
) -> bool {
    let place = place(port, range);
    let whole = FeedPart { range: range.id.clone(), within: None };
    let from = FeedPosition::After(place.to_string());
    let Ok(FeedPage::Read { readings, continuation }) = port.next(&whole, &from).await else {
        return false;
    };
    let had_work = !readings.is_empty();
    if app.page(readings, clock()).await.is_ok() {
        let mut state = port.world.state();
        let to = continuation.parse().unwrap_or(place);
        // Another instance may have come further meanwhile, or less far.
        state.host_places.insert(range.id.clone(), to);
    }
    had_work
}

/// How far the host has read a range: as far as all it came from were read.
fn place(port: &Port, range: &FeedRange) -> u64 {
    let state = port.world.state();
    let known = |id: &String| state.host_places.get(id).copied();
    let inherited = || range.parents.iter().filter_map(known).min();
    known(&range.id).or_else(inherited).unwrap_or(0)
}

const IDLE_MIN: Duration = Duration::from_millis(20);
const IDLE_MAX: Duration = Duration::from_secs(3);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
