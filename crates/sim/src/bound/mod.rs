//! What no policy can beat, and what a policy would do that knew the future.

pub mod input;
pub mod validity;

pub mod account;

pub mod curve;
pub mod oracle;
pub mod relaxation;

#[cfg(test)]
mod checks;
