//! What a node tells of itself while it works: figures, lines of guests, traces.

pub mod observer;
