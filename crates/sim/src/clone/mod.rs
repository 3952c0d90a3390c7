//! Keep-alive alone against keep-alive and clones made ahead of demand.

pub mod row;
pub mod experiment;
pub mod summary;
pub mod table;
pub mod curves;
pub mod page;
