//! A site among others: it measures and forecasts itself and them, says so in the log, proposes
//! moves, votes on those of others, and carries out what was decided.

pub mod naming;
pub mod sums;
pub mod roll;
pub mod choice;
pub mod board;
pub mod history;
pub mod quantiles;
pub mod foreteller;
pub mod announced;
pub mod odds;
pub mod witness;
pub mod crew;
pub mod quality;
pub mod monitor;
pub mod nodes;
pub mod view;
pub mod receipt;
pub mod statements;
pub mod evacuation;
pub mod lost;
pub mod failing;
pub mod aftermath;
pub mod mover;
pub mod kept;
pub mod route;
pub mod neighbours;
pub mod settings;
pub mod errands;
pub mod tenancy;
pub mod site;
pub mod carrying;
pub mod slots;
pub mod service;
