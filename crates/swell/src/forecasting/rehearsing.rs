//! One method of a back-test: it is fitted, forecasts, and is scored, told of events or not.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use swell_forecast::backtest::{Backtest, Forecasts, run};
use swell_forecast::catalogue::Entry;
use swell_forecast::effects::book::Book;
use swell_forecast::effects::rehearsal::{self, Rehearsal};
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::panel::Panel;
use swell_forecast::regressor::series::Regressor;

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
    /// Other series on the steps of the data; none: nobody is told of any.
    pub followed: &'a [Regressor],
    /// What was asked for.
    pub source: &'a SourceArguments,
    /// Threads to work on.
    pub threads: usize,
    /// Whether the person stopped it.
    pub asked: &'a AtomicBool,
}

/// What a method is told besides counts.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Events.
    pub calendar: Option<&'a Calendar>,
    /// Whether it is told of the other series.
    pub series: bool,
}

impl Work<'_> {
    /// Fits a method, lets it forecast, and scores it; none if the person stopped it. Told of events,
    /// it learns what they did from those that were over, held against what it says without them;
    /// told of other series, it is taught with them and looks at them at each origin.
    pub fn one(&self, entry: &Entry, told: Told<'_>) -> Option<(Vec<Row>, Forecasts)> {
        let (started, split) = (Instant::now(), self.backtest.split);
        let with = |panel: &Panel| Panel {
            followed: if told.series { self.followed.to_vec() } else { Vec::new() },
            ..panel.clone()
        };
        let (lessons, panel) = (with(self.scored.lessons()), with(self.backtest.panel));
        let plain = self.fit(entry, &lessons);
        let forecasts = match told.calendar {
            None => {
                let origins = |members| run(&panel, split, &*plain, members);
                self.spread(&origins)?
            }
            Some(calendar) => {
                let first = split.origins[0];
                let mut taught = Book::default();
                let lessons = self.rehearsal(calendar, &lessons);
                let calm = lessons.of().stage(&mut taught, &*plain, first).panel;
                let model = self.fit(entry, &calm);
                let scored = self.rehearsal(calendar, &panel);
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
        let events = if told.calendar.is_some() { "+events" } else { "" };
        let series = if told.series { "+series" } else { "" };
        let method = format!("{}{events}{series}", entry.name);
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
