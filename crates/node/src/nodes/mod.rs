//! The nodes of one site: one has its seat and speaks for it, the others serve what it serves.

pub mod wire;
pub mod kept;
pub mod bound;
pub mod ways;
pub mod fellows;
pub mod seat;
pub mod ordering;
pub mod port;
pub mod applying;
pub mod member;
pub mod crew;
pub mod passing;
pub mod answering;
pub mod watching;
pub mod certifying;
pub mod shown;
pub mod desk;
