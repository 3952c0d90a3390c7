//! Forecasts of the past from the command line: what is scored, the work, and its reports.

pub mod work;
pub mod scored;
pub mod document;
pub mod against;
pub mod decided;
pub mod page;
pub mod report;
pub mod prewarm;
pub mod announced;
pub mod followed;
pub mod rehearsing;
