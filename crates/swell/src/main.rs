//! The `swell` program.

fn main() {}
