//! Cache groups by their founding scenarios, case by case, and at random.

mod clients;
mod history;
mod random;
mod scenarios;
mod stage;
mod weather;
mod world;
