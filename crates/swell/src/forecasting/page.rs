//! What a back-test came to as a page: charts first, every figure below.

use std::io::{self, Write};

use plotly::common::{DashType, Fill, Line, Marker, Mode};
use plotly::{Bar, Plot, Scatter};
use swell_forecast::bands::{HIGH, LOW, MEDIAN};
use swell_forecast::measure::{CLASSES, Measures};
use swell_sim::report::html::chart::{Chart, Version, escape, figure};
use swell_sim::report::html::shell::Page;
use swell_sim::report::html::style::{REFERENCE, color, dash, symbol};

use crate::forecasting::decided::{self, Outcome};
use crate::forecasting::document::{Detail, Document, HEAD, Row, WORDS, cells, class, conditions};

/// The page of a back-test.
pub fn backtest(document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let name = document.data.file_name().map_or_else(String::new, |n| n.to_string_lossy().into());
    let charts = [coverage(document), skill(document), series(document)];
    let charts = charts.into_iter().filter(|chart| !chart.versions.is_empty()).collect();
    let title = format!("Forecasts of {name}");
    let heading = heading(&title, &conditions(document), document.notes);
    Page { title, heading, charts, rest: tables(document) + &words() }.write(out)
}

fn heading(title: &str, conditions: &str, notes: &[String]) -> String {
    let mut html = format!("<header>\n<h1>{}</h1>\n", escape(title));
    html += &format!("<p class=\"lead\">{}</p>\n", escape(conditions));
    for note in notes {
        html += &format!("<p class=\"warning\">Note: {}</p>\n", escape(note));
    }
    html + "</header>"
}

/// The shares inside of both bands, per step ahead, one line a method.
fn coverage(document: &Document<'_>) -> Chart {
    let of_80 = covered(document, 80, |detail| &detail.cov80);
    let of_95 = covered(document, 95, |detail| &detail.cov95);
    Chart {
        id: "coverage",
        title: "Do the bands hold?",
        reading: "Each line should lie on the dashed one. Below: the band promises more than it \
                  holds. A count on the edge of the band is inside in part.",
        choice: "Band",
        log_scale: false,
        versions: vec![of_80, of_95],
    }
}

fn covered(document: &Document<'_>, promised: u8, of: fn(&Detail) -> &Vec<f64>) -> Version {
    let mut plot = figure("steps ahead", &format!("inside of the {promised} % band, %"), 420);
    let ahead: Vec<usize> = (1..=document.split.horizon).collect();
    for (place, detail) in document.details.iter().enumerate() {
        let share = of(detail).iter().map(|share| 100.0 * share).collect();
        plot.add_trace(
            Scatter::new(ahead.clone(), share)
                .name(&detail.method)
                .mode(Mode::LinesMarkers)
                .line(Line::new().color(color(place)).dash(dash(place)))
                .marker(Marker::new().color(color(place)).symbol(symbol(place))),
        );
    }
    plot.add_trace(
        Scatter::new(ahead.clone(), vec![f64::from(promised); ahead.len()])
            .name("promised")
            .mode(Mode::Lines)
            .line(Line::new().color(REFERENCE).dash(DashType::Dash)),
    );
    Version { label: format!("{promised} %"), figure: plot }
}

/// Where a measure stands.
type Loss = fn(&Measures) -> f64;

/// The measures by which methods are compared.
const LOSSES: [(&str, Loss); 4] = [
    ("pinball at 90 %, per function", |measures| measures.pin90),
    ("pinball at 90 %, per call", |measures| measures.wql90),
    ("error of the median, per function", |measures| measures.mase),
    ("error of the median, per call", |measures| measures.wape),
];

/// By how much less each method loses than the seasonal naive, per class.
fn skill(document: &Document<'_>) -> Chart {
    let mut versions = Vec::new();
    for (label, loss) in LOSSES {
        let mut plot = figure("class", "less lost than by the naive method, %", 420);
        let naive = reference(document);
        let mut is_empty = true;
        for (place, detail) in document.details.iter().enumerate() {
            let (mut names, mut skills) = (Vec::new(), Vec::new());
            for of in CLASSES {
                let find = |method: &str| {
                    let row = |row: &&Row| row.method == method && row.class == of;
                    document.rows.iter().find(row).map(|row| loss(&row.measures))
                };
                let pair = find(&detail.method).zip(find(naive));
                if let Some((own, of_naive)) = pair.filter(|pair| pair.1 > 0.0) {
                    names.push(class(of).to_string());
                    skills.push(100.0 * (1.0 - own / of_naive));
                }
            }
            is_empty &= names.is_empty();
            let bars = Bar::new(names, skills).name(&detail.method);
            plot.add_trace(bars.marker(Marker::new().color(color(place))));
        }
        if !is_empty {
            versions.push(Version { label: format!("{label}, against {naive}"), figure: plot });
        }
    }
    Chart {
        id: "skill",
        title: "Skill per class",
        reading: "How much less a method loses than the reference: 100 % would be never wrong, \
                  0 % is no better. Rare functions are called less than once a step, busy ones \
                  ten times and more.",
        choice: "Loss",
        log_scale: false,
        versions,
    }
}

/// The method that others are held against.
fn reference<'d>(document: &'d Document<'_>) -> &'d str {
    let has = |name: &&&str| document.details.iter().any(|detail| detail.method == **name);
    let named = ["snaive", "naive"].iter().find(has).copied();
    named.or_else(|| document.details.first().map(|detail| &*detail.method)).unwrap_or("snaive")
}

/// Counts of a few functions with the bands of the last method.
fn series(document: &Document<'_>) -> Chart {
    let mut versions = Vec::new();
    if let Some(detail) = document.details.last() {
        for (place, &member) in document.shown.iter().enumerate() {
            let name = &document.panel.members[member].name;
            let label = format!("{name}, by {}", detail.method);
            versions.push(Version { label, figure: draw(document, place, member) });
        }
    }
    Chart {
        id: "series",
        title: "What was said, and what came",
        reading: "The line is what came, the points are medians, the area is the 80 % band. Each \
                  stretch was forecast from its first step, with everything before it known.",
        choice: "Function",
        log_scale: false,
        versions,
    }
}

fn draw(document: &Document<'_>, place: usize, member: usize) -> Plot {
    let split = document.split;
    let mut plot = figure("step", "calls", 420);
    let detail = document.details.last().expect("there is a method to draw");
    let counts = &document.panel.members[member].counts;
    let first = split.origins[0].saturating_sub(4 * split.horizon);
    let last = split.origins[split.origins.len() - 1] + split.horizon;
    // Stretches that do not overlap: each from the first origin after the one before ended.
    let (mut steps, mut low, mut middle, mut high) = (vec![], vec![], vec![], vec![]);
    let mut ended = 0;
    for (&origin, said) in split.origins.iter().zip(&detail.said) {
        if origin < ended {
            continue;
        }
        ended = origin + split.horizon;
        for (ahead, quantiles) in said[place].steps.iter().enumerate() {
            steps.push(origin + ahead);
            low.push(quantiles[LOW]);
            middle.push(quantiles[MEDIAN]);
            high.push(quantiles[HIGH]);
        }
    }
    let edge = || Line::new().width(0.0).color(color(0));
    plot.add_trace(
        Scatter::new(steps.clone(), low).mode(Mode::Lines).line(edge()).show_legend(false),
    );
    plot.add_trace(
        Scatter::new(steps.clone(), high)
            .name("80 % band")
            .mode(Mode::Lines)
            .line(edge())
            .fill(Fill::ToNextY)
            .fill_color("rgba(78,121,167,0.25)"),
    );
    plot.add_trace(
        Scatter::new(steps, middle)
            .name("median")
            .mode(Mode::Markers)
            .marker(Marker::new().color(color(0)).size(5)),
    );
    let known = (first..last).filter_map(|step| Some((step, counts.get(step)?)));
    let (steps, came): (Vec<usize>, Vec<u32>) = known.unzip();
    plot.add_trace(
        Scatter::new(steps, came)
            .name("came")
            .mode(Mode::Lines)
            .line(Line::new().color(color(1)).width(1.5)),
    );
    plot
}

/// A table per class, the best of each measure in bold.
fn tables(document: &Document<'_>) -> String {
    let mut html = String::from("<section>\n<h2>Numbers</h2>\n");
    for of in CLASSES {
        let rows: Vec<&Row> = document.rows.iter().filter(|row| row.class == of).collect();
        let Some(first) = rows.first() else { continue };
        html += &format!(
            "<details open><summary>{} ({} functions)</summary>\n<div class=\"wide\"><table>\n\
             <thead><tr>",
            class(of),
            first.measures.series
        );
        let is_told = |place: &usize| *place != 1 && *place != 2;
        for place in (0..HEAD.len()).filter(is_told) {
            html += &format!("<th>{}</th>", HEAD[place]);
        }
        html += "</tr></thead>\n<tbody>\n";
        let losses = |row: &Row| {
            let Measures { mase, wape, pin90, wql90, .. } = row.measures;
            [mase, wape, pin90, wql90]
        };
        let best: [f64; 4] = std::array::from_fn(|place| {
            rows.iter().map(|row| losses(row)[place]).fold(f64::INFINITY, f64::min)
        });
        for row in &rows {
            html += "<tr>";
            for (place, cell) in
                cells(row, 3).iter().enumerate().filter(|(place, _)| is_told(place))
            {
                let is_best = (3..7).contains(&place) && losses(row)[place - 3] <= best[place - 3];
                html += &match (place, is_best) {
                    (0, _) => format!("<th>{cell}</th>"),
                    (_, true) => format!("<td><b>{cell}</b></td>"),
                    (_, false) => format!("<td>{cell}</td>"),
                };
            }
            html += "</tr>\n";
        }
        html += "</tbody></table></div>\n</details>\n";
    }
    html + "</section>\n"
}

fn words() -> String {
    let mut html = String::from("<section>\n<h2>Words</h2>\n<dl class=\"words\">\n");
    for (word, meaning) in WORDS {
        html += &format!("<dt>{word}</dt><dd>{meaning}</dd>\n");
    }
    html + "</dl>\n</section>\n"
}

/// The page of decisions about warm copies.
pub fn curve(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut versions = Vec::new();
    for (label, is_rare) in [("all functions", false), ("rare functions", true)] {
        let mut plot = figure("idle, % of steps without a call", "cold, % of steps with one", 480);
        for (place, family) in ["keep-alive", "idle-gap hazard", "model"].iter().enumerate() {
            let of_family = outcome.rows.iter().filter(|row| row.rule.starts_with(family));
            let mut points: Vec<(f64, f64, String)> = of_family
                .map(|row| {
                    let point = row.point;
                    let (idle, cold) = match is_rare {
                        true => (point.rare_idle, point.rare_cold),
                        false => (point.idle, point.cold),
                    };
                    (100.0 * idle, 100.0 * cold, row.rule.clone())
                })
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (idle, rest): (Vec<f64>, Vec<(f64, String)>) =
                points.into_iter().map(|(idle, cold, rule)| (idle, (cold, rule))).unzip();
            let (cold, rules): (Vec<f64>, Vec<String>) = rest.into_iter().unzip();
            plot.add_trace(
                Scatter::new(idle, cold)
                    .name(family)
                    .mode(Mode::LinesMarkers)
                    .text_array(rules)
                    .hover_template("%{text}: %{y:.1f} % cold, %{x:.1f} % idle")
                    .line(Line::new().color(color(place)))
                    .marker(Marker::new().color(color(place)).symbol(symbol(place))),
            );
        }
        versions.push(Version { label: label.to_string(), figure: plot });
    }
    let chart = Chart {
        id: "curve",
        title: "Cold against idle",
        reading: "Lower and further left is better. A line below another one finds fewer calls \
                  cold for the same idling.",
        choice: "Functions",
        log_scale: false,
        versions,
    };
    let title = "Warm copies, step by step".to_string();
    let heading = heading(&title, &decided::conditions(outcome), &outcome.notes);
    let mut rest =
        String::from("<section>\n<h2>Numbers</h2>\n<div class=\"wide\"><table>\n<thead>");
    rest += "<tr><th>rule</th><th>cold %</th><th>idle %</th><th>rare cold %</th><th>rare idle %</th></tr></thead>\n<tbody>\n";
    for row in &outcome.rows {
        let point = row.point;
        let shares = [point.cold, point.idle, point.rare_cold, point.rare_idle];
        let shares = shares.map(|share| format!("<td>{:.1}</td>", 100.0 * share)).concat();
        rest += &format!("<tr><th>{}</th>{shares}</tr>\n", escape(&row.rule));
    }
    rest += "</tbody></table></div>\n</section>\n";
    Page { title, heading, charts: vec![chart], rest }.write(out)
}
