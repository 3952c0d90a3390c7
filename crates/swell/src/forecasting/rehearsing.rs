//! One method of a back-test: it is fitted, forecasts, and is scored, told of events or not.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use swell_forecast::backtest::{Backtest, Forecasts};
use swell_forecast::catalogue::Entry;
use swell_forecast::effects::book::Book;
use swell_forecast::effects::rehearsal::{self, Rehearsal};
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::panel::Panel;

use crate::cli::forecast::SourceArguments;
use crate::forecasting::announced::Calendar;
use crate::forecasting::document::Row;
use crate::forecasting::scored::Scored;
use crate::forecasting::work::spread;

/// What methods are tried on, and with what.
pub struct Work<'a> {
    /// What is forecast.
    pub backtest: &'a Backtest<'a>,
    /// Where it comes from.
    pub scored: &'a Scored,
    /// What was asked for.
    pub source: &'a SourceArguments,
    /// Threads to work on.
    pub threads: usize,
    /// Whether the person stopped it.
    pub asked: &'a AtomicBool,
}

impl Work<'_> {
    /// Fits a method, lets it forecast, and scores it; none if the person stopped it. Told of events,
    /// it learns what they did from those that were over, held against what it says without them.
    pub fn one(&self, entry: &Entry, told: Option<&Calendar>) -> Option<(Vec<Row>, Forecasts)> {
        let (started, split) = (Instant::now(), self.backtest.split);
        let plain = self.fit(entry, self.scored.lessons());
        let forecasts = match told {
            None => self.spread(&|members| self.backtest.run(&*plain, members))?,
            Some(calendar) => {
                let first = split.origins[0];
                let mut taught = Book::default();
                let lessons = self.rehearsal(calendar, self.scored.lessons());
                let calm = lessons.of().stage(&mut taught, &*plain, first).panel;
                let model = self.fit(entry, &calm);
                let scored = self.rehearsal(calendar, self.backtest.panel);
                let mut stages = Vec::with_capacity(split.origins.len());
                for &origin in &split.origins {
                    if !self.goes_on() {
                        return None;
                    }
                    stages.push(scored.of().stage(&mut taught, &*plain, origin));
                }
                self.spread(&|members| rehearsal::run(&stages, &*model, members, split))?
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        let method = match told {
            None => entry.name.to_string(),
            Some(_) => format!("{}+events", entry.name),
        };
        let score = self.backtest.score(&forecasts).into_iter();
        let row = |(class, measures)| Row { method: method.clone(), class, measures, seconds };
        Some((score.map(row).collect(), forecasts))
    }

    fn rehearsal<'p>(&self, calendar: &Calendar, panel: &'p Panel) -> Prepared<'p> {
        let horizon = self.backtest.split.horizon;
        let occurrences = calendar.occurrences(panel, horizon);
        Prepared { panel, grid: calendar.grid, occurrences, horizon }
    }

    fn goes_on(&self) -> bool {
        !self.asked.load(Ordering::Relaxed)
    }

    fn fit(&self, entry: &Entry, lessons: &Panel) -> Box<dyn Model> {
        let goes_on = || self.goes_on();
        let each = |jobs: usize, job: &(dyn Fn(usize) + Sync)| spread(self.threads, jobs, job);
        let full = Budget::FULL.scaled(self.source.effort);
        let budget = Budget { proceed: &goes_on, each: &each, ..full };
        let past = lessons.before(self.backtest.split.origins[0]);
        entry.forecaster.fit(&past, &budget, self.source.seed)
    }

    /// The forecasts of all members, made by chunks of them; none if the person stopped it.
    fn spread(&self, of: &(dyn Fn(Range<usize>) -> Forecasts + Sync)) -> Option<Forecasts> {
        let members = self.backtest.panel.members.len();
        let size = members.div_ceil(self.threads * 4).max(1);
        let chunks: Vec<_> =
            (0..members).step_by(size).map(|first| first..members.min(first + size)).collect();
        let slots: Vec<Mutex<Forecasts>> = chunks.iter().map(|_| Mutex::new(Vec::new())).collect();
        spread(self.threads, chunks.len(), &|chunk| {
            if self.goes_on() {
                let said = of(chunks[chunk].clone());
                *slots[chunk].lock().expect("no job broke") = said;
            }
        });
        if !self.goes_on() {
            return None;
        }
        let origins = self.backtest.split.origins.len();
        let mut forecasts: Forecasts = vec![Vec::with_capacity(members); origins];
        for slot in slots {
            let said = slot.into_inner().expect("no job broke");
            forecasts.iter_mut().zip(said).for_each(|(all, said)| all.extend(said));
        }
        Some(forecasts)
    }
}

/// A panel with what takes place in it.
struct Prepared<'p> {
    panel: &'p Panel,
    grid: swell_forecast::calendar::grid::Grid,
    occurrences: Vec<swell_forecast::calendar::plan::Occurrence>,
    horizon: usize,
}

impl Prepared<'_> {
    fn of(&self) -> Rehearsal<'_> {
        let Self { panel, grid, occurrences, horizon } = self;
        Rehearsal { panel, grid: *grid, occurrences, horizon: *horizon }
    }
}
