//! What was found of one thing, and what to do about it.
//!
//! Looking and judging are apart: each file of this folder judges what it is handed, so that
//! a test can hand it a machine that nobody has.

use serde::Serialize;

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing is to be done.
    Ok,
    /// A node runs, but not as well as it could.
    Warn,
    /// A node does not run, or not for long.
    Fail,
}

impl Level {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub check: &'static str,
    /// How good it is.
    pub level: Level,
    /// What was found, in words.
    pub finding: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Check {
    /// Nothing is to be done.
    pub fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, finding: finding.into(), advice: None }
    }

    /// It could be better, by doing what `advice` says.
    pub fn warn(
        check: &'static str,
        finding: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { check, level: Level::Warn, finding: finding.into(), advice: Some(advice.into()) }
    }

    /// It has to be mended, by doing what `advice` says.
    pub fn fail(
        check: &'static str,
        finding: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { level: Level::Fail, ..Self::warn(check, finding, advice) }
    }
}
