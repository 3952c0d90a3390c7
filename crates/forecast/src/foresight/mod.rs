//! What both worlds do between calls and the mind: count, close steps, foresee, tell.
//!
//! A world counts each arrival into a [`steps::Foresight`], closes its steps when they
//! are over, and hands what comes back to the mind as news. The simulator and the node thus
//! forecast by the same code from the same counts.

pub mod habit;
pub mod features;
pub mod logistic;
pub mod occurrence;
pub mod quantized;
pub mod counted;
pub mod truth;
pub mod steps;
