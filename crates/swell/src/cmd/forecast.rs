//! Forecasts the past and scores it: `swell forecast backtest`.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use swell_forecast::backtest::{Backtest, Forecasts};
use swell_forecast::bands::{Forecast, HIGH, LOW, MEDIAN};
use swell_forecast::catalogue::{Entry, entries};
use swell_forecast::forecaster::Budget;
use swell_forecast::measure::Class;
use swell_forecast::panel::Panel;
use swell_forecast::split::Split;
use swell_sim::report::figure::count;

use crate::cli::forecast::{BacktestArguments, ForecastCommand, SourceArguments};
use crate::error::Letter;
use crate::forecasting::document::{Detail, Document, Row};
use crate::forecasting::prewarm;
use crate::forecasting::report::write;
use crate::forecasting::scored::{Scored, scored};
use crate::forecasting::work::{processors, spread};
use crate::foretell;
use crate::interrupt;
use crate::output::{Form, check, resolve, to_file, to_stdout};
use crate::progress::Progress;
use crate::say::say;

/// Runs `swell forecast`.
pub fn run(command: &ForecastCommand) -> Result<(), Letter> {
    match command {
        ForecastCommand::Backtest(arguments) => backtest(arguments),
        ForecastCommand::Prewarm(arguments) => prewarm::run(arguments),
        ForecastCommand::Methods => to_stdout(|out| methods(out)),
        ForecastCommand::List { output, node } => foretell::list(*output, node),
        ForecastCommand::Show { name, output, node } => foretell::one(name, *output, node),
        ForecastCommand::Anomalies { function, limit, output, node } => {
            foretell::anomalies(function.as_deref(), *limit, *output, node)
        }
    }
}

fn methods(out: &mut dyn Write) -> io::Result<()> {
    let rows = entries().map(|entry| vec![entry.name.to_string(), entry.summary.to_string()]);
    let head = vec!["method".to_string(), "what it does".to_string()];
    for row in std::iter::once(head).chain(rows) {
        writeln!(out, "{:16}{}", row[0], row[1])?;
    }
    Ok(())
}

fn backtest(arguments: &BacktestArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    arguments.forecasts.as_deref().map_or(Ok(()), check)?;
    let chosen = chosen(&arguments.method)?;
    let scored = scored(&arguments.source)?;
    let Scored { panel, split, notes, .. } = &scored;
    let backtest = Backtest::new(panel, split).map_err(|error| Letter::usage(error.to_string()))?;
    let asked = interrupt::listen()?;
    let threads = arguments.source.threads.map_or_else(processors, usize::from);
    let progress = Progress::start(chosen.len());
    let shown = shown(&backtest);
    let (mut rows, mut details, mut last) = (Vec::new(), Vec::new(), None);
    for entry in &chosen {
        let Some((of_method, forecasts)) =
            one(entry, &backtest, &scored, &arguments.source, threads, asked)
        else {
            break;
        };
        rows.extend(of_method);
        let of_origin = |said: &Vec<Forecast>| shown.iter().map(|&m| said[m].clone()).collect();
        let said = forecasts.iter().map(of_origin).collect();
        details.push(Detail { method: entry.name, cov80: backtest.coverage(&forecasts), said });
        last = Some(forecasts);
        progress.step(entry.name);
    }
    progress.finish(&count(chosen.len(), "method"));
    let document = Document {
        data: &arguments.source.data,
        taught: scored.taught.as_ref().map(|taught| taught.members.len()),
        panel,
        split,
        notes,
        seed: arguments.source.seed,
        rows,
        shown,
        details,
    };
    for output in &outputs {
        output.write(|out| write(&document, output.form, out))?;
    }
    if let (Some(path), Some(forecasts)) = (&arguments.forecasts, &last) {
        to_file(path, |out| said(panel, split, forecasts, out))?;
        say(format!("wrote {}", path.display()));
    }
    if asked.load(Ordering::Relaxed) {
        return Err(Letter::interrupted("results hold only the methods that were completed"));
    }
    Ok(())
}

/// A few functions of each class to look at: the middle one by calls, and a large one.
fn shown(backtest: &Backtest<'_>) -> Vec<usize> {
    let past = backtest.panel.before(backtest.split.origins[0]);
    let classes = backtest.classes();
    let mut shown = Vec::new();
    for class in [Class::Rare, Class::Medium, Class::Busy] {
        let of_class = (0..classes.len()).filter(|&member| classes[member] == class);
        let sum = |member: usize| past.filled(member).iter().map(|&c| f64::from(c)).sum::<f64>();
        let mut by_calls: Vec<(f64, usize)> =
            of_class.map(|member| (sum(member), member)).collect();
        by_calls.sort_by(|a, b| a.0.total_cmp(&b.0));
        for share in [0.5, 0.9] {
            let place = (by_calls.len() as f64 * share) as usize;
            shown.extend(by_calls.get(place).map(|(_, member)| *member));
        }
    }
    shown.dedup();
    shown
}

fn chosen(names: &[String]) -> Result<Vec<Entry>, Letter> {
    let mut chosen: Vec<Entry> = Vec::new();
    for name in names {
        let found: Vec<Entry> = entries().filter(|e| name == "all" || e.name == name).collect();
        if found.is_empty() {
            let near = swell_core::parameters::nearest(name, entries().map(|entry| entry.name));
            return Err(Letter::usage(format!("there is no method `{name}`{near}"))
                .hint("`swell forecast methods` lists them"));
        }
        for entry in found {
            if !chosen.iter().any(|other| other.name == entry.name) {
                chosen.push(entry);
            }
        }
    }
    Ok(chosen)
}

/// Fits a method, lets it forecast, and scores it; none if the person stopped it.
fn one(
    entry: &Entry,
    backtest: &Backtest<'_>,
    scored: &Scored,
    arguments: &SourceArguments,
    threads: usize,
    asked: &AtomicBool,
) -> Option<(Vec<Row>, Forecasts)> {
    let started = Instant::now();
    let goes_on = || !asked.load(Ordering::Relaxed);
    let each = |jobs: usize, job: &(dyn Fn(usize) + Sync)| spread(threads, jobs, job);
    let budget = Budget { proceed: &goes_on, each: &each, ..Budget::FULL.scaled(arguments.effort) };
    let past = scored.lessons().before(backtest.split.origins[0]);
    let model = entry.forecaster.fit(&past, &budget, arguments.seed);
    let members = backtest.panel.members.len();
    let size = members.div_ceil(threads * 4).max(1);
    let chunks: Vec<_> =
        (0..members).step_by(size).map(|first| first..members.min(first + size)).collect();
    let slots: Vec<Mutex<Forecasts>> = chunks.iter().map(|_| Mutex::new(Vec::new())).collect();
    spread(threads, chunks.len(), &|chunk| {
        if goes_on() {
            let said = backtest.run(&*model, chunks[chunk].clone());
            *slots[chunk].lock().expect("no job broke") = said;
        }
    });
    if !goes_on() {
        return None;
    }
    let mut forecasts: Forecasts = vec![Vec::with_capacity(members); backtest.split.origins.len()];
    for slot in slots {
        let said = slot.into_inner().expect("no job broke");
        forecasts.iter_mut().zip(said).for_each(|(all, said)| all.extend(said));
    }
    let seconds = started.elapsed().as_secs_f64();
    let score = backtest.score(&forecasts).into_iter();
    let row = |(class, measures)| Row { method: entry.name, class, measures, seconds };
    Some((score.map(row).collect(), forecasts))
}

/// Every forecast, a line per function, origin and step ahead (counted from 1).
fn said(
    panel: &Panel,
    split: &Split,
    forecasts: &Forecasts,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "id,origin,h,point,q10,q50,q90")?;
    for (origin, forecasts) in split.origins.iter().zip(forecasts) {
        for (member, forecast) in panel.members.iter().zip(forecasts) {
            for (ahead, quantiles) in forecast.steps.iter().enumerate() {
                let (low, median, high) = (quantiles[LOW], quantiles[MEDIAN], quantiles[HIGH]);
                let (name, ahead) = (&member.name, ahead + 1);
                writeln!(out, "{name},{origin},{ahead},{median},{low},{median},{high}")?;
            }
        }
    }
    Ok(())
}
