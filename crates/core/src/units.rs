//! Amounts of memory.
//!
//! `MB` and `GB` are decimal (1 GB = 1000 MB), `MiB` and `GiB` binary, as the field
//! writes them. Traces that say "Mb" mean decimal megabytes here.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// An amount of memory in bytes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Bytes(u64);

impl Bytes {
    /// Nothing.
    pub const ZERO: Bytes = Bytes(0);
    /// More than any machine has.
    pub const MAX: Bytes = Bytes(u64::MAX);

    /// An amount in bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// An amount in decimal megabytes.
    pub const fn from_mb(mb: u64) -> Self {
        Self(mb.saturating_mul(1_000_000))
    }

    /// An amount in decimal megabytes, rounded to the byte; negative and non-finite input is zero.
    pub fn from_mb_f64(mb: f64) -> Self {
        Self((mb * 1e6).round() as u64)
    }

    /// The amount in bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The amount in decimal megabytes.
    pub fn mb_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// What is left after taking `other`; zero if `other` is more.
    pub const fn saturating_sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }
}

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Bytes) {
        *self = *self + other;
    }
}

/// Invariant: memory is never given back twice; a subtraction that would go below zero
/// is a broken account and stops the program.
impl Sub for Bytes {
    type Output = Bytes;
    fn sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.checked_sub(other.0).expect("an account of memory never goes below zero"))
    }
}

impl SubAssign for Bytes {
    fn sub_assign(&mut self, other: Bytes) {
        *self = *self - other;
    }
}

/// `20GB`, `1.5GB`, `64MB`, `900kB`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (size, name) in [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")] {
            if self.0 >= size {
                let value = self.0 as f64 / size as f64;
                return if self.0.is_multiple_of(size) {
                    write!(f, "{value:.0}{name}")
                } else {
                    write!(f, "{value:.2}{name}")
                };
            }
        }
        write!(f, "{}B", self.0)
    }
}
