//! The methods by the names under which people choose them.

use crate::forecaster::Forecaster;
use crate::global::boosted::Boosting;
use crate::global::recurrent::Recurrence;
use crate::hybrid::together::{Hybridization, Part};
use crate::local::aggregation::Aggregation;
use crate::local::autoregression::Autoregression;
use crate::local::croston::CrostonSba;
use crate::local::decomposition::Decomposition;
use crate::local::exponential::Exponential;
use crate::local::idle_histogram::IdleHistogram;
use crate::local::naive::Naive;
use crate::local::rule::{Conformal, Local, Rule};
use crate::local::seasonal_naive::{DayNaive, SeasonOrDay, SeasonalNaive, WeekNaive};
use crate::local::smoothing::Smoothing;
use crate::local::theta::Theta;
use crate::local::tsb::Tsb;
use crate::local::window::Window;
use crate::local::zero::Zero;

/// A method of the catalogue.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What makes its models.
    pub forecaster: &'static dyn Forecaster,
}

/// All methods, the simple ones first.
pub fn entries() -> impl Iterator<Item = Entry> {
    LOCALS.iter().chain(GLOBALS).copied()
}

impl Entry {
    /// Whether its models look at more of a function than its counts: events, and series that it
    /// may follow.
    pub fn is_told(&self) -> bool {
        GLOBALS.iter().any(|other| other.name == self.name)
    }
}

const fn local(name: &'static str, summary: &'static str, local: &'static Local) -> Entry {
    Entry { name, summary, forecaster: local }
}

macro_rules! locals {
    ($($name:literal, $rule:expr, $summary:literal;)*) => {
        &[$({
            static RULE: &dyn Rule = &$rule;
            static LOCAL: Local = Local { name: $name, rule: RULE };
            local($name, $summary, &LOCAL)
        }),*]
    };
}

/// Methods that look at one function at a time.
pub const LOCALS: &[Entry] = locals![
    "zero", Zero, "nothing comes";
    "naive", Naive, "as much as last";
    "snaive", SeasonalNaive, "as much as one season ago";
    "day-naive", DayNaive, "as much as one day ago";
    "week-naive", WeekNaive, "as much as one week ago";
    "window-1h", Window(12), "quantiles of the last 12 steps";
    "window-4h", Window(48), "quantiles of the last 48 steps";
    "ses", Conformal(Smoothing), "a level that follows";
    "croston-sba", Conformal(CrostonSba), "size over interval, for rare calls";
    "tsb", Conformal(Tsb), "chance times size, for rare calls";
    "adida", Conformal(Aggregation::Adida), "smoothed sums, for rare calls";
    "imapa", Conformal(Aggregation::Imapa), "smoothed sums of all lengths";
    "theta", Conformal(Theta), "a level and half a trend";
    "ets", Conformal(Exponential), "level, damped trend and season";
    "arima", Conformal(Autoregression), "regression on counts and surprises";
    "trend-seasons", Conformal(Decomposition), "a bending trend with seasons of hour and day";
    "idle-histogram", IdleHistogram, "idle times, for when; sizes, for how many";
];

/// Methods that learn across functions.
pub const GLOBALS: &[Entry] = &[
    Entry {
        name: "gbm",
        summary: "boosted trees across functions",
        forecaster: &Boosting { horizon: 12 },
    },
    Entry {
        name: "lstm",
        summary: "one recurrent network for all functions",
        forecaster: &Recurrence { horizon: 12 },
    },
    Entry {
        name: "hybrid",
        summary: "all that serves, weighed function by function, with bands that adapt",
        forecaster: &HYBRID,
    },
];

/// What makes hybrids.
pub const HYBRID: Hybridization = Hybridization { parts: PARTS, horizon: 12 };

const fn part(name: &'static str, odds: f32, forecaster: &'static dyn Forecaster) -> Part {
    Part { name, odds, forecaster }
}

/// What the hybrid is made of: both models across functions, and simple methods that are right
/// where those are not, as different from each other as can be. More of one kind (another
/// smoothing, a longer window) would outvote the others.
const PARTS: &[Part] = &[
    part("gbm", 1.0, &Boosting { horizon: 12 }),
    part("lstm", 1.0, &Recurrence { horizon: 12 }),
    part("naive", 1.0, &Local { name: "naive", rule: &Naive }),
    part("window-1h", 1.0, &Local { name: "window-1h", rule: &Window(12) }),
    part("season-or-day", 1.0, &Local { name: "season-or-day", rule: &SeasonOrDay }),
    part("ses", 1.0, &Local { name: "ses", rule: &Conformal(Smoothing) }),
    part("idle-histogram", 1.0, &Local { name: "idle-histogram", rule: &IdleHistogram }),
];
