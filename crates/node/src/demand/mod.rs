//! Demand: how often each function is called, kept over restarts, forecast at every step.

pub mod timeline;
pub mod chunks;
pub mod track;
pub mod book;
pub mod ledger;
pub mod census;
pub mod counter;
