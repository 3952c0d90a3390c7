//! Hit ratio and latency of any set of runs, drawn against what was varied.

use plotly::common::{ErrorData, ErrorType, Line as Stroke, Marker, Mode};
use plotly::{Bar, Plot, Scatter};

use crate::cache::report::summary::{FIELDS, Line, label, varying};
use crate::report::html::chart::{Chart, Version, figure};
use crate::report::html::style::{color, dash, symbol};
use crate::report::student::Estimate;

/// Fields that are numbers, those to draw against first.
const NUMBERS: [&str; 4] = ["slots", "alpha", "contents", "workloads"];

/// A measure: its name, and how a line has it.
type Measure = (&'static str, fn(&Line) -> Estimate);

const MEASURES: [Measure; 5] = [
    ("hit ratio", |line| line.hit),
    ("hit ratio of the first cache", |line| line.local),
    ("hit ratio of other caches", |line| line.group),
    ("latency, ms", |line| line.latency_ms),
    ("messages of a request", |line| line.messages),
];

/// The chart, a version per measure.
pub fn chart(lines: &[Line]) -> Chart {
    let varying = varying(lines);
    let by_name = |name: &&str| FIELDS.iter().position(|(field, _)| field == name);
    let numbers = NUMBERS.iter().filter_map(by_name);
    let across = numbers.into_iter().find(|field| varying.contains(field));
    let version = |&(name, value): &Measure| Version {
        label: name.to_string(),
        figure: match across {
            Some(field) => curves(lines, &varying, field, name, value),
            None => bars(lines, &varying, name, value),
        },
    };
    Chart {
        id: "runs",
        title: "Hits and latency",
        reading: "Means over seeds; a bar through a point is its 95 % confidence interval. A hit \
                  is a request that any cache served; latency counts the links of request and \
                  reply.",
        choice: "Measure",
        log_scale: false,
        versions: MEASURES.iter().map(version).collect(),
    }
}

fn curves(
    lines: &[Line],
    varying: &[usize],
    across: usize,
    name: &str,
    value: fn(&Line) -> Estimate,
) -> Plot {
    let mut plot = figure(FIELDS[across].0, name, 480);
    let mut labels: Vec<String> = Vec::new();
    for line in lines {
        let label = label(line, varying, Some(across));
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    for (place, name) in labels.iter().enumerate() {
        let of_label = lines.iter().filter(|line| label(line, varying, Some(across)) == *name);
        let (x, y): (Vec<f64>, Vec<Estimate>) =
            of_label.map(|line| (line.setting[across].parse().unwrap_or(0.0), value(line))).unzip();
        let trace = Scatter::new(x, y.iter().map(|value| value.mean).collect())
            .name(name)
            .mode(Mode::LinesMarkers)
            .line(Stroke::new().color(color(place)).dash(dash(place)).width(2.0))
            .marker(Marker::new().color(color(place)).symbol(symbol(place)).size(8))
            .error_y(intervals(&y).color(color(place)));
        plot.add_trace(trace);
    }
    plot
}

fn bars(lines: &[Line], varying: &[usize], name: &str, value: fn(&Line) -> Estimate) -> Plot {
    let mut plot = figure("", name, 480);
    let values: Vec<Estimate> = lines.iter().map(value).collect();
    let names: Vec<String> = lines.iter().map(|line| label(line, varying, None)).collect();
    let heights: Vec<f64> = values.iter().map(|value| value.mean).collect();
    let bar = Bar::new(names, heights).marker(Marker::new().color(color(0)));
    plot.add_trace(bar.error_y(intervals(&values)));
    plot
}

fn intervals(values: &[Estimate]) -> ErrorData {
    let halves = values.iter().map(|value| value.half.unwrap_or(0.0)).collect();
    ErrorData::new(ErrorType::Data).array(halves).thickness(1.0).width(3)
}
