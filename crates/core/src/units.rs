//! Amounts of memory.
//!
//! `MB` and `GB` are decimal (1 GB = 1000 MB), `MiB` and `GiB` binary, as the field
//! writes them. Traces that say "Mb" mean decimal megabytes here.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::str::FromStr;

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

/// What was written where an amount of memory was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BytesError(String);

impl fmt::Display for BytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an amount of memory; write a number and a unit (B, kB, MB, GB, TB, \
             KiB, MiB, GiB, TiB), such as `1500MB`, `20GB` or `64MiB`",
            self.0
        )
    }
}

impl std::error::Error for BytesError {}

/// A number and a unit without a space: `20GB`, `1.5GB`, `64MiB`. Case does not matter;
/// the unit is required.
impl FromStr for Bytes {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        let refuse = || BytesError(text.chars().take(40).collect());
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(refuse)?;
        let (number, unit) = text.split_at(split);
        let size = match unit.to_ascii_lowercase().as_str() {
            "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return Err(refuse()),
        };
        scaled(number, size).map(Bytes).ok_or_else(refuse)
    }
}

/// `number` times `size`, rounded to an integer: digits with at most one point among
/// them, computed without floating point so that `3.24s` is exactly 3,240,000,000 ns.
/// `None` for anything else and for what does not fit.
pub(crate) fn scaled(number: &str, size: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return None;
    }
    // Digits past the eighteenth are below half a unit of anything measured here.
    let fraction = &fraction[..fraction.len().min(18)];
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let power = 10u128.pow(fraction.len() as u32);
    let part = (u128::from(part) * u128::from(size) + power / 2) / power;
    u64::try_from(u128::from(whole) * u128::from(size) + part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        for (text, expected) in [
            ("20GB", Some(20_000_000_000)),
            ("1.5GB", Some(1_500_000_000)),
            ("1500MB", Some(1_500_000_000)),
            ("64MiB", Some(64 << 20)),
            ("900kb", Some(900_000)),
            ("7B", Some(7)),
            ("20", None),
            ("GB", None),
            ("-1GB", None),
            ("1,5GB", None),
            ("99999999TB", None),
        ] {
            assert_eq!(text.parse::<Bytes>().ok(), expected.map(Bytes::new), "{text}");
        }
        let error = "20".parse::<Bytes>().unwrap_err().to_string();
        assert!(error.contains("`20`") && error.contains("`20GB`"), "{error}");
    }
}
