//! Adaptive edges around any model, per group of functions and step ahead.
//!
//! Wider bands cost: where a model has no idea which functions will be unsteady, covering what
//! it promises loses more at the upper edge than it gains. So this is for models whose bands
//! are not calibrated otherwise, and for what must be believed rather than for what must be
//! cheap.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, MEDIAN};
use crate::calibrate::edges::{Edges, settle};
use crate::calibrate::stream::{Came, Notice, Sides, Stream, Told};
use crate::checkpoint::{self, CheckpointError};

const KIND: &str = "calibration of two bands";
/// How fast the usual distances of a function follow, for each step ahead that came true.
const PACE: f32 = 0.0015;
/// Functions that have distances of their own.
const FUNCTIONS_MAX: usize = 100_000;

/// The edges of all groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Per group, per step ahead.
    groups: Vec<Vec<Stream>>,
    /// How far the counts of a function usually lie below and above what is forecast.
    own: BTreeMap<String, Sides>,
    /// The edges of groups, until they learn again.
    #[serde(skip)]
    settled: BTreeMap<usize, Vec<Edges>>,
}

impl Calibration {
    /// Edges as forecast, of so many groups and steps ahead.
    pub fn new(groups: usize, horizon: usize) -> Self {
        let groups = vec![vec![Stream::default(); horizon]; groups];
        Self { groups, own: BTreeMap::new(), settled: BTreeMap::new() }
    }

    /// A forecast of a function with the edges of now. `most` is what can be served in a step.
    /// A group that is not there, and steps beyond the horizon, stay as forecast.
    #[must_use]
    pub fn apply(
        &mut self,
        group: usize,
        function: &str,
        forecast: Forecast,
        most: f32,
    ) -> Forecast {
        self.apply_about(group, function, forecast, most, &[])
    }

    /// The same, where occasions widen some of the steps: at those that are `doubtful`, edges keep
    /// within what bands without an occasion may need.
    #[must_use]
    pub fn apply_about(
        &mut self,
        group: usize,
        function: &str,
        mut forecast: Forecast,
        most: f32,
        doubtful: &[bool],
    ) -> Forecast {
        let own = self.own.get(function).copied();
        if let Some(streams) = self.groups.get(group) {
            let edges = self.settled.entry(group).or_insert_with(|| {
                settle(&streams.iter().map(Stream::told).collect::<Vec<Told>>())
            });
            for (ahead, (quantiles, edges)) in forecast.steps.iter_mut().zip(edges).enumerate() {
                let is_doubtful = doubtful.get(ahead).copied().unwrap_or(false);
                *quantiles = edges.apply(quantiles, own, is_doubtful);
            }
        }
        forecast.sane(most, 0.0)
    }

    /// Takes in what came of one step, as it was forecast `ahead` steps before (0: the step
    /// right after the origin) for the functions of a group.
    pub fn learn(&mut self, group: usize, ahead: usize, came: &[(&str, Came)]) {
        let with_own: Vec<(Came, Sides)> =
            came.iter().map(|(function, came)| (*came, self.sides(function))).collect();
        let Some(streams) = self.groups.get_mut(group) else { return };
        let notice = streams.first().map_or(Notice::Taken, Stream::notice);
        let Some(stream) = streams.get_mut(ahead) else { return };
        self.settled.remove(&group);
        // What came true up to so many steps after a rise was forecast before it.
        if !stream.learn(&with_own, ahead + 1, notice) {
            return;
        }
        for (function, came) in came.iter().filter(|(_, came)| came.is_known()) {
            self.follow(function, came);
        }
    }

    fn sides(&self, function: &str) -> Sides {
        self.own.get(function).copied().unwrap_or_default()
    }

    fn follow(&mut self, function: &str, came: &Came) {
        if !self.own.contains_key(function) {
            if self.own.len() >= FUNCTIONS_MAX {
                return;
            }
            self.own.insert(function.to_string(), [0.0; 2]);
        }
        let Some(own) = self.own.get_mut(function) else { return };
        let beside = came.count - came.plain[MEDIAN];
        for (usual, side) in own.iter_mut().zip([-beside, beside]) {
            *usual += PACE * (side.max(0.0) - *usual);
        }
    }

    /// Forgets functions that are there no more.
    pub fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.own.retain(|function, _| is_there(function));
    }

    /// The share that is left outside of the 80 % band of a group at a step ahead.
    pub fn outside(&self, group: usize, ahead: usize) -> Option<f32> {
        self.groups.get(group)?.get(ahead).map(Stream::outside)
    }

    /// The edges, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }

    /// What [`Calibration::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let read: Self = checkpoint::read(KIND, bytes)?;
        let is_distance = |usual: &f32| usual.is_finite() && *usual >= 0.0;
        let is_plausible = read.groups.iter().flatten().all(Stream::is_plausible)
            && read.own.len() <= FUNCTIONS_MAX
            && read.own.values().flatten().all(is_distance);
        if is_plausible { Ok(read) } else { Err(CheckpointError::Damaged) }
    }
}
