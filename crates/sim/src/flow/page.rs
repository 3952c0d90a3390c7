//! The page of flows: what each rule came to, and how the run went.

use std::io::{self, Write};

use plotly::common::{Line as Stroke, Marker, Mode};
use plotly::{Bar, Plot, Scatter};

use swell_core::time::Span;

use crate::flow::play::{NOT_PLAYED, Outcome, Stretch};
use crate::flow::table::Line;
use crate::report::html::chart::{Chart, Version, escape, figure};
use crate::report::html::shell::{About, Page};
use crate::report::html::style::{color, dash};

/// A figure of a run: its name, and how an outcome has it.
type Figure = (&'static str, fn(&Outcome) -> f64);

const MOVES: [Figure; 5] = [
    ("changes of hands, per FIFO and hour", |outcome| outcome.moves),
    ("ping-pongs, per FIFO and hour", |outcome| outcome.ping_pongs),
    ("larger regions, per FIFO and hour", |outcome| outcome.grown),
    ("smaller regions, per FIFO and hour", |outcome| outcome.shrunk),
    ("changes of cores, per FIFO and hour", |outcome| outcome.reseated),
];
const LATE: Figure = ("ticks over the bound, %", |outcome| outcome.late * 100.0);

/// Writes the page; `what` says what was played, and items that waited longer than `bound` were
/// late.
pub fn write(
    (what, bound): (&str, Span),
    lines: &[Line],
    about: &About,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page {
        title: "Flows that change hands".to_string(),
        heading: heading((what, bound), lines, about),
        charts: vec![moves(lines), late(lines), course(lines)],
        rest: format!("<section><h2>Numbers</h2>\n{}</section>\n", numbers(lines)),
    };
    page.write(out)
}

fn heading((what, bound): (&str, Span), lines: &[Line], about: &About) -> String {
    let seeds = lines.iter().map(|line| line.outcomes.len()).max().unwrap_or(0);
    let runs = format!("{} rules and pauses, {seeds} seeds each", lines.len());
    let mut html = String::from("<header>\n<h1>Flows that change hands</h1>\n<dl>\n");
    for (term, fact) in [
        ("Played", what.to_string()),
        ("Runs", runs),
        ("Bound", format!("items wait up to {bound}")),
        ("Not played", NOT_PLAYED.to_string()),
        ("Made by", format!("{} ({})", about.command, about.version)),
    ] {
        html += &format!("<dt>{term}</dt><dd>{}</dd>\n", escape(&fact));
    }
    html + "</dl>\n</header>"
}

fn moves(lines: &[Line]) -> Chart {
    let version = |&(name, value): &Figure| Version {
        label: name.to_string(),
        figure: bars(lines, name, value),
    };
    Chart {
        id: "moves",
        title: "Changes of hands",
        reading: "How often a FIFO got another owner, and how often it went back to where it was \
                  within ten seconds; and how often its region or its owner's core was another. \
                  Fewer is calmer; none at all helps nobody.",
        choice: "Figure",
        log_scale: true,
        versions: MOVES.iter().map(version).collect(),
    }
}

fn late(lines: &[Line]) -> Chart {
    Chart {
        id: "late",
        title: "Time over the bound",
        reading: "The share of all ticks of all FIFOs in which items waited for longer than the \
                  bound. A rule is worth its moves if this is less than without any.",
        choice: "",
        log_scale: false,
        versions: vec![Version { label: String::new(), figure: bars(lines, LATE.0, LATE.1) }],
    }
}

fn bars(lines: &[Line], name: &str, value: fn(&Outcome) -> f64) -> Plot {
    let mut plot = figure("", name, 420);
    for (place, pause) in pauses(lines).into_iter().enumerate() {
        let own = || lines.iter().filter(|line| line.pause_ms == pause);
        let bar = Bar::new(
            own().map(|line| line.rule.name().to_string()).collect(),
            own().map(|line| line.mean(value)).collect::<Vec<f64>>(),
        );
        plot.add_trace(
            bar.name(format!("pause {pause} ms")).marker(Marker::new().color(color(place))),
        );
    }
    plot
}

fn course(lines: &[Line]) -> Chart {
    let version = |pause: &f64| {
        let mut plot = figure("minutes into the run", LATE.0, 480);
        let own = lines.iter().filter(|line| line.pause_ms == *pause);
        for (place, line) in own.enumerate() {
            let (x, y) = mean_course(line).into_iter().unzip();
            let trace: Box<Scatter<f64, f64>> = Scatter::new(x, y);
            let stroke = Stroke::new().color(color(place)).dash(dash(place)).width(2.0);
            plot.add_trace(trace.name(line.rule.name()).mode(Mode::Lines).line(stroke));
        }
        Version { label: format!("{pause} ms"), figure: plot }
    };
    Chart {
        id: "course",
        title: "The run",
        reading: "The same, stretch by stretch, as the mean over seeds.",
        choice: "Pause",
        log_scale: false,
        versions: pauses(lines).iter().map(version).collect(),
    }
}

/// Minutes, and percent of ticks over the bound.
fn mean_course(line: &Line) -> Vec<(f64, f64)> {
    let Some(first) = line.outcomes.first() else { return Vec::new() };
    let count = line.outcomes.len() as f64;
    let at = |place: usize, stretch: &Stretch| {
        let all = line.outcomes.iter().filter_map(|outcome| outcome.course.get(place));
        let late: f64 = all.map(|stretch| stretch.late).sum();
        (stretch.end_s / 60.0, late / count * 100.0)
    };
    first.course.iter().enumerate().map(|(place, stretch)| at(place, stretch)).collect()
}

fn pauses(lines: &[Line]) -> Vec<f64> {
    let mut pauses: Vec<f64> = lines.iter().map(|line| line.pause_ms).collect();
    pauses.dedup();
    pauses
}

fn numbers(lines: &[Line]) -> String {
    let mut html = String::from(
        "<table>\n<tr><th>rule</th><th>pause, ms</th><th>moves per FIFO and hour</th>\
         <th>ping-pongs</th><th>grown</th><th>shrunk</th><th>cores</th><th>ticks over the bound, %</th></tr>\n",
    );
    for line in lines {
        html += &format!(
            "<tr><td>{}</td><td>{}</td><td>{:.0}</td><td>{:.1}</td><td>{:.1}</td><td>{:.1}</td>\
             <td>{:.1}</td><td>{:.2}</td></tr>\n",
            escape(line.rule.name()),
            line.pause_ms,
            line.mean(|outcome| outcome.moves),
            line.mean(|outcome| outcome.ping_pongs),
            line.mean(|outcome| outcome.grown),
            line.mean(|outcome| outcome.shrunk),
            line.mean(|outcome| outcome.reseated),
            line.mean(|outcome| outcome.late * 100.0),
        );
    }
    html + "</table>\n"
}
