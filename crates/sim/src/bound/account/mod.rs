//! The books of the space-time bound: who idles when, how much room there is, what fits.

pub mod density;
pub mod free;
pub mod timeline;
