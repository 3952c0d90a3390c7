//! Adaptive edges around any model, per group of functions and step ahead.

use serde::{Deserialize, Serialize};

use crate::bands::Forecast;
use crate::calibrate::stream::{Came, Stream};
use crate::checkpoint::{self, CheckpointError};

const KIND: &str = "calibration";

/// The edges of all groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Per group, per step ahead.
    groups: Vec<Vec<Stream>>,
}

impl Calibration {
    /// Edges as forecast, of so many groups and steps ahead.
    pub fn new(groups: usize, horizon: usize) -> Self {
        Self { groups: vec![vec![Stream::default(); horizon]; groups] }
    }

    /// A forecast with the edges of now. `most` is what can be served in a step. A group that
    /// is not there, and steps beyond the horizon, stay as forecast.
    #[must_use]
    pub fn apply(&mut self, group: usize, mut forecast: Forecast, most: f32) -> Forecast {
        if let Some(streams) = self.groups.get_mut(group) {
            for (quantiles, stream) in forecast.steps.iter_mut().zip(streams) {
                *quantiles = stream.apply(quantiles);
            }
        }
        forecast.sane(most, 0.0)
    }

    /// Takes in what came of one step, as it was forecast `ahead` steps before (0: the step
    /// right after the origin) for the functions of a group.
    pub fn learn(&mut self, group: usize, ahead: usize, came: &[Came]) {
        if let Some(stream) = self.groups.get_mut(group).and_then(|steps| steps.get_mut(ahead)) {
            stream.learn(came);
        }
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
        let is_plausible = read.groups.iter().flatten().all(Stream::is_plausible);
        if is_plausible { Ok(read) } else { Err(CheckpointError::Damaged) }
    }
}
