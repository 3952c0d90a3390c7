//! A node over a real socket.

mod house;
mod calls;
mod slow;
mod restart;
