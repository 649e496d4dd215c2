//! Outbox relay: publishes pending events in order, then marks them processed.
