//! A cluster of sites on this machine, for as long as a demonstration lasts: a peak that is seen
//! coming, and a wrong move that is taken back.

pub mod cast;
pub mod sites;
pub mod traffic;
pub mod watching;
pub mod receipt;
pub mod play;
