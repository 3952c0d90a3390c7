//! What is said of an occasion's effect by who announces it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most that can be announced; more is taken for a slip.
pub const TIMES_MAX: f32 = 100.0;

/// What an occasion is said to do to demand.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Announced {
    /// Nothing is said.
    #[default]
    Unknown,
    /// So many times as many calls.
    Times(f32),
    /// Maintenance: what is counted while it lasts says nothing of demand.
    Unmeasured,
}

impl FromStr for Announced {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "" | "unknown" => return Ok(Announced::Unknown),
            "unmeasured" | "maintenance" => return Ok(Announced::Unmeasured),
            _ => {}
        }
        let times = text.strip_prefix(['x', '×', '*']).or_else(|| text.strip_suffix(['x', '×']));
        let times = times.and_then(|times| times.trim().parse::<f32>().ok());
        match times {
            Some(times) if (0.0..=TIMES_MAX).contains(&times) => Ok(Announced::Times(times)),
            Some(_) => Err(format!("`{text}` is not between x0 and x{TIMES_MAX}")),
            None => Err(format!(
                "`{}` is no effect: it is `unknown`, `x2` (twice the calls) or `unmeasured` \
                 (maintenance)",
                crate::calendar::letter::shown(&text)
            )),
        }
    }
}

impl fmt::Display for Announced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Announced::Unknown => f.write_str("unknown"),
            Announced::Times(times) => write!(f, "x{times}"),
            Announced::Unmeasured => f.write_str("unmeasured"),
        }
    }
}

impl TryFrom<String> for Announced {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Announced> for String {
    fn from(announced: Announced) -> Self {
        announced.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_read_as_people_write_them() {
        for (text, expected) in [
            ("", Ok(Announced::Unknown)),
            ("Unknown", Ok(Announced::Unknown)),
            ("x2", Ok(Announced::Times(2.0))),
            ("2x", Ok(Announced::Times(2.0))),
            ("×0.5", Ok(Announced::Times(0.5))),
            (" x 3 ", Ok(Announced::Times(3.0))),
            ("x0", Ok(Announced::Times(0.0))),
            ("maintenance", Ok(Announced::Unmeasured)),
            ("x1000", Err(())),
            ("x-1", Err(())),
            ("xNaN", Err(())),
            ("2", Err(())),
            ("twice", Err(())),
        ] {
            assert_eq!(text.parse::<Announced>().map_err(|_| ()), expected, "{text}");
        }
        for announced in [Announced::Unknown, Announced::Times(1.25), Announced::Unmeasured] {
            assert_eq!(announced.to_string().parse(), Ok(announced));
        }
    }
}
