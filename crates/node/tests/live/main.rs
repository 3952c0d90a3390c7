//! A node over a real socket.

mod house;
mod calls;
mod slow;
mod restart;
mod later;
mod flow_guests;
mod flow_moving;
mod flow_finding;
mod flow_several;
mod flow_many;
mod flow_sizes;
mod flow_mangled;
mod flows;
mod contents;
mod handing;
mod triggers;
mod forecasts;
mod models;
mod moves;
mod traces;
mod sites;
mod histories;
