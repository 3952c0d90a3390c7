//! State monitoring: who is there, by gossip, on a port and certificate of its own.
//!
//! Advisory: gossip suspects, the log decides.

pub mod voice;
pub mod talk;
pub mod state_channel;
