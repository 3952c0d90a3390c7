//! Bytes that guests keep by key, on disk.

pub mod shelf;
