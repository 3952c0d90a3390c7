//! FIFOs between functions, played with different rules about who owns them.

pub mod scenario;
pub mod play;
pub mod table;
