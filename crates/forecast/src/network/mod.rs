//! A small recurrent network with its own training: nothing but sums of products.

pub mod matrix;
pub mod cell;
pub mod head;
pub mod adam;
pub mod recurrent;
