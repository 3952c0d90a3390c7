//! What survives a restart: functions, versions, shares and code.

pub mod error;
pub mod database;
pub mod record;
pub mod functions;
pub mod code;
