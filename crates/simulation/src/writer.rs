//! An API process: places orders and changes them, and tells its client what came of it.

use crate::port::Port;
use domain::order::{Decision, Order, Placement};
use domain::ports::{Basis, Stored};
use domain::value::Quantity;
use domain::{Change, Fault, Key, Timestamp};
use std::time::Duration;
use tokio::time::sleep;

/// Serves one request after another.
pub(crate) async fn write_on(port: Port, clock: fn() -> Timestamp) {
    loop {
        let (pause, request, dice) = {
            let mut state = port.world.state();
            let (pause, request) = (state.draw(20, 4_000), state.draw(0, 5));
            (pause, request, state.draw(1, 1_000_000))
        };
        sleep(Duration::from_millis(pause)).await;
        // Clients choose among few orders, so that writers meet.
        let Ok(key) = format!("order-{request}").parse::<Key>() else { continue };
        serve(&port, &key, dice, clock()).await;
    }
}

/// One request: loads, decides, writes; again where another writer was faster.
async fn serve(port: &Port, key: &Key, dice: u64, now: Timestamp) {
    for _ in 0..ATTEMPTS_MAX {
        let Ok(loaded) = port.load(key).await else { return };
        let (change, basis) = match loaded {
            None => (place(key, dice, now), Basis::New),
            Some(Stored { state, tag }) => (alter(&state, dice, now), Basis::Loaded(tag)),
        };
        let Some(change) = change else { return };
        match commit(port, &change, &basis).await {
            Ok(()) => return acknowledge(port, &change),
            Err(Fault::Conflict) => {}
            Err(_) => return,
        }
    }
}

/// Writes a change, and does not take silence for a no: what may have happened is read back.
async fn commit(port: &Port, change: &Change<Order>, basis: &Basis) -> Result<(), Fault> {
    match port.commit(change.clone(), basis.clone()).await {
        Err(fault) if fault.may_have_happened() => {
            // It stands there as it was sent, or it does not.
            let found = port.load(&change.state().id).await?;
            match found {
                Some(Stored { state, .. }) if state == *change.state() => Ok(()),
                Some(_) | None => Err(fault),
            }
        }
        answer => answer,
    }
}

fn acknowledge(port: &Port, change: &Change<Order>) {
    let mut state = port.world.state();
    let Order { id, version, .. } = change.state();
    state.note(port.process, &("acknowledges", id, version));
    let known = state.acknowledged.entry(id.clone()).or_default();
    *known = version.get().max(*known);
}

fn place(key: &Key, dice: u64, now: Timestamp) -> Option<Change<Order>> {
    let account_number = "A-17".parse().ok()?;
    let quantity = Quantity::try_from(i128::from(dice)).ok()?;
    let placement = Placement { id: key.clone(), account_number, quantity };
    Some(Order::place(placement, now))
}

fn alter(order: &Order, dice: u64, now: Timestamp) -> Option<Change<Order>> {
    let quantity = Quantity::try_from(i128::from(dice)).ok()?;
    let decision = match dice % 40 {
        0 => order.cancel(now),
        1 => order.ship(now),
        _ => order.change_quantity(quantity, now),
    };
    match decision {
        Decision::Changed(change) => Some(change),
        Decision::Unchanged | Decision::Refused(_) => None,
    }
}

const ATTEMPTS_MAX: usize = 3;
