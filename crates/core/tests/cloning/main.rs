//! Clones, from forecasts to orders, in a small world with virtual time.

mod stage;
mod health;
mod many;
mod modes;
mod nearby;
mod scaling;
mod timing;
