//! How many calls go wrong at which memory size? One line per policy, and what is possible.

use plotly::common::{DashType, ErrorData, ErrorType, Line, Marker, Mode};
use plotly::layout::AxisRange;
use plotly::{Plot, Scatter};

use crate::report::figure::memory;
use crate::report::html::chart::{Chart, Version, figure, with_layout};
use crate::report::html::style::{REFERENCE, color, dash, symbol};
use crate::report::student::Estimate;
use crate::report::summary::{Line as Policy, Panel, Possible, policies, settings};

/// What stands on the vertical axis, and where the lines of the possible are in it.
struct Measure {
    label: &'static str,
    axis: &'static str,
    policy: fn(&Policy) -> Estimate,
    possible: Option<fn(&Possible) -> f64>,
}

const MEASURES: [Measure; 3] = [
    Measure {
        label: "bad: cold or dropped, of all calls",
        axis: "bad calls, %",
        policy: |line| line.bad,
        possible: Some(Possible::bad_pct),
    },
    Measure {
        label: "cold, of served calls",
        axis: "cold calls, %",
        policy: |line| line.cold,
        possible: Some(|possible| possible.cold.mean),
    },
    Measure {
        label: "added latency, of execution time",
        axis: "added latency, %",
        policy: |line| line.added_latency,
        possible: None,
    },
];

/// The chart; panels of one setting share a version per measure.
pub fn chart(panels: &[Panel]) -> Chart {
    let settings = settings(panels);
    let mut versions = Vec::new();
    for setting in &settings {
        let chosen: Vec<&Panel> =
            panels.iter().filter(|panel| panel.setting() == *setting).collect();
        for measure in &MEASURES {
            let label = match settings.len() {
                1 => measure.label.to_string(),
                _ => format!("{} ({} placement)", measure.label, chosen[0].placement),
            };
            versions.push(Version { label, figure: draw(panels, &chosen, measure) });
        }
    }
    Chart {
        id: "pareto",
        title: "Calls against memory",
        reading: "Lower is better. Each point is the mean over seeds, its bar the 95 % confidence \
                  interval. The dashed grey lines show what is possible: a bound, and policies \
                  that know the future. A policy that drops calls can lie below the bound in \
                  the cold view; the bad view counts drops as well.",
        choice: "Measure",
        log_scale: true,
        versions,
    }
}

fn draw(all: &[Panel], panels: &[&Panel], measure: &Measure) -> Plot {
    let mut plot = figure("memory", measure.axis, 540);
    for (place, policy) in policies(all).into_iter().enumerate() {
        let points: Vec<(f64, Estimate)> = panels
            .iter()
            .filter_map(|panel| {
                let line = panel.lines.iter().find(|line| line.policy == policy)?;
                Some((panel.memory_mb / 1000.0, (measure.policy)(line)))
            })
            .collect();
        let (memory, values): (Vec<f64>, Vec<Estimate>) = points.into_iter().unzip();
        let halves: Vec<f64> = values.iter().map(|value| value.half.unwrap_or(0.0)).collect();
        let mut trace = Scatter::new(memory, values.iter().map(|value| value.mean).collect())
            .name(policy)
            .mode(Mode::LinesMarkers)
            .line(Line::new().color(color(place)).dash(dash(place)).width(2.0))
            .marker(Marker::new().color(color(place)).symbol(symbol(place)).size(8))
            .hover_template("%{y:.2f} % at %{x} GB");
        if halves.iter().any(|half| *half > 0.0) {
            let bars = ErrorData::new(ErrorType::Data).array(halves).thickness(1.0).width(3);
            trace = trace.error_y(bars.color(color(place)));
        }
        plot.add_trace(trace);
    }
    if let Some(possible) = measure.possible {
        add_possible(&mut plot, panels, possible);
    }
    let mut marks: Vec<f64> = panels.iter().map(|panel| panel.memory_mb).collect();
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    let ticks: Vec<f64> = marks.iter().map(|mb| mb / 1000.0).collect();
    let names: Vec<String> = marks.iter().map(|mb| memory(*mb)).collect();
    let pad = ticks.last().unwrap_or(&1.0) * 0.04;
    let range = (ticks.first().unwrap_or(&0.0) - pad, ticks.last().unwrap_or(&1.0) + pad);
    with_layout(&mut plot, |layout| {
        let axis = plotly::layout::Axis::new().title("memory").auto_margin(true).zero_line(false);
        let axis = axis.range(AxisRange::new(range.0, range.1));
        layout.x_axis(axis.tick_values(ticks).tick_text(names))
    });
    plot
}

fn add_possible(plot: &mut Plot, panels: &[&Panel], value: fn(&Possible) -> f64) {
    let dashes = [DashType::Dash, DashType::Dot, DashType::DashDot, DashType::LongDash];
    let mut names: Vec<&str> = Vec::new();
    for possible in panels.iter().flat_map(|panel| &panel.possible) {
        if !names.contains(&possible.bound.as_str()) {
            names.push(&possible.bound);
        }
    }
    for (place, name) in names.into_iter().enumerate() {
        let (memory, cold): (Vec<f64>, Vec<f64>) = panels
            .iter()
            .filter_map(|panel| {
                let found = panel.possible.iter().find(|possible| possible.bound == name)?;
                Some((panel.memory_mb / 1000.0, value(found)))
            })
            .unzip();
        let line = Line::new().color(REFERENCE).dash(dashes[place % dashes.len()].clone());
        plot.add_trace(
            Scatter::new(memory, cold)
                .name(format!("possible: {name}"))
                .mode(Mode::Lines)
                .line(line.width(2.0))
                .hover_template("%{y:.2f} % at %{x} GB"),
        );
    }
}
