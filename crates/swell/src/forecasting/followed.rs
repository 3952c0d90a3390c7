//! What a back-test is told of other series: `--series`, in one of three forms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::DateTime;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::regressor::prometheus;
use swell_forecast::regressor::series::{Meaning, Regressor, on_grid};

use crate::cli::forecast::BacktestArguments;
use crate::demand::text;
use crate::error::Letter;
use crate::forecasting::announced::{grid, undated};
use crate::forecasting::scored::Scored;
use crate::say::say;

/// Series that are told at a time: each is held against each function.
const SERIES_MAX: usize = 10;

/// Values of series by name, by the number of a step or by the time.
#[derive(Debug, Default, PartialEq)]
struct Values {
    by_step: BTreeMap<String, BTreeMap<i64, f64>>,
    by_ms: BTreeMap<String, BTreeMap<u64, f64>>,
    /// Cells that were no number, and the first of them.
    odd: Vec<String>,
}

/// The series of the command line on the steps of the data and those ahead; none without a file.
pub fn followed(arguments: &BacktestArguments, scored: &Scored) -> Result<Vec<Regressor>, Letter> {
    let Some(path) = &arguments.series else { return Ok(Vec::new()) };
    let values = read(path)?;
    let names: BTreeSet<&String> = values.by_step.keys().chain(values.by_ms.keys()).collect();
    if names.len() > SERIES_MAX {
        let (path, count) = (path.display(), names.len());
        return Err(Letter::usage(format!("`{path}` holds {count} series, which is too many"))
            .hint(format!("keep the {SERIES_MAX} that calls are most likely to follow")));
    }
    if let Some(unknown) = arguments.planned.iter().find(|planned| !names.contains(planned)) {
        let near = swell_core::parameters::nearest(unknown, names.iter().map(|name| name.as_str()));
        return Err(Letter::usage(format!("there is no series `{unknown}` to be planned{near}")));
    }
    if let Some(first) = values.odd.first() {
        let count = values.odd.len();
        say(format!(
            "note: {count} cells are no numbers and were taken for gaps; the first is {first}"
        ));
    }
    let grid = grid(arguments, scored)?;
    if !values.by_ms.is_empty() && grid.is_none() {
        return Err(undated());
    }
    let len = scored.panel.len() + scored.split.horizon;
    let regressors = names.into_iter().map(|name| {
        let values = on_steps(&values, name, grid, scored.first, len);
        Regressor { is_planned: arguments.planned.contains(name), name: name.clone(), values }
    });
    let regressors: Vec<Regressor> = regressors.collect();
    let is_known = |one: &Regressor| one.values.iter().any(|value| value.is_finite());
    if let Some(one) = regressors.iter().find(|one| !is_known(one)) {
        let why = format!("no value of the series `{}` falls on a step of the data", one.name);
        return Err(Letter::usage(why).hint("are its steps or times those of the data?"));
    }
    Ok(regressors)
}

fn on_steps(values: &Values, name: &str, grid: Option<Grid>, first: i64, len: usize) -> Vec<f32> {
    let points = values.by_ms.get(name).into_iter().flatten();
    let points: Vec<(u64, f64)> = points.map(|(&ms, &value)| (ms, value)).collect();
    let mut on = match grid {
        Some(grid) => on_grid(&points, Meaning::Gauge, grid, len),
        None => vec![f32::NAN; len],
    };
    for (step, value) in values.by_step.get(name).into_iter().flatten() {
        let place = step.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(on) = place.and_then(|place| on.get_mut(place)) {
            *on = *value as f32;
        }
    }
    on
}

fn read(path: &Path) -> Result<Values, Letter> {
    let (text, name) = (text(path)?, path.display());
    let is_answer = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let read = if is_answer { answer(&text) } else { table(&text) };
    read.map_err(|why| {
        Letter::usage(format!("`{name}` holds no series: {why}"))
            .hint("`swell forecast backtest --help` tells how series are written")
    })
}

/// What a Prometheus answered to a range query.
fn answer(text: &str) -> Result<Values, String> {
    let samples = prometheus::read(text.as_bytes()).map_err(|error| error.to_string())?;
    let mut values = Values::default();
    for samples in samples.into_iter().filter(|samples| !samples.points.is_empty()) {
        let labels = samples.labels.iter().filter(|(label, _)| *label != "__name__");
        let labels: Vec<String> = labels.map(|(label, value)| format!("{label}={value}")).collect();
        let name = samples.labels.get("__name__").map_or("", String::as_str);
        let name = match labels.is_empty() {
            true if name.is_empty() => "series".to_string(),
            true => name.to_string(),
            false => format!("{name}{{{}}}", labels.join(",")),
        };
        values.by_ms.entry(name).or_default().extend(samples.points);
    }
    if values.by_ms.is_empty() { Err("it has no value".to_string()) } else { Ok(values) }
}

/// A row per series, or a row per value.
fn table(text: &str) -> Result<Values, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = records.next().ok_or("it is empty")?.map_err(|error| error.to_string())?;
    let second = header.get(1).unwrap_or("").trim().to_lowercase();
    let is_list = header.len() == 3 && matches!(&*second, "step" | "time" | "timestamp" | "ds");
    let columns = header.iter().enumerate().skip(1);
    let columns: Vec<i64> = columns
        .map(|(place, step)| step.trim().parse().unwrap_or_else(|_| place.cast_signed() as i64 - 1))
        .collect();
    let mut values = Values::default();
    for (line, record) in records.enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let (line, name) = (line + 2, record.get(0).unwrap_or("").trim().to_string());
        if is_list {
            let (when, cell) = (record.get(1).unwrap_or("").trim(), record.get(2).unwrap_or(""));
            let Some(value) = values.number(cell, line, 3) else { continue };
            if let Ok(step) = when.parse::<i64>() {
                values.by_step.entry(name).or_default().insert(step, value);
            } else if let Some(ms) = moment(when) {
                values.by_ms.entry(name).or_default().insert(ms, value);
            } else {
                values.odd(when, line, 2);
            }
            continue;
        }
        for (column, cell) in record.iter().enumerate().skip(1) {
            let step = columns.get(column - 1).copied();
            let value = values.number(cell, line, column + 1);
            if let (Some(step), Some(value)) = (step, value) {
                values.by_step.entry(name.clone()).or_default().insert(step, value);
            }
        }
    }
    let is_empty = values.by_step.is_empty() && values.by_ms.is_empty();
    if is_empty { Err("it has no value".to_string()) } else { Ok(values) }
}

fn moment(when: &str) -> Option<u64> {
    let stamp = DateTime::parse_from_rfc3339(when).ok()?.timestamp_millis();
    u64::try_from(stamp).ok()
}

impl Values {
    /// The number in a cell; an empty one is a gap, and so is one that is no number.
    fn number(&mut self, cell: &str, line: usize, column: usize) -> Option<f64> {
        let cell = cell.trim();
        let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
        if value.is_none() && !cell.is_empty() {
            self.odd(cell, line, column);
        }
        value
    }

    fn odd(&mut self, cell: &str, line: usize, column: usize) {
        let cell: String = cell.chars().take(20).collect();
        self.odd.push(format!("`{cell}` in line {line}, column {column}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_hold_the_same_series() {
        let rows = table("name,4,5,6\nqueue,1,x,3\nspend,,-2,\n").expect("it is a table");
        let list = "series,step,value\nqueue,4,1\nqueue,5,x\nqueue,6,3\nspend,5,-2\n";
        let list = table(list).expect("it is a list");
        assert_eq!(rows.by_step, list.by_step);
        assert_eq!((rows.odd.len(), list.odd.len()), (1, 1));
        assert_eq!(rows.odd[0], "`x` in line 2, column 3");
        let dated =
            "series,time,value\nqueue,1970-01-01T00:20:00Z,1\nqueue,1970-01-01T00:30:00Z,3\n";
        let dated = table(dated).expect("it is a list");
        let queried = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"__name__":"queue"},"values":[[1200,"1"],[1800,"3"]]}]}}"#;
        let queried = answer(queried).expect("it is an answer");
        assert_eq!(dated.by_ms, queried.by_ms);
        let grid = Grid { first_ms: 600_000, step_ms: 300_000 };
        let by_time = on_steps(&dated, "queue", Some(grid), 0, 5);
        let by_step = on_steps(&list, "queue", None, 2, 5);
        let values = |on: &[f32]| on.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let nan = f32::NAN;
        assert_eq!(values(&by_time), values(&[nan, nan, 1.0, nan, 3.0]));
        assert_eq!(values(&by_step), values(&by_time));
    }

    #[test]
    fn what_holds_none_is_refused() {
        for text in ["", "series,step,value\n", "name,0,1\nqueue,NaN,x\n"] {
            assert!(table(text).is_err(), "{text}");
        }
        assert!(answer("{}").is_err());
    }
}
