//! What the SDK asks of the emulator, in the order it runs.

mod batches;
mod faults;
mod feeds;
mod items;
mod keys;
mod queries;
mod resources;
mod sessions;
mod splits;
mod wire;

use crate::runner::Feature;

/// All features.
pub fn all() -> Vec<Feature> {
    let parts = [
        wire::all(),
        resources::all(),
        items::all(),
        keys::all(),
        batches::all(),
        queries::all(),
        feeds::all(),
        splits::all(),
        sessions::all(),
        faults::all(),
    ];
    parts.into_iter().flatten().collect()
}
