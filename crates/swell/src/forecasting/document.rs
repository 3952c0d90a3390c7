//! What a back-test came to, and how its parts are told.

use std::path::Path;

use serde::Serialize;
use swell_forecast::bands::Forecast;
use swell_forecast::measure::{Class, Measures};
use swell_forecast::panel::Panel;
use swell_forecast::split::Split;

/// One method on one class of functions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The method.
    pub method: String,
    /// The class.
    pub class: Class,
    /// The measures.
    #[serde(flatten)]
    pub measures: Measures,
    /// How long fitting and forecasting took.
    pub seconds: f64,
}

/// What of a method's forecasts is shown besides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detail {
    /// The method.
    pub method: String,
    /// The share inside of the 80 % band, per step ahead, edges counted in part.
    pub cov80: Vec<f64>,
    /// The same of the 95 % band.
    pub cov95: Vec<f64>,
    /// What was said of each shown series, per origin.
    #[serde(skip)]
    pub said: Vec<Vec<Forecast>>,
}

/// A back-test.
pub struct Document<'a> {
    /// Where the data came from.
    pub data: &'a Path,
    /// From how many other series it was learned, where these were others.
    pub taught: Option<usize>,
    /// The data.
    pub panel: &'a Panel,
    /// The origins.
    pub split: &'a Split,
    /// What was odd about the data.
    pub notes: &'a [String],
    /// The seed.
    pub seed: u64,
    /// The results.
    pub rows: Vec<Row>,
    /// The members whose series are shown.
    pub shown: Vec<usize>,
    /// What each method said of them, and its coverage.
    pub details: Vec<Detail>,
}

/// The columns.
pub const HEAD: [&str; 12] = [
    "method",
    "class",
    "series",
    "mase",
    "wape",
    "pin90",
    "wql90",
    "cov80",
    "cov95",
    "cov80_whole",
    "cov80_plain",
    "seconds",
];

/// Cells with so many digits; what could not be measured is empty.
pub fn cells(row: &Row, digits: usize) -> Vec<String> {
    let Measures { series, mase, wape, pin90, wql90, cov80, cov95, .. } = row.measures;
    let Measures { cov80_whole, cov80_plain, .. } = row.measures;
    let number =
        |value: f64| if value.is_finite() { format!("{value:.digits$}") } else { String::new() };
    let mut cells = vec![row.method.to_string(), class(row.class).to_string(), series.to_string()];
    cells.extend([mase, wape, pin90, wql90, cov80, cov95, cov80_whole, cov80_plain].map(number));
    cells.push(format!("{:.1}", row.seconds));
    cells
}

/// A class in a word.
pub fn class(class: Class) -> &'static str {
    match class {
        Class::All => "all",
        Class::Rare => "rare",
        Class::Medium => "medium",
        Class::Busy => "busy",
    }
}

/// What was done under which conditions, in a sentence.
pub fn conditions(document: &Document<'_>) -> String {
    let Split { origins, horizon } = document.split;
    let (first, last) = (origins[0], origins[origins.len() - 1]);
    let learned = match document.taught {
        Some(count) => format!("learned from {count} other series"),
        None => "learned".to_string(),
    };
    format!(
        "{} series, {} steps; {} origins from step {first} to {last}, {horizon} steps ahead; \
         season {}; {learned} once, before step {first}, with seed {}",
        document.panel.members.len(),
        document.panel.len(),
        origins.len(),
        document.panel.season,
        document.seed,
    )
}

/// What the measures mean.
pub const WORDS: [(&str, &str); 6] = [
    ("mase", "error of the median, in the function's own mean change; mean over functions"),
    ("wape", "error of the median, as a share of all calls"),
    ("pin90", "pinball loss at 90 %, in the function's own mean change; mean over functions"),
    ("wql90", "twice the pinball loss at 90 %, as a share of all calls"),
    (
        "cov80",
        "share inside of the 80 % band, a count on its edge in part; _whole and _plain count edges in, with and without widening the band to whole counts",
    ),
    ("cov95", "the same of the 95 % band"),
];
