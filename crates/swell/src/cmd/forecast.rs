//! Forecasts the past and scores it: `swell forecast backtest`.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use swell_forecast::backtest::{Backtest, Forecasts};
use swell_forecast::bands::{HIGH, LOW, MEDIAN};
use swell_forecast::catalogue::{Entry, entries};
use swell_forecast::forecaster::Budget;
use swell_forecast::panel::Panel;
use swell_forecast::split::Split;
use swell_sim::report::figure::count;

use crate::cli::forecast::{BacktestArguments, ForecastCommand};
use crate::demand::{Demand, read, usual_split};
use crate::error::Letter;
use crate::forecast_report::{Document, Row, write};
use crate::foretell;
use crate::interrupt;
use crate::output::{Form, check, resolve, to_file, to_stdout};
use crate::progress::Progress;
use crate::say::say;
use crate::split::{Wanted, split};

/// Runs `swell forecast`.
pub fn run(command: &ForecastCommand) -> Result<(), Letter> {
    match command {
        ForecastCommand::Backtest(arguments) => backtest(arguments),
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
    let wanted = split(arguments)?;
    let Demand { mut panel, notes } = read(&arguments.data, arguments.step)?;
    notes.iter().for_each(|note| say(format!("note: {note}")));
    panel.season = wanted.season.unwrap_or(12).max(1);
    let split = origins(&panel, wanted);
    let backtest = Backtest::new(&panel, &split).map_err(|error| {
        Letter::usage(error.to_string())
            .hint(format!("the data have {} steps, counted from 0", panel.len()))
    })?;
    let asked = interrupt::listen()?;
    let threads = arguments.threads.map_or_else(processors, usize::from);
    let progress = Progress::start(chosen.len());
    let (mut rows, mut last) = (Vec::new(), None);
    for entry in &chosen {
        let Some((of_method, forecasts)) = one(entry, &backtest, arguments, threads, asked) else {
            break;
        };
        rows.extend(of_method);
        last = Some(forecasts);
        progress.step(entry.name);
    }
    progress.finish(&count(chosen.len(), "method"));
    let document = Document {
        data: &arguments.data,
        panel: &panel,
        split: &split,
        notes: &notes,
        seed: arguments.seed,
        rows,
    };
    for output in &outputs {
        output.write(|out| write(&document, output.form, out))?;
    }
    if let (Some(path), Some(forecasts)) = (&arguments.forecasts, &last) {
        to_file(path, |out| said(&panel, &split, forecasts, out))?;
        say(format!("wrote {}", path.display()));
    }
    if asked.load(Ordering::Relaxed) {
        return Err(Letter::interrupted("results hold only the methods that were completed"));
    }
    Ok(())
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

fn origins(panel: &Panel, wanted: Wanted) -> Split {
    let horizon = wanted.horizon.unwrap_or(12);
    match wanted.origins {
        Some(origins) => Split { origins, horizon },
        None => usual_split(panel.len(), horizon),
    }
}

/// Fits a method, lets it forecast, and scores it; none if the person stopped it.
fn one(
    entry: &Entry,
    backtest: &Backtest<'_>,
    arguments: &BacktestArguments,
    threads: usize,
    asked: &AtomicBool,
) -> Option<(Vec<Row>, Forecasts)> {
    let started = Instant::now();
    let goes_on = || !asked.load(Ordering::Relaxed);
    let each = |jobs: usize, job: &(dyn Fn(usize) + Sync)| spread(threads, jobs, job);
    let budget = Budget { proceed: &goes_on, each: &each, ..Budget::FULL.scaled(arguments.effort) };
    let past = backtest.panel.before(backtest.split.origins[0]);
    let model = entry.forecaster.fit(&past, &budget, arguments.seed);
    let members = past.members();
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

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get())
}

/// Does jobs on some threads; whoever is free takes the next.
fn spread(threads: usize, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= jobs {
                break;
            }
            job(number);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(jobs) {
            scope.spawn(work);
        }
        work();
    });
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
