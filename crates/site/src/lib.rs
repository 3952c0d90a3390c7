//! A site among others: it measures and forecasts itself and them, says so in the log, proposes
//! moves, votes on those of others, and carries out what was decided.

pub mod roll;
pub mod choice;
pub mod past;
pub mod receipt;
pub mod mover;
pub mod kept;
pub mod route;
pub mod neighbours;
pub mod settings;
pub mod errands;
pub mod tenancy;
pub mod troubles;
pub mod site;
pub mod carrying;
pub mod slots;
pub mod probing;
pub mod claiming;
pub mod calling;
pub mod standing;
pub mod service;
