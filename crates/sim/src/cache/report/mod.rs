//! Results of the simulator of caches for people and programs.

pub mod summary;
pub mod table;
pub mod json;
pub mod csv;
pub mod chart;
pub mod figures;
pub mod page;
