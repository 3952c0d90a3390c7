//! All rules of replacement by their names.

use crate::cache::words::Unknown;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Least recently used.
    Lru,
    /// First in, first out.
    Fifo,
    /// Least frequently used since it came.
    InCacheLfu,
    /// Least frequently used ever.
    PerfectLfu,
    /// By chance.
    Rand,
    /// SIEVE.
    Sieve,
    /// S3-FIFO.
    S3Fifo,
}

impl Replacement {
    /// All rules.
    pub const ALL: [Self; 7] = [
        Self::Lru,
        Self::Fifo,
        Self::InCacheLfu,
        Self::PerfectLfu,
        Self::Rand,
        Self::Sieve,
        Self::S3Fifo,
    ];

    /// Its name, as Icarus or its authors write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lru => "LRU",
            Self::Fifo => "FIFO",
            Self::InCacheLfu => "IN_CACHE_LFU",
            Self::PerfectLfu => "PERFECT_LFU",
            Self::Rand => "RAND",
            Self::Sieve => "SIEVE",
            Self::S3Fifo => "S3-FIFO",
        }
    }
}

impl std::str::FromStr for Replacement {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
        let found = Self::ALL.into_iter().find(|rule| plain(rule.name()) == plain(text));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Unknown::name("rule of replacement", text, &names, "")
        })
    }
}
