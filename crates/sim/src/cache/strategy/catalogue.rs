//! All strategies by their names.

use std::fmt;

use crate::cache::strategy::sharing::{PAPER, Sharing};
use crate::cache::words::{Unknown, Words};

/// A strategy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// Leave copy everywhere.
    Lce,
    /// Leave copy down.
    Lcd,
    /// Caches at the edge.
    Edge,
    /// Probabilistic in-network caching.
    ProbCache,
    /// Cache less for more.
    Cl4m,
    /// Symmetric hash-routing.
    HrSymm,
    /// No caches.
    NoCache,
    /// Cache groups.
    Group(Sharing),
}

/// All names.
const NAMES: [&str; 8] =
    ["LCE", "LCD", "EDGE", "PROB_CACHE", "CL4M", "HR_SYMM", "NO_CACHE", "group"];

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lce => "LCE",
            Self::Lcd => "LCD",
            Self::Edge => "EDGE",
            Self::ProbCache => "PROB_CACHE",
            Self::Cl4m => "CL4M",
            Self::HrSymm => "HR_SYMM",
            Self::NoCache => "NO_CACHE",
            Self::Group(PAPER) => "group",
            Self::Group(Sharing { copy, touch: true }) => return write!(f, "group:copy={copy}"),
            Self::Group(Sharing { copy, touch: false }) => {
                return write!(f, "group:copy={copy},touch=no");
            }
        })
    }
}

impl std::str::FromStr for Choice {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let mut words = Words::read(text)?;
        let choice = match words.name.to_lowercase().replace(['-', '_'], "").as_str() {
            "lce" => Self::Lce,
            "lcd" => Self::Lcd,
            "edge" => Self::Edge,
            "probcache" => Self::ProbCache,
            "cl4m" => Self::Cl4m,
            "hrsymm" => Self::HrSymm,
            "nocache" => Self::NoCache,
            "group" => Self::Group(Sharing {
                copy: words.share("copy", PAPER.copy)?,
                touch: words.flag("touch", PAPER.touch)?,
            }),
            _ => return Err(Unknown::name("strategy", &words.name, &NAMES, "")),
        };
        words.finish(&["copy", "touch"])?;
        Ok(choice)
    }
}
