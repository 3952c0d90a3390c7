//! From a specification to versions that serve.

pub mod hands;
