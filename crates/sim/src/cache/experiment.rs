//! Many runs on all cores. Results come out in the order of the cases, whatever order they
//! were computed in; an interrupt loses only the runs that were not finished.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::cache::case::Case;
use crate::cache::mecomm17::Comparison;
use crate::cache::popularity::Popularity;
use crate::cache::row::Row;
use crate::cache::run::run;
use crate::cache::run_error::RunError;
use crate::spread::spread;

/// What to run.
pub struct Experiment {
    /// The cases.
    pub cases: Vec<Case>,
    /// Cases computed at a time.
    pub threads: usize,
    /// Whether rows tell how fast they were computed.
    pub timing: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Results {
    /// One row per run, in the order of the cases.
    pub rows: Vec<Row>,
    /// Published points beside the means of the runs; empty unless they were asked for.
    pub published: Vec<Comparison>,
    /// Runs that were asked for.
    pub planned: usize,
    /// Whether the user stopped it before all were done.
    pub interrupted: bool,
}

/// A law of popularity, and of what.
struct Law {
    contents: u32,
    alpha: f64,
    popularity: Popularity,
}

impl Experiment {
    /// Runs everything. `progress` is called after each run, from any thread.
    pub fn run(
        &self,
        interrupt: &AtomicBool,
        progress: &(dyn Fn(&Row) + Sync),
    ) -> Result<Results, RunError> {
        let laws = self.laws();
        let job = |place: usize| match self.row(&self.cases[place], &laws, interrupt) {
            Ok(row) => {
                progress(&row);
                Ok(Some(row))
            }
            Err(RunError::Interrupted) => Ok(None),
            Err(error) => Err(error),
        };
        let rows = spread(self.threads, self.cases.len(), interrupt, &job)?;
        Ok(Results {
            rows,
            published: Vec::new(),
            planned: self.cases.len(),
            interrupted: interrupt.load(Ordering::Relaxed),
        })
    }

    fn row(&self, case: &Case, laws: &[Law], interrupt: &AtomicBool) -> Result<Row, RunError> {
        let mut fitting =
            laws.iter().filter(|law| law.contents == case.contents && law.alpha == case.alpha);
        let law = fitting.next().expect("every case has its law");
        let played = run(case, &law.popularity, interrupt)?;
        let mut row = Row::new(case, &played);
        if !self.timing {
            row.requests_per_s = None;
        }
        Ok(row)
    }

    fn laws(&self) -> Vec<Law> {
        let mut laws: Vec<Law> = Vec::new();
        for &Case { contents, alpha, .. } in &self.cases {
            if !laws.iter().any(|law| law.contents == contents && law.alpha == alpha) {
                let popularity = Popularity::zipf(contents, alpha);
                laws.push(Law { contents, alpha, popularity });
            }
        }
        laws
    }
}
