//! What deciding about warm copies, step by step, came to.

use std::ops::Range;

use serde::Serialize;
use swell_forecast::prewarm::curve::Point;

/// A rule at one threshold, or the model where it is as warm as a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What decides.
    pub rule: String,
    /// What it came to.
    #[serde(flatten)]
    pub point: Point,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Where the data came from.
    pub data: String,
    /// Functions that were decided about.
    pub functions: usize,
    /// Functions that were learned from, where these are others.
    pub taught: Option<usize>,
    /// The steps at which was decided.
    pub steps: Range<usize>,
    /// What was odd about the data.
    pub notes: Vec<String>,
    /// Seconds of learning.
    pub seconds: f64,
    /// The points.
    pub rows: Vec<Row>,
}

/// What was decided under which conditions, in a sentence.
pub fn conditions(outcome: &Outcome) -> String {
    let learned = match outcome.taught {
        Some(count) => format!("from {count} other functions"),
        None => "from the same functions".to_string(),
    };
    format!(
        "{} functions, decided at each step from {} to {}; the model learned once, {learned}, \
         before step {}",
        outcome.functions,
        outcome.steps.start,
        outcome.steps.end - 1,
        outcome.steps.start
    )
}
