//! Bytes that guests keep by key, on disk.

pub mod operations;
pub mod place;
pub mod shelf;
pub mod roaming;
pub mod moving;
