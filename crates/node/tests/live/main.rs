//! A node over a real socket.

mod house;
mod calls;
mod slow;
mod restart;
mod later;
mod triggers;
mod forecasts;
mod models;
mod traces;
