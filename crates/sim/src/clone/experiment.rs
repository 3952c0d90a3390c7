//! Many runs: every mode at every memory size and seed, on all cores.
//!
//! Results come out in the order of the cells, whatever order they were computed in.

use std::sync::atomic::AtomicBool;

use swell_core::catalog;
use swell_core::ids::FunctionId;
use swell_core::journal::Digest;
use swell_core::settings::{CloningMode, CloningSettings};
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_forecast::foresight::steps::{Foresight, OCCURRENCE};
use swell_forecast::foresight::truth::Truth;
use swell_trace::arrival::Arrival;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;

use crate::announced::Announced;
use crate::clone::line::{Ceiling, CloneResults, HELPS_PCT, Line, lines};
use crate::clone::rhythm::Gaps;
use crate::clone::row::{Asked, CloneRow};
use crate::error::SimError;
use crate::failures::Failures;
use crate::simulate::{Beside, Case, Scenario, simulate_foreseen};
use crate::spread::spread;

/// The forecaster that knows the calls of every minute beforehand: what none can surpass.
pub const ORACLE: &str = "oracle";
/// A policy to which a clone costs a fifth of a cold start and its memory nothing. One to which they
/// cost nothing at all would have all instances that are not quite impossible to need.
const CHEAP: &str =
    "expected-cost:start=0.2,start-used=0.2,start-unused=0.2,start-useless=0.2,rent=0";
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
    /// How instances fail.
    pub failures: Failures,
    /// What is known beforehand. Whoever wants it played as well has the scenario's trace do that.
    pub announced: Announced,
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

/// One run.
struct Cell<'a> {
    memory: Bytes,
    mode: CloningMode,
    seed: u64,
    forecaster: &'a str,
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
    ) -> Result<CloneResults, SimError> {
        let cells = self.cells();
        let job = |place: usize| {
            let (memory, mode, seed) = cells[place];
            let asked = Cell { memory, mode, seed, forecaster: &self.forecaster };
            match self.cell(&asked, &self.cloning, interrupt) {
                Ok(row) => {
                    progress(&row);
                    Ok(Some(row))
                }
                Err(SimError::Interrupted) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let rows = spread(self.threads, cells.len(), interrupt, &job)?;
        let ceilings = self.ceilings(&rows, interrupt)?;
        Ok(CloneResults { rows, ceilings })
    }

    /// What is left to gain, where clones save nothing.
    fn ceilings(
        &self,
        rows: &[CloneRow],
        interrupt: &AtomicBool,
    ) -> Result<Vec<Ceiling>, SimError> {
        let results = CloneResults { rows: rows.to_vec(), ceilings: Vec::new() };
        let is_useless = |line: &Line| {
            let saved = line.less_pct(|row| row.cold as f64);
            line.mode == "on" && saved.is_some_and(|saved| saved < HELPS_PCT)
        };
        let useless: Vec<Line> = lines(&results).into_iter().filter(is_useless).collect();
        let job = |place: usize| match self.ceiling(&useless[place], interrupt) {
            Ok(ceiling) => Ok(Some(ceiling)),
            Err(SimError::Interrupted) => Ok(None),
            Err(error) => Err(error),
        };
        spread(self.threads, useless.len(), interrupt, &job)
    }

    fn ceiling(&self, line: &Line, interrupt: &AtomicBool) -> Result<Ceiling, SimError> {
        let seed = line.rows[0].seed;
        let memories = self.memories.iter().copied();
        let memory = memories.min_by(|a, b| {
            let apart = |memory: &Bytes| (memory.mb_f64() - line.memory_mb).abs();
            apart(a).total_cmp(&apart(b))
        });
        let memory = memory.expect("a line is of a memory size");
        let cell = Cell { memory, mode: CloningMode::On, seed, forecaster: ORACLE };
        let known = self.cell(&cell, &self.cloning, interrupt)?;
        let is_enough = line.saved_by(&known).is_some_and(|saved| saved >= HELPS_PCT);
        let cheap = match is_enough {
            true => None,
            false => {
                let policy = CHEAP.to_string();
                let cheap =
                    CloningSettings { policy, starts_per_second: 0, ..self.cloning.clone() };
                Some(self.cell(&cell, &cheap, interrupt)?)
            }
        };
        let usual = match self.forecaster == OCCURRENCE {
            true => None,
            false => {
                let cell = Cell { forecaster: OCCURRENCE, ..cell };
                Some(self.cell(&cell, &self.cloning, interrupt)?)
            }
        };
        let mut gaps = Gaps::default();
        self.each_call(&self.reading(seed), |call| gaps.see(call))?;
        Ok(Ceiling { memory_mb: line.memory_mb, known, cheap, usual, rhythm: gaps.rhythm() })
    }

    fn reading(&self, seed: u64) -> Reading {
        Reading { placement: self.placement, durations: self.durations, seed }
    }

    fn each_call(&self, reading: &Reading, mut see: impl FnMut(&Arrival)) -> Result<(), SimError> {
        let mut stream = self.scenario.trace.arrivals(reading)?;
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            stream.fill(&mut chunk)?;
            if chunk.is_empty() {
                return Ok(());
            }
            chunk.iter().for_each(&mut see);
        }
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

    /// What forecasts by a method: of the calls of those functions that are `own`, if it is to know
    /// them.
    pub(crate) fn foresight(
        &self,
        forecaster: &str,
        reading: &Reading,
        own: &dyn Fn(FunctionId) -> bool,
    ) -> Result<Foresight, SimError> {
        if forecaster != ORACLE {
            return Ok(Foresight::new(forecaster, reading.seed)?);
        }
        let mut truth = Truth::default();
        self.each_call(reading, |call| {
            if own(call.function) {
                truth.add((call.at.nanos() / MINUTE.nanos()) as usize, call.function);
            }
        })?;
        Ok(Foresight::knowing(truth))
    }

    fn cell(
        &self,
        cell: &Cell<'_>,
        cloning: &CloningSettings,
        interrupt: &AtomicBool,
    ) -> Result<CloneRow, SimError> {
        let Cell { memory, mode, seed, forecaster } = *cell;
        let reading = self.reading(seed);
        let case = Case { policy: self.policy.clone(), memory, reading };
        let policy = catalog::build(&case.policy, seed)?;
        let foreseen = match mode {
            CloningMode::Off => None,
            CloningMode::Shadow | CloningMode::On => {
                let settings = CloningSettings { mode, ..cloning.clone() };
                Some((settings, self.foresight(forecaster, &reading, &|_| true)?))
            }
        };
        let mut digest = Digest::default();
        let announced = Some(&self.announced).filter(|announced| !announced.is_nothing());
        let beside = Beside { foreseen, failures: self.failures, announced };
        let (mut row, _, receipt) =
            simulate_foreseen(&self.scenario, &case, policy, beside, &mut digest, interrupt)?;
        row.digest = format!("{:016x}", digest.value());
        let asked =
            Asked { functions: self.functions, mode, clone_policy: &cloning.policy, forecaster };
        Ok(CloneRow::of(&asked, row, &receipt))
    }
}
