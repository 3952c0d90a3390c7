//! Many runs: every mode at every memory size and seed, on all cores.
//!
//! Results come out in the order of the cells, whatever order they were computed in.

use std::sync::atomic::AtomicBool;

use swell_core::catalog;
use swell_core::journal::Digest;
use swell_core::settings::{CloningMode, CloningSettings};
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_forecast::foresight::steps::Foresight;
use swell_forecast::foresight::truth::Truth;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;

use crate::clone::row::{Asked, CloneRow};
use crate::error::SimError;
use crate::simulate::{Case, Scenario, simulate_foreseen};
use crate::spread::spread;

/// The forecaster that knows the calls of every minute beforehand: what none can surpass.
pub const ORACLE: &str = "oracle";
const MINUTE: Span = Span::from_mins(1);

/// What to run.
pub struct CloneExperiment {
    /// What all runs share.
    pub scenario: Scenario,
    /// Which functions of the trace take part, for the rows.
    pub functions: &'static str,
    /// Modes.
    pub modes: Vec<CloningMode>,
    /// The keep-alive policy, as specified.
    pub policy: String,
    /// How clones are made; the mode is that of the run.
    pub cloning: CloningSettings,
    /// The method of forecasting.
    pub forecaster: String,
    /// Memory limits.
    pub memories: Vec<Bytes>,
    /// Placement of a minute's calls.
    pub placement: Placement,
    /// How long calls run.
    pub durations: Durations,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Cells computed at a time.
    pub threads: usize,
}

impl CloneExperiment {
    /// Runs in all.
    pub fn planned(&self) -> usize {
        self.modes.len() * self.memories.len() * self.seeds.len()
    }

    /// Runs everything. `progress` is called after each run, from any thread. An error ends
    /// the experiment; an interrupt does not lose what is done.
    pub fn run(
        &self,
        interrupt: &AtomicBool,
        progress: &(dyn Fn(&CloneRow) + Sync),
    ) -> Result<Vec<CloneRow>, SimError> {
        let cells = self.cells();
        let job = |place: usize| {
            let (memory, mode, seed) = cells[place];
            match self.cell(memory, mode, seed, interrupt) {
                Ok(row) => {
                    progress(&row);
                    Ok(Some(row))
                }
                Err(SimError::Interrupted) => Ok(None),
                Err(error) => Err(error),
            }
        };
        spread(self.threads, cells.len(), interrupt, &job)
    }

    fn cells(&self) -> Vec<(Bytes, CloningMode, u64)> {
        let mut cells = Vec::new();
        for &memory in &self.memories {
            for &mode in &self.modes {
                cells.extend(self.seeds.iter().map(|&seed| (memory, mode, seed)));
            }
        }
        cells
    }

    fn foresight(&self, reading: &Reading) -> Result<Foresight, SimError> {
        if self.forecaster != ORACLE {
            return Ok(Foresight::new(&self.forecaster, reading.seed)?);
        }
        let mut truth = Truth::default();
        let mut stream = self.scenario.trace.arrivals(reading)?;
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            stream.fill(&mut chunk)?;
            if chunk.is_empty() {
                return Ok(Foresight::knowing(truth));
            }
            for arrival in &chunk {
                truth.add((arrival.at.nanos() / MINUTE.nanos()) as usize, arrival.function);
            }
        }
    }

    fn cell(
        &self,
        memory: Bytes,
        mode: CloningMode,
        seed: u64,
        interrupt: &AtomicBool,
    ) -> Result<CloneRow, SimError> {
        let Self { placement, durations, .. } = *self;
        let reading = Reading { placement, durations, seed };
        let case = Case { policy: self.policy.clone(), memory, reading };
        let policy = catalog::build(&case.policy, seed)?;
        let foreseen = match mode {
            CloningMode::Off => None,
            CloningMode::Shadow | CloningMode::On => {
                let settings = CloningSettings { mode, ..self.cloning.clone() };
                Some((settings, self.foresight(&reading)?))
            }
        };
        let mut digest = Digest::default();
        let (mut row, _, receipt) =
            simulate_foreseen(&self.scenario, &case, policy, foreseen, &mut digest, interrupt)?;
        row.digest = format!("{:016x}", digest.value());
        let asked = Asked {
            functions: self.functions,
            mode,
            clone_policy: &self.cloning.policy,
            forecaster: &self.forecaster,
        };
        Ok(CloneRow::of(&asked, row, &receipt))
    }
}
