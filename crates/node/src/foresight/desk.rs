//! What forecasts stand at: shared by those who make them and those who ask.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use swell_api::forecast::Anomaly;
use swell_forecast::sums::Coupling;

use crate::foresight::covered::{Covered, Shares};
use crate::foresight::outlook::{MinuteOutlook, Outlook};
use crate::foresight::score::Score;

/// Anomalies that are kept at hand.
pub const ANOMALIES_MAX: usize = 1_000;

/// Where learning stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learning {
    /// Whether a model is being made.
    pub is_training: bool,
    /// When the model at work was made, in milliseconds since 1970.
    pub trained_ms: Option<u64>,
    /// Models made since the node came up.
    pub trainings: u64,
    /// Time of the processor that they took, in seconds.
    pub training_seconds: f64,
    /// Time of the processor that forecasts took, in seconds.
    pub forecasting_seconds: f64,
    /// Models that were refused or broke.
    pub failures: u64,
    /// What the league decided, oldest first.
    pub history: Vec<String>,
}

/// How bands held, over all functions and since the node came up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AllCovered {
    /// Those of steps, of each forecast that spoke of one.
    pub steps: Covered,
    /// Those of the minute that began.
    pub minutes: Covered,
}

/// The desk.
#[derive(Default)]
pub struct Desk {
    latest: RwLock<Option<Arc<Outlook>>>,
    minutes: RwLock<Option<Arc<MinuteOutlook>>>,
    /// How good forecasts were, by function.
    pub scores: RwLock<BTreeMap<Arc<str>, Score>>,
    /// How alike steps of a forecast miss, of functions that are shown in longer ones.
    pub couplings: RwLock<BTreeMap<Arc<str>, Coupling>>,
    /// How bands held since the node came up.
    pub covered: Mutex<AllCovered>,
    /// Where learning stands.
    pub learning: RwLock<Learning>,
    anomalies: RwLock<VecDeque<Anomaly>>,
}

impl Desk {
    /// The newest forecasts.
    pub fn latest(&self) -> Option<Arc<Outlook>> {
        self.latest.read().clone()
    }

    /// Puts newer ones in their place.
    pub fn publish(&self, outlook: Arc<Outlook>) {
        *self.latest.write() = Some(outlook);
    }

    /// What is expected of the next minutes, if clones are made by that.
    pub fn minutes(&self) -> Option<Arc<MinuteOutlook>> {
        self.minutes.read().clone()
    }

    /// Puts what is expected of newer minutes in its place.
    pub fn publish_minutes(&self, minutes: Arc<MinuteOutlook>) {
        *self.minutes.write() = Some(minutes);
    }

    /// One more anomaly; the oldest go.
    pub fn tell(&self, anomaly: Anomaly) {
        let mut anomalies = self.anomalies.write();
        if anomalies.len() >= ANOMALIES_MAX {
            anomalies.pop_front();
        }
        anomalies.push_back(anomaly);
    }

    /// Anomalies, newest first.
    pub fn anomalies(&self) -> Vec<Anomaly> {
        self.anomalies.read().iter().rev().cloned().collect()
    }

    /// Shares of counts within the bands of late, over all functions; none before any was scored.
    pub fn coverage(&self) -> Option<Shares> {
        let scores = self.scores.read();
        scores.values().filter_map(Score::coverage).collect::<Covered>().shares()
    }
}
