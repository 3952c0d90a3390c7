//! The bounds against every possible policy on small traces, and against measured
//! numbers on real ones.

mod azure;
mod brute;
