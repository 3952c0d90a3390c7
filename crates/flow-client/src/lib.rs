//! Puts items into the flows of a Swell node and takes them out, from a process of its own,
//! through shared memory that the node hands over its Unix socket.

pub mod error;
pub mod channel;
pub mod spin;
pub mod producer;
pub mod item;
pub mod consumer;
pub mod c;
pub mod c_producer;
pub mod c_consumer;
