//! The simulation itself: the same seed tells the same story, the code of production keeps every
//! promise, and a port that is built wrongly is found out.

mod repeats;
mod wrong;
