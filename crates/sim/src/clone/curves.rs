//! What forecasts change, drawn over memory, a curve for each mode.

use plotly::common::{ErrorData, ErrorType, Line as Stroke, Marker, Mode};
use plotly::{Plot, Scatter};

use crate::clone::line::Line;
use crate::clone::row::CloneRow;
use crate::report::html::chart::{Chart, Version, figure};
use crate::report::html::style::{color, symbol};

/// A measure: its name, and how a run has it.
type Measure = (&'static str, fn(&CloneRow) -> f64);

const MEASURES: [Measure; 4] = [
    ("cold starts, % of served calls", |row| row.cold_pct),
    ("dropped, % of all calls", |row| row.drop_pct),
    ("memory of instances that wait for work, GB s", |row| row.waste_gb_s),
    ("memory of clones that nobody needed, GB s", |row| row.clones_waste_gb_s),
];

/// The chart, a version for each measure.
pub fn chart(lines: &[Line]) -> Chart {
    let version = |&(name, value): &Measure| Version {
        label: name.to_string(),
        figure: curves(lines, name, value),
    };
    Chart {
        id: "modes",
        title: "What forecasts change",
        reading: "Means over seeds; a bar through a point is its 95 % confidence interval. Off is \
                  keep-alive alone, on makes clones ahead of calls in the same memory, shadow \
                  makes none and only tells what on would do.",
        choice: "Measure",
        log_scale: false,
        versions: MEASURES.iter().map(version).collect(),
    }
}

fn curves(lines: &[Line], name: &str, value: fn(&CloneRow) -> f64) -> Plot {
    let mut plot = figure("memory, GB", name, 460);
    let mut modes: Vec<&str> = Vec::new();
    for line in lines.iter().filter(|line| line.mode != "shadow") {
        if !modes.contains(&line.mode) {
            modes.push(line.mode);
        }
    }
    for (place, mode) in modes.into_iter().enumerate() {
        let of_mode = lines.iter().filter(|line| line.mode == mode);
        let (memory, values): (Vec<f64>, Vec<_>) =
            of_mode.map(|line| (line.memory_mb / 1e3, line.mean(value))).unzip();
        let halves = values.iter().map(|value| value.half.unwrap_or(0.0)).collect();
        let trace = Scatter::new(memory, values.iter().map(|value| value.mean).collect())
            .name(mode)
            .mode(Mode::LinesMarkers)
            .line(Stroke::new().color(color(place)).width(2.0))
            .marker(Marker::new().color(color(place)).symbol(symbol(place)).size(8))
            .error_y(ErrorData::new(ErrorType::Data).array(halves).color(color(place)));
        plot.add_trace(trace);
    }
    let told = told(lines, name);
    if !told.is_empty() {
        let (memory, values): (Vec<f64>, Vec<f64>) = told.into_iter().unzip();
        let marker = Marker::new().color(color(5)).symbol(symbol(2)).size(10);
        let trace = Scatter::new(memory, values)
            .name("shadow's receipt")
            .mode(Mode::Markers)
            .marker(marker);
        plot.add_trace(trace);
    }
    plot
}

/// What the receipts of shadow told of a measure, where they do.
fn told(lines: &[Line], name: &str) -> Vec<(f64, f64)> {
    let share =
        |part: Option<u64>, of: u64| part.map(|part| 100.0 * part as f64 / of.max(1) as f64);
    let told = |row: &CloneRow| match MEASURES.iter().position(|(known, _)| *known == name)? {
        0 => share(row.receipt_cold, row.calls.saturating_sub(row.receipt_dropped?)),
        1 => share(row.receipt_dropped, row.calls),
        2 => row.receipt_waste_gb_s,
        _ => None,
    };
    let of_line = |line: &Line| {
        let told: Option<Vec<f64>> = line.rows.iter().map(told).collect();
        let told = told.filter(|told| !told.is_empty())?;
        Some((line.memory_mb / 1e3, told.iter().sum::<f64>() / told.len() as f64))
    };
    lines.iter().filter(|line| line.mode == "shadow").filter_map(of_line).collect()
}
