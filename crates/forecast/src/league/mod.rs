//! Retraining that never gets worse: who forecasts, who is tried, and when to fall back.

pub mod contender;
pub mod rules;
pub mod score;
pub mod form;
pub mod trial;
pub mod state;
pub mod table;
pub mod budget;
