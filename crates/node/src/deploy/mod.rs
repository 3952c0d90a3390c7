//! From a specification to versions that serve.
