//! What each policy of the catalogue does, in tables computed by hand from its formula.
//!
//! Each row is small enough to follow with a pencil. Starts take a second and calls a
//! tenth of one where a table does not say otherwise, so a call at 10 s that starts cold
//! leaves its instance idle at 11.1 s.

mod table;
mod cast;
mod script;
mod stage;
mod by_age;
mod by_use;
mod by_cost;
mod ahead;
mod by_worth;
mod waiting;
mod overrides;
mod trouble;
