//! Cache groups by their founding scenarios, case by case, and at random.

mod scenarios;
mod stage;
