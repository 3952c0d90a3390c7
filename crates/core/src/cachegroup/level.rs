//! How fresh a read has to be, and how safe a write, before the caller is answered.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// How fresh a read has to be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum ReadLevel {
    /// At least as new as any write that ended before the read began.
    Strict,
    /// Never older than what the session has seen, or what led to it.
    #[default]
    Causal,
    /// Was the newest at some moment within this span before the read.
    Bounded(Span),
    /// Whatever is here; the nearest copy otherwise.
    Any,
}

/// What was written where a read level was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelError(String);

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a level; reads know `strict`, `causal`, `bounded=<span>` (such as \
             `bounded=5s`) and `any`, writes know `committed` and `pending=<copies>`",
            self.0
        )
    }
}

impl std::error::Error for LevelError {}

fn refuse(text: &str) -> LevelError {
    LevelError(text.chars().take(40).collect())
}

impl FromStr for ReadLevel {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        match text {
            "strict" => Ok(ReadLevel::Strict),
            "causal" => Ok(ReadLevel::Causal),
            "any" => Ok(ReadLevel::Any),
            _ => {
                let span = text.strip_prefix("bounded=").and_then(|span| span.parse().ok());
                span.map(ReadLevel::Bounded).ok_or_else(|| refuse(text))
            }
        }
    }
}

impl fmt::Display for ReadLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadLevel::Strict => f.write_str("strict"),
            ReadLevel::Causal => f.write_str("causal"),
            ReadLevel::Bounded(span) => write!(f, "bounded={span}"),
            ReadLevel::Any => f.write_str("any"),
        }
    }
}

/// How safe a write has to be before it is acknowledged.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Acknowledgement {
    /// The data store has it.
    #[default]
    Committed,
    /// The data store has it, or so many nodes keep it and commit it when the data store can be
    /// reached again: it outlives the loss of all of them but one.
    Pending(u8),
}

impl FromStr for Acknowledgement {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        if text == "committed" {
            return Ok(Acknowledgement::Committed);
        }
        let copies = text.strip_prefix("pending=").and_then(|copies| copies.parse().ok());
        copies
            .filter(|&copies| copies > 0)
            .map(Acknowledgement::Pending)
            .ok_or_else(|| refuse(text))
    }
}

impl fmt::Display for Acknowledgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Acknowledgement::Committed => f.write_str("committed"),
            Acknowledgement::Pending(copies) => write!(f, "pending={copies}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_they_are_written() {
        for text in ["strict", "causal", "bounded=5s", "any"] {
            assert_eq!(text.parse::<ReadLevel>().map(|level| level.to_string()), Ok(text.into()));
        }
        for text in ["committed", "pending=2"] {
            let level = text.parse::<Acknowledgement>();
            assert_eq!(level.map(|level| level.to_string()), Ok(text.into()));
        }
        for text in ["", "Strict", "bounded", "bounded=", "bounded=5", "bounded=-1s"] {
            assert!(text.parse::<ReadLevel>().is_err(), "{text}");
        }
        for text in ["", "pending", "pending=0", "pending=256", "pending=-1"] {
            assert!(text.parse::<Acknowledgement>().is_err(), "{text}");
        }
    }
}
