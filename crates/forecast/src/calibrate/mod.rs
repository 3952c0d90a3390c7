//! Bands that keep what they promise while demand drifts, and the account of how well they do.

pub mod stream;
pub mod edges;
pub mod layer;
pub mod ledger;
