//! Orders, events, envelopes, faults and ports. Pure: no I/O, no clock, no runtime.
