//! Small functions for tests and demos, made of text by the plain build.

pub mod samples;
