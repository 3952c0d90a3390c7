//! The house checks itself: rules about the sources, as plain functions of path and text.
//!
//! A rule that is only written down is broken by the first tired afternoon. Each one here
//! is a function from text to findings, proven able to fail by a small table of bad input
//! beside it, and run over the whole repository by `tests/house.rs`. What differs from
//! place to place (who may know whom) stands in [`table`], the one file to edit.

pub mod table;

pub mod finding;
pub mod tree;

pub mod cycle;
pub mod graph;
pub mod import;
pub mod mention;
pub mod module;
pub mod strip;
pub mod test_code;
pub mod token;

pub mod check;
