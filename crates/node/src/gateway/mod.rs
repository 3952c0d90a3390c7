//! From a socket to a function and back.
