//! Many runs: every policy at every memory size, placement and seed, on all cores.
//!
//! Results come out in the order of the cells, whatever order they were computed in, so
//! that the same experiment always gives the same bytes. An interrupt loses only the
//! cells that were not finished.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use swell_core::journal::Journal;
use swell_core::units::Bytes;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;

use crate::bounds::{self, Limits};
use crate::error::SimError;
use crate::results::Results;
use crate::row::{Detail, Row};
use crate::simulate::{Case, Scenario, simulate, simulate_into};

/// What to run.
pub struct Experiment {
    /// What all runs share.
    pub scenario: Scenario,
    /// Policies, as specified.
    pub policies: Vec<String>,
    /// Memory limits.
    pub memories: Vec<Bytes>,
    /// Placements of a minute's calls.
    pub placements: Vec<Placement>,
    /// How long calls run.
    pub durations: Durations,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Cells computed at a time.
    pub threads: usize,
    /// Whether to compute what is possible at best.
    pub bounds: bool,
    /// Whether rows tell how fast they were computed.
    pub timing: bool,
}

/// How far an experiment is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Cells done.
    pub done: usize,
    /// Cells in all.
    pub planned: usize,
    /// The row just finished, if it is one.
    pub row: Option<&'a Row>,
}

/// Where the decisions of a run are told, on whatever thread it is computed.
pub type Ear<'a> = &'a Mutex<dyn Journal + Send + 'a>;

enum Job {
    Bounds(Reading),
    Run(Case),
}

impl Experiment {
    /// Cells in all.
    pub fn planned(&self) -> usize {
        self.jobs().len()
    }

    /// The runs, in their order.
    pub fn cases(&self) -> Vec<Case> {
        let jobs = self.jobs().into_iter();
        let cases = jobs.filter_map(|job| match job {
            Job::Run(case) => Some(case),
            Job::Bounds(_) => None,
        });
        cases.collect()
    }

    /// Runs everything. `progress` is called after each cell, from any thread.
    /// An error ends the experiment; an interrupt does not lose what is done.
    pub fn run(
        &self,
        interrupt: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Results, SimError> {
        self.run_into(None, interrupt, progress)
    }

    /// The same, with a journal that hears the run. Asserts that it is one run: the
    /// decisions of several would be mixed.
    pub fn run_into(
        &self,
        journal: Option<Ear<'_>>,
        interrupt: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Results, SimError> {
        let jobs = self.jobs();
        assert!(journal.is_none() || self.cases().len() == 1, "a journal hears one run");
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let finished: Mutex<Vec<Option<Output>>> = Mutex::new(jobs.iter().map(|_| None).collect());
        let first_error = Mutex::new(None);
        let work = || {
            while !failed.load(Ordering::Relaxed) && !interrupt.load(Ordering::Relaxed) {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(place) else { return };
                match self.job(job, journal, interrupt) {
                    Ok(output) => {
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        progress(Progress { done, planned: jobs.len(), row: output.row() });
                        lock(&finished)[place] = Some(output);
                    }
                    Err(SimError::Interrupted) => return,
                    Err(error) => {
                        failed.store(true, Ordering::Relaxed);
                        lock(&first_error).get_or_insert(error);
                    }
                }
            }
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..self.threads.max(1)).map(|_| scope.spawn(work)).collect();
            work();
            for other in others {
                other.join().expect("a worker ends by itself");
            }
        });
        if let Some(error) = lock(&first_error).take() {
            return Err(error);
        }
        let interrupted = interrupt.load(Ordering::Relaxed);
        let finished = std::mem::take(&mut *lock(&finished));
        Ok(self.collect(finished, interrupted))
    }

    fn jobs(&self) -> Vec<Job> {
        let recorded = self.scenario.trace.is_recorded();
        let placements = if recorded { &self.placements[..1] } else { &self.placements[..] };
        let mut jobs = Vec::new();
        for &placement in placements {
            for &seed in &self.seeds {
                let reading = Reading { placement, durations: self.durations, seed };
                if self.bounds {
                    jobs.push(Job::Bounds(reading));
                }
                for &memory in &self.memories {
                    for policy in &self.policies {
                        jobs.push(Job::Run(Case { policy: policy.clone(), memory, reading }));
                    }
                }
            }
        }
        jobs
    }

    fn job(
        &self,
        job: &Job,
        journal: Option<Ear<'_>>,
        interrupt: &AtomicBool,
    ) -> Result<Output, SimError> {
        match job {
            Job::Bounds(reading) => {
                let first = reading.seed == self.seeds[0];
                bounds::limits(&self.scenario, reading, &self.memories, first, interrupt)
                    .map(Output::Limits)
            }
            Job::Run(case) => {
                let scenario = &self.scenario;
                let (mut row, detail) = match journal {
                    None => simulate(scenario, case, interrupt)?,
                    Some(ear) => simulate_into(scenario, case, &mut *lock(ear), interrupt)?,
                };
                if !self.timing {
                    row.calls_per_s = None;
                }
                Ok(Output::Run(Box::new(row), detail))
            }
        }
    }

    fn collect(&self, finished: Vec<Option<Output>>, interrupted: bool) -> Results {
        let mut results = Results { interrupted, ..Results::default() };
        results.planned = finished.len();
        for output in finished.into_iter().flatten() {
            match output {
                Output::Limits(limits) => {
                    results.bounds.extend(limits.rows);
                    if results.curve.is_empty() {
                        results.curve = limits.curve;
                    }
                }
                Output::Run(row, detail) => {
                    results.rows.push(*row);
                    results.details.push(detail);
                }
            }
        }
        for row in &mut results.rows {
            let bound = results.bounds.iter().find(|bound| {
                bound.bound == bounds::SPACE_TIME
                    && bound.memory_mb == Some(row.memory_mb)
                    && bound.placement == row.placement
                    && bound.seed == row.seed
            });
            row.bound_pct = bound.map(|bound| bound.cold_pct);
        }
        results
    }
}

enum Output {
    Limits(Limits),
    Run(Box<Row>, Detail),
}

impl Output {
    fn row(&self) -> Option<&Row> {
        match self {
            Output::Limits(_) => None,
            Output::Run(row, _) => Some(row),
        }
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics while it holds a result")
}
