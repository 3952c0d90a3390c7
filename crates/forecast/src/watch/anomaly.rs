//! Something out of the ordinary, as a record and in words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Oddity {
    /// Far more calls in one step than were thought possible.
    Spike {
        /// Calls that came.
        count: f32,
        /// Below this it should have stayed, 39 times in 40.
        high: f32,
    },
    /// The level is another one.
    LevelShift {
        /// Calls a step that were expected.
        expected: f32,
        /// Calls a step that come now.
        now: f32,
        /// For how many steps.
        steps: u32,
    },
    /// Nothing comes.
    Silence {
        /// For how many steps.
        steps: u32,
        /// Calls that were expected in them.
        expected: f32,
    },
    /// Calls come at other times of the day.
    ChangedSeason {
        /// The share of the day's calls that came at other hours than usual.
        moved: f32,
        /// By how many hours the day seems to have moved, later is positive; zero: it has
        /// another shape.
        hours: i8,
    },
}

/// Something out of the ordinary about one function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// The function.
    pub function: String,
    /// The first step of it.
    pub start: u64,
    /// The step at which it was noticed.
    pub noticed: u64,
    /// What it is.
    #[serde(flatten)]
    pub oddity: Oddity,
    /// How often mere chance would look like this, per step.
    pub chance: f32,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.function;
        match self.oddity {
            Oddity::Spike { count, high } => {
                write!(
                    f,
                    "`{name}` was called {count:.0} times in a step where {high:.0} were the most expected"
                )
            }
            Oddity::LevelShift { expected, now, steps } => {
                let (now, expected) = (Short(now), Short(expected));
                write!(
                    f,
                    "`{name}` is called {now} times a step for {steps} steps where {expected} were expected"
                )
            }
            Oddity::Silence { steps, expected } => {
                let expected = Short(expected);
                write!(
                    f,
                    "`{name}` has been silent for {steps} steps where {expected} calls were expected"
                )
            }
            Oddity::ChangedSeason { moved, hours } => {
                let percent = 100.0 * moved;
                write!(
                    f,
                    "`{name}` has changed its day: {percent:.0} % of its calls came at other hours than usual"
                )?;
                match hours {
                    0 => Ok(()),
                    1.. => write!(f, ", as if it were {hours} h later"),
                    ..0 => write!(f, ", as if it were {} h earlier", -hours),
                }
            }
        }
    }
}

/// A number of calls, with a decimal only where it is small.
struct Short(f32);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 9.95 && self.0.fract() != 0.0 {
            write!(f, "{:.1}", self.0)
        } else {
            write!(f, "{:.0}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anomalies_are_told_in_words_and_kept_as_records() {
        for (oddity, words) in [
            (
                Oddity::Spike { count: 900.0, high: 40.2 },
                "`hello` was called 900 times in a step where 40 were the most expected",
            ),
            (
                Oddity::LevelShift { expected: 0.5, now: 12.0, steps: 6 },
                "`hello` is called 12 times a step for 6 steps where 0.5 were expected",
            ),
            (
                Oddity::Silence { steps: 12, expected: 40.0 },
                "`hello` has been silent for 12 steps where 40 calls were expected",
            ),
            (
                Oddity::ChangedSeason { moved: 0.62, hours: -3 },
                "`hello` has changed its day: 62 % of its calls came at other hours than usual, \
                 as if it were 3 h earlier",
            ),
        ] {
            let anomaly =
                Anomaly { function: "hello".into(), start: 3, noticed: 14, oddity, chance: 1e-7 };
            assert_eq!(anomaly.to_string(), words);
            let json = serde_json::to_string(&anomaly).expect("it can be written");
            assert_eq!(serde_json::from_str::<Anomaly>(&json).expect("it can be read"), anomaly);
        }
    }
}
