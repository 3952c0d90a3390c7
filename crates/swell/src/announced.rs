//! Reading what is known beforehand of a trace: a calendar of events, and schedules.

use std::path::Path;

use chrono_tz::Tz;
use swell_api::trigger::Missed;
use swell_core::time::Instant;
use swell_forecast::calendar::announced::Announced as Effect;
use swell_forecast::calendar::entry::Defaults;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::{ics, moment, pattern, table};
use swell_node::trigger::schedule::Schedule;
use swell_sim::announced::Announced;
use swell_trace::trace::Trace;

use crate::cli::clone::BeforehandArguments;
use crate::error::Letter;
use crate::say::say;

/// Runs of one schedule that are played at most: one a second for a week.
const RUNS_MAX: usize = 7 * 24 * 3600;

/// What the arguments say is known of a trace.
pub fn read(arguments: &BeforehandArguments, trace: &Trace) -> Result<Announced, Letter> {
    let zone: Tz = arguments.zone.parse().map_err(|_| {
        Letter::usage(format!("there is no time zone `{}`", arguments.zone))
            .hint("name one of the IANA list, such as `Europe/Berlin`")
    })?;
    let begins_ms = moment::read(&arguments.begins, zone)
        .map_err(|(why, hint)| Letter::usage(format!("`--begins`: {why}")).hint(hint))?;
    let mut announced = Announced { begins_ms, ..Announced::default() };
    if let Some(path) = &arguments.events {
        announced.occasions = events(path, zone, &announced, trace)?;
    }
    if let Some(path) = &arguments.schedules {
        announced.known = schedules(path, zone, begins_ms, trace)?;
    }
    Ok(announced)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Letter> {
    let shown = path.display();
    std::fs::read(path).map_err(|error| Letter::usage(format!("cannot read `{shown}`: {error}")))
}

fn events(
    path: &Path,
    zone: Tz,
    announced: &Announced,
    trace: &Trace,
) -> Result<Vec<Occasion>, Letter> {
    let (bytes, shown) = (bytes_of(path)?, path.display());
    let is_table = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let defaults = Defaults { site: zone, functions: Vec::new(), effect: Effect::Unknown };
    let reading = if is_table { table::read(&bytes, zone) } else { ics::read(&bytes, &defaults) };
    for letter in &reading.letters {
        say(format!("warning: {shown}: {letter}"));
    }
    let end_ms = announced.begins_ms + trace.span().nanos() / 1_000_000;
    let window = announced.begins_ms..end_ms;
    let names = || trace.functions().iter().map(|own| own.name.as_str());
    let is_met = |one: &Occasion| {
        !one.within(&window).spans.is_empty()
            && names().any(|name| pattern::fits_any(&one.functions, name))
    };
    if !reading.occasions.iter().any(is_met) {
        let why = format!("`{shown}`: no event touches a function of the trace while it lasts");
        return Err(Letter::usage(why).hint(
            "say with `--begins` when the trace begins, and name functions as the trace does \
             (`swell trace inspect`)",
        ));
    }
    Ok(reading.occasions)
}

/// By function, when a table of schedules calls it.
fn schedules(
    path: &Path,
    zone: Tz,
    begins_ms: u64,
    trace: &Trace,
) -> Result<Vec<Vec<Instant>>, Letter> {
    let (bytes, shown) = (bytes_of(path)?, path.display());
    let wrong = |line: u64, why: String| {
        Letter::usage(format!("`{shown}`, line {line}: {why}")).hint(
            "columns are `functions`, `schedule` (cron, five fields, or six with seconds first) \
             and, if need be, `timezone`",
        )
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&bytes[..]);
    let head = reader.headers().map_err(|error| wrong(1, error.to_string()))?.clone();
    let column = |name: &str| head.iter().position(|found| found.eq_ignore_ascii_case(name));
    let (Some(functions), Some(schedule)) = (column("functions"), column("schedule")) else {
        return Err(wrong(1, "there is no column `functions` or none `schedule`".to_string()));
    };
    let end_ms = begins_ms + trace.span().nanos() / 1_000_000;
    let mut known = vec![Vec::new(); trace.functions().len()];
    for record in reader.records() {
        let record = record.map_err(|error| {
            wrong(error.position().map_or(0, csv::Position::line), error.to_string())
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |place: usize| record.get(place).unwrap_or_default();
        let own = column("timezone").map(field).filter(|own| !own.is_empty());
        let zone = own.map_or_else(|| zone.name().to_string(), str::to_string);
        let read = Schedule::read(field(schedule), &zone, Missed::Skip);
        let Some(read) = read else {
            let cron = field(schedule);
            return Err(wrong(line, format!("`{cron}` in `{zone}` is no schedule")));
        };
        let mut times = Vec::new();
        let mut at_ms = begins_ms.saturating_sub(1);
        while let Some(next_ms) = read.next(at_ms).filter(|&next_ms| next_ms < end_ms) {
            if times.len() == RUNS_MAX {
                let cron = field(schedule);
                return Err(wrong(line, format!("`{cron}` runs more than {RUNS_MAX} times")));
            }
            times.push(Instant::from_millis(next_ms - begins_ms));
            at_ms = next_ms;
        }
        let patterns = pattern::list(field(functions));
        let mut is_any = false;
        for (own, profile) in known.iter_mut().zip(trace.functions()) {
            if pattern::fits_any(&patterns, &profile.name) {
                is_any = true;
                own.extend(&times);
            }
        }
        if !is_any {
            let functions = field(functions);
            return Err(wrong(line, format!("no function of the trace is named `{functions}`")));
        }
    }
    known.iter_mut().for_each(|own: &mut Vec<Instant>| own.sort_unstable());
    Ok(known)
}
