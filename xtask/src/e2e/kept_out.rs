//! What a backend cannot be asked: kept out by name, with the reason.

/// A name, or its beginning, and why it is kept out.
pub(crate) type KeptOut = (&'static str, &'static str);

/// Of a run against images made from this tree.
pub(crate) const LOCAL: &[KeptOut] = &[
    ("functions::", "the Functions host starts its handlers as processes of its own machine"),
    ("slow_connections::", "it reads from /proc what the api uses"),
    ("managed_identity::", "it asks for the process id of the api, and is about no container"),
    ("a_full_disk_stops_the_shop", "a shell bounds the emulator's files, and an image has none"),
    ("deployed::", "it is for a deployed system: `--backend azure`"),
];

/// All that Microsoft's emulators are asked; the rest needs faults, splits, a clock or counters,
/// which they do not have.
pub(crate) const MICROSOFT: &[&str] = &[
    "main_job::",
    "in_order_per_order::",
    "configuration::",
    "a_store_that_is_away_is_503_with_retry_after_and_stores_nothing",
    "a_broker_that_is_away_and_comes_back_loses_nothing",
];

/// All that a deployed system is asked: nothing may be killed there, nor its messages taken.
pub(crate) const AZURE: &[&str] = &["deployed::"];
