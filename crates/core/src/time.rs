//! Time as integers that arrive with the news.
//!
//! An [`Instant`] counts nanoseconds from the start of a run (or of a trace); a [`Span`]
//! is the distance of two. There is no `now()`: whoever owns the loop owns time.
//! Arithmetic saturates, so a wish such as "never" is simply [`Instant::NEVER`].

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A point in time: nanoseconds since the start of the run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Instant(u64);

/// A length of time in nanoseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Span(u64);

impl Instant {
    /// The start of the run.
    pub const ZERO: Instant = Instant(0);
    /// Later than anything that happens.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// The instant so many nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant so many milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The instant so many seconds after the start; negative and non-finite input is zero.
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self(Span::from_secs_f64(seconds).0)
    }

    /// Nanoseconds since the start.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Time passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any run.
    pub const FOREVER: Span = Span(u64::MAX);

    /// A span of nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A span of milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A span of seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// A span of minutes.
    pub const fn from_mins(minutes: u64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    /// A span of seconds, rounded to the nanosecond; negative and non-finite input is zero.
    pub fn from_secs_f64(seconds: f64) -> Self {
        // The cast saturates, and turns what is not a number into zero.
        Self((seconds * 1e9).round() as u64)
    }

    /// A span of milliseconds, rounded to the nanosecond; negative and non-finite input is zero.
    pub fn from_millis_f64(millis: f64) -> Self {
        Self((millis * 1e6).round() as u64)
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds.
    pub fn millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Seconds.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, factor: u64) -> Span {
        Span(self.0.saturating_mul(factor))
    }
}

/// The largest unit that leaves a readable number: `250ms`, `1.5s`, `10m`, `2h`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 6] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
        ];
        if *self == Span::FOREVER {
            return f.write_str("forever");
        }
        for (size, name) in UNITS {
            if self.0 >= size {
                let value = self.0 as f64 / size as f64;
                return if self.0.is_multiple_of(size) {
                    write!(f, "{value:.0}{name}")
                } else {
                    write!(f, "{value:.1}{name}")
                };
            }
        }
        write!(f, "{}ns", self.0)
    }
}

/// What was written where a span was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanError(String);

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a length of time; write a number and a unit (ns, us, ms, s, m, h, d), \
             such as `250ms`, `1.5s`, `10m` or `2h`, or `forever`",
            self.0
        )
    }
}

impl std::error::Error for SpanError {}

/// A number and a unit without a space: `250ms`, `1.5s`, `10m`, `2h`; or `forever`. The
/// unit is required, a bare `10` means different things to different people. Exact to
/// the nanosecond; what is finer is rounded, what is longer than 584 years is refused.
impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let refuse = || SpanError(text.chars().take(40).collect());
        if text == "forever" {
            return Ok(Span::FOREVER);
        }
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(refuse)?;
        let (number, unit) = text.split_at(split);
        let size = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" | "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return Err(refuse()),
        };
        crate::units::scaled(number, size).map(Span).ok_or_else(refuse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant::NEVER + Span::from_secs(1), Instant::NEVER);
        assert_eq!(Span::from_secs(1) - Span::from_secs(2), Span::ZERO);
        assert_eq!(Instant::ZERO.since(Instant::from_millis(5)), Span::ZERO);
        assert_eq!(Span::from_secs_f64(-1.0), Span::ZERO);
        assert_eq!(Span::from_secs_f64(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_secs_f64(f64::INFINITY), Span::FOREVER);
    }

    #[test]
    fn spans_read_well() {
        for (span, expected) in [
            (Span::from_millis(250), "250ms"),
            (Span::from_millis(1500), "1.5s"),
            (Span::from_mins(10), "10m"),
            (Span::from_mins(120), "2h"),
            (Span::ZERO, "0ns"),
            (Span::FOREVER, "forever"),
        ] {
            assert_eq!(span.to_string(), expected);
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, expected) in [
            ("250ms", Some(Span::from_millis(250))),
            ("1.5s", Some(Span::from_millis(1500))),
            ("3.24s", Some(Span::from_millis(3240))),
            ("10m", Some(Span::from_mins(10))),
            ("2h", Some(Span::from_mins(120))),
            ("1d", Some(Span::from_mins(1440))),
            ("1.25us", Some(Span::from_nanos(1250))),
            ("0s", Some(Span::ZERO)),
            ("forever", Some(Span::FOREVER)),
            ("10", None),
            ("", None),
            ("s", None),
            (".s", None),
            ("1.2.3s", None),
            ("-1s", None),
            ("1 s", None),
            ("1e3s", None),
            ("99999999999999999999d", None),
            ("999999999d", None),
        ] {
            assert_eq!(text.parse::<Span>().ok(), expected, "{text}");
        }
        let error = "10".parse::<Span>().unwrap_err().to_string();
        assert!(error.contains("`10`") && error.contains("`250ms`"), "{error}");
    }
}
