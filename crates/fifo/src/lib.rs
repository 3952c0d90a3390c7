//! Migratory FIFOs: rings in shared memory whose owner can change while data is in them.

pub mod layout;
pub mod fault;
pub mod shared;
pub mod view;
pub mod heap;
pub mod memfd;
pub mod mapping;
pub mod clock;
pub mod record;
pub mod segment;
pub mod class;
pub mod pool;
pub mod template;
pub mod parcel;
pub mod refusal;
pub mod producer;
pub mod lane;
pub mod full;
pub mod owner;
pub mod fifo;
pub mod intake;
pub mod transfer;
pub mod envelope;
