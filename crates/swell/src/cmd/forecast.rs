//! Forecasts the past and scores it: `swell forecast backtest`.

use std::io::{self, Write};
use std::sync::atomic::Ordering;

use swell_forecast::backtest::{Backtest, Forecasts};
use swell_forecast::bands::{Forecast, HIGH, LOW, MEDIAN};
use swell_forecast::catalogue::{Entry, entries};
use swell_forecast::coverage::{BAND_80, BAND_95};
use swell_forecast::measure::Class;
use swell_forecast::panel::Panel;
use swell_forecast::split::Split;
use swell_sim::report::figure::count;

use crate::cli::forecast::{BacktestArguments, ForecastCommand};
use crate::error::Letter;
use crate::forecasting::announced::calendar;
use crate::forecasting::document::{Detail, Document};
use crate::forecasting::followed::followed;
use crate::forecasting::prewarm;
use crate::forecasting::rehearsing::{Told, Work};
use crate::forecasting::report::write;
use crate::forecasting::scored::{Scored, scored};
use crate::forecasting::work::processors;
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
    let mut scored = scored(&arguments.source)?;
    let calendar = calendar(arguments, &mut scored)?;
    let followed = followed(arguments, &scored)?;
    let has_series = !followed.is_empty();
    if has_series && !chosen.iter().any(Entry::is_told) {
        return Err(Letter::usage("none of these methods looks at other series")
            .hint("`--method gbm,lstm,hybrid` do"));
    }
    let Scored { panel, split, notes, .. } = &scored;
    let backtest = Backtest::new(panel, split).map_err(|error| Letter::usage(error.to_string()))?;
    let asked = interrupt::listen()?;
    let source = &arguments.source;
    let threads = source.threads.map_or_else(processors, usize::from);
    let progress = Progress::start(chosen.len());
    let shown = shown(&backtest);
    let (mut rows, mut details, mut last) = (Vec::new(), Vec::new(), None);
    let work =
        Work { backtest: &backtest, scored: &scored, followed: &followed, source, threads, asked };
    'methods: for entry in &chosen {
        let plain = Told { calendar: None, series: false };
        let told = Told { calendar: calendar.as_ref(), series: has_series && entry.is_told() };
        let is_told = told.calendar.is_some() || told.series;
        for told in std::iter::once(plain).chain(is_told.then_some(told)) {
            let Some((of_method, forecasts)) = work.one(entry, told) else { break 'methods };
            let method = of_method[0].method.clone();
            rows.extend(of_method);
            let of_origin = |said: &Vec<Forecast>| shown.iter().map(|&m| said[m].clone()).collect();
            let said = forecasts.iter().map(of_origin).collect();
            let [cov80, cov95] = [BAND_80, BAND_95].map(|band| backtest.coverage(&forecasts, band));
            details.push(Detail { method, cov80, cov95, said });
            last = Some(forecasts);
        }
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
