//! Forecasts in a node that is up: made at every step beside the calls, kept, judged by what
//! came, and told to the mind.

pub mod pace;
pub mod models;
pub mod score;
pub mod members;
pub mod desk;
pub mod calendar;
pub mod receipts;
pub mod ground;
pub mod noted;
pub mod known;
pub mod choosing;
pub mod maker;
pub mod training;
pub mod telling;
pub mod schedule;
pub mod outlook;
pub mod composing;
pub mod minutes;
pub mod told;
pub mod edges;
pub mod guard;
pub mod followed;
pub mod following;
pub mod round;
pub mod service;
pub mod view;
pub mod receipt;
pub mod announcing;
pub mod figures;
