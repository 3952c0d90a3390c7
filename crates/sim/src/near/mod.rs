//! Several nodes that make clones for each other, against nodes that each make their own.

pub mod dealt;
pub mod hood;
pub mod experiment;
pub mod row;
pub mod table;
