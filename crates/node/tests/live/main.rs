//! A node over a real socket.

mod house;
mod calls;
mod slow;
mod restart;
mod later;
mod flows;
mod contents;
mod handing;
mod triggers;
mod forecasts;
mod models;
mod traces;
mod sites;
