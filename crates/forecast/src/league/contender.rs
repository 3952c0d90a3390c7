//! Who can forecast, and what is ordered about them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Somebody who can forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contender {
    /// A model that was trained, by its generation.
    Model(u64),
    /// The quantiles of the last hours.
    Window,
    /// As much as one season ago.
    SeasonalNaive,
    /// No forecast: instances are kept for a fixed time after use.
    KeepAlive,
    /// As much as one day ago. Leagues of earlier runs know the others by their places, so what
    /// came later stands at the end.
    DayNaive,
    /// As much as one week ago.
    WeekNaive,
}

/// Why a model is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is none.
    First,
    /// It is time.
    Schedule,
    /// Demand has changed.
    Drift,
    /// The one there was did worse than what needs no training.
    Degraded,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Train a model of this generation; the generation is its seed, too.
    Train(u64, Why),
    /// Forecast by this one from now on.
    Use(Contender),
    /// A model is needed no more: its checkpoint can go.
    Forget(u64),
}

/// What happened, for who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// At which step.
    pub step: u64,
    /// What, in words.
    pub what: String,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contender::Model(generation) => write!(f, "model {generation}"),
            Contender::Window => f.write_str("the window of the last hours"),
            Contender::SeasonalNaive => f.write_str("the counts of a season ago"),
            Contender::DayNaive => f.write_str("the counts of a day ago"),
            Contender::WeekNaive => f.write_str("the counts of a week ago"),
            Contender::KeepAlive => f.write_str("a fixed keep-alive"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::First => "there is no model yet",
            Why::Schedule => "it is time",
            Why::Drift => "demand has changed",
            Why::Degraded => "the one there was did worse than methods that need no training",
        })
    }
}
