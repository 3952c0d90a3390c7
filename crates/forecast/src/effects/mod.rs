//! What occasions do to demand: learned from those that are over, told of those to come.

pub mod belief;
pub mod book;
pub mod report;
pub mod tell;
pub mod layer;
pub mod turn;
pub mod learn;
pub mod rehearsal;
