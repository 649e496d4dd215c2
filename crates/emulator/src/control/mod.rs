//! The control port: faults on demand, splits, clock and state.
