//! A node over a real socket.

mod house;
mod calls;
mod restart;
mod later;
mod triggers;
mod traces;
