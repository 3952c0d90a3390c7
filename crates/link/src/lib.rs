//! Mutually authenticated connections between nodes.
