//! What was in memory, when? The pool of one run, stacked by state.
//!
//! One seed per policy and setting is shown: timelines are for understanding a run, not
//! for comparing means.

use plotly::common::{Line, Mode};
use plotly::{Plot, Scatter};

use crate::report::figure::memory;
use crate::report::html::chart::{Chart, Version, figure};
use crate::report::html::style::STATES;
use crate::report::summary::Panel;
use crate::results::Results;
use crate::row::{Detail, Sample};

/// Points of a timeline; longer ones are thinned, keeping each stretch's fullest moment.
const POINTS_MAX: usize = 240;
/// Points of a timeline on a page of many.
const POINTS_MIN: usize = 60;
/// Points of all timelines together, so that the page stays small.
const POINTS_ALL: usize = 64 * POINTS_MAX;

/// The chart, one version per panel and policy.
pub fn chart(panels: &[Panel], results: &Results) -> Chart {
    let mut versions = Vec::new();
    let count: usize = panels.iter().map(|panel| panel.lines.len()).sum();
    let points = (POINTS_ALL / count.max(1)).clamp(POINTS_MIN, POINTS_MAX);
    for panel in panels {
        for line in &panel.lines {
            let Some(detail) = results.details.get(line.runs[0]) else { continue };
            if detail.timeline.is_empty() {
                continue;
            }
            let seed = results.rows[line.runs[0]].seed;
            let memory = memory(panel.memory_mb);
            let label = format!(
                "{} with {memory}, {} placement, seed {seed}",
                line.policy, panel.placement
            );
            versions.push(Version { label, figure: draw(detail, panel.memory_mb, points) });
        }
    }
    Chart {
        id: "timeline",
        title: "The pool over time",
        reading: "Memory by what instances were doing; the line above is the limit. Much red is \
                  a storm of starts, much green is memory held for calls that may not come.",
        choice: "Run",
        log_scale: false,
        versions,
    }
}

fn draw(detail: &Detail, limit_mb: f64, points: usize) -> Plot {
    let samples = thin(&detail.timeline, points);
    let end = samples.last().map_or(0.0, |sample| sample.at_s);
    let (unit, seconds) = match end {
        _ if end > 3.0 * 3600.0 => ("hours", 3600.0),
        _ if end > 180.0 => ("minutes", 60.0),
        _ => ("seconds", 1.0),
    };
    let mut plot = figure(&format!("{unit} from the start of the trace"), "memory, GB", 420);
    let times: Vec<f64> = samples.iter().map(|sample| round(sample.at_s / seconds)).collect();
    let states: [fn(&Sample) -> f64; 5] = [
        |sample| sample.busy_mb,
        |sample| sample.starting_mb,
        |sample| sample.idle_mb,
        |sample| sample.prewarmed_mb,
        |sample| sample.paused_mb,
    ];
    for ((name, color), state) in STATES.into_iter().zip(states) {
        let memory: Vec<f64> = samples.iter().map(|sample| round(state(sample) / 1000.0)).collect();
        if memory.iter().all(|gb| *gb == 0.0) {
            continue;
        }
        plot.add_trace(
            Scatter::new(times.clone(), memory)
                .name(name)
                .mode(Mode::Lines)
                .stack_group("pool")
                .fill_color(color)
                .line(Line::new().color(color).width(0.5))
                .hover_template("%{y:.2f} GB"),
        );
    }
    let limit = limit_mb / 1000.0;
    plot.add_trace(
        Scatter::new(
            vec![times.first().copied().unwrap_or(0.0), round(end / seconds)],
            vec![limit; 2],
        )
        .name("limit")
        .mode(Mode::Lines)
        .line(Line::new().color("#c0504d").width(1.0))
        .hover_template("%{y:.2f} GB"),
    );
    plot
}

fn thin(samples: &[Sample], points: usize) -> Vec<Sample> {
    let stretch = samples.len().div_ceil(points).max(1);
    let total = |sample: &Sample| {
        sample.starting_mb
            + sample.busy_mb
            + sample.idle_mb
            + sample.prewarmed_mb
            + sample.paused_mb
    };
    let fullest =
        |part: &[Sample]| part.iter().copied().max_by(|a, b| total(a).total_cmp(&total(b)));
    samples.chunks(stretch).filter_map(fullest).collect()
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
