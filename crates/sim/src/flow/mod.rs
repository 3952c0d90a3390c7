//! FIFOs between functions, played with different rules about who owns them.

pub mod stage;
pub mod scenario;
pub mod recording;
pub mod journaled;
pub mod rule;
pub mod seats;
pub mod play;
pub mod table;
pub mod page;
