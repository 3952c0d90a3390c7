//! Two published simulators, reproduced exactly, errors included, so that their printed numbers can be checked.

pub mod input;
pub mod minutes;
pub mod outcome;
pub mod twister;

pub mod founding;

pub mod faascache;

pub mod catalogue;

#[cfg(test)]
mod tests;
