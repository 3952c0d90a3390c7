//! Calls that are left for later: on disk until somebody answered them or they were given up.

pub mod entry;
pub mod backoff;
pub mod verdict;
pub mod turns;
pub mod state;
pub mod ledger;
pub mod afar;
pub mod calls;
pub mod finding;
pub mod handing;
pub mod callback;
pub mod attempt;
pub mod runner;
