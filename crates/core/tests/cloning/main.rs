//! Clones, from forecasts to orders, in a small world with virtual time.

mod stage;
mod bounds;
mod health;
mod laws;
mod many;
mod modes;
mod nearby;
mod pressure;
mod scaling;
mod surges;
mod seed;
mod timing;
