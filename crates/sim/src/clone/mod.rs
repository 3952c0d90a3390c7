//! Keep-alive alone against keep-alive and clones made ahead of demand.

pub mod row;
pub mod rhythm;
pub mod line;
pub mod reason;
pub mod summary;
pub mod incidents;
pub mod experiment;
pub mod table;
pub mod curves;
pub mod page;
