//! What a back-test came to, as a table, JSON, comma-separated values or a page.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use swell_forecast::measure::{Class, Measures};
use swell_forecast::panel::Panel;
use swell_forecast::split::Split;
use swell_sim::report::html::chart::escape;
use swell_sim::report::table::write_aligned;

use crate::output::{Form, json};

/// One method on one class of functions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The method.
    pub method: &'static str,
    /// The class.
    pub class: Class,
    /// The measures.
    #[serde(flatten)]
    pub measures: Measures,
    /// How long fitting and forecasting took.
    pub seconds: f64,
}

/// A back-test.
pub struct Document<'a> {
    /// Where the data came from.
    pub data: &'a Path,
    /// The data.
    pub panel: &'a Panel,
    /// The origins.
    pub split: &'a Split,
    /// What was odd about the data.
    pub notes: &'a [String],
    /// The seed.
    pub seed: u64,
    /// The results.
    pub rows: Vec<Row>,
}

/// Writes a back-test.
pub fn write(document: &Document<'_>, form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Json => json(&as_json(document), out),
        Form::Csv => csv(&document.rows, out),
        Form::Html => page(document, out),
        Form::Table => table(document, out),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    data: String,
    series: usize,
    steps: usize,
    season: usize,
    origins: &'a [usize],
    horizon: usize,
    seed: u64,
    notes: &'a [String],
    rows: &'a [Row],
}

fn as_json<'a>(document: &'a Document<'_>) -> Json<'a> {
    Json {
        data: document.data.display().to_string(),
        series: document.panel.members.len(),
        steps: document.panel.len(),
        season: document.panel.season,
        origins: &document.split.origins,
        horizon: document.split.horizon,
        seed: document.seed,
        notes: document.notes,
        rows: &document.rows,
    }
}

const HEAD: [&str; 11] = [
    "method",
    "class",
    "series",
    "mase",
    "wape",
    "pin90",
    "wql90",
    "cov80",
    "cov80_whole",
    "cov80_plain",
    "seconds",
];

/// Cells with so many digits; what could not be measured is empty.
fn cells(row: &Row, digits: usize) -> Vec<String> {
    let Measures { series, mase, wape, pin90, wql90, cov80, cov80_whole, cov80_plain } =
        row.measures;
    let number =
        |value: f64| if value.is_finite() { format!("{value:.digits$}") } else { String::new() };
    let mut cells = vec![row.method.to_string(), class(row.class).to_string(), series.to_string()];
    cells.extend([mase, wape, pin90, wql90, cov80, cov80_whole, cov80_plain].map(number));
    cells.push(format!("{:.1}", row.seconds));
    cells
}

fn class(class: Class) -> &'static str {
    match class {
        Class::All => "all",
        Class::Rare => "rare",
        Class::Medium => "medium",
        Class::Busy => "busy",
    }
}

fn csv(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", HEAD.join(","))?;
    rows.iter().try_for_each(|row| writeln!(out, "{}", cells(row, 6).join(",")))
}

fn conditions(document: &Document<'_>) -> String {
    let Split { origins, horizon } = document.split;
    let (first, last) = (origins[0], origins[origins.len() - 1]);
    format!(
        "{} series, {} steps; {} origins from step {first} to {last}, {horizon} steps ahead; \
         season {}; learned once, before step {first}, with seed {}",
        document.panel.members.len(),
        document.panel.len(),
        origins.len(),
        document.panel.season,
        document.seed,
    )
}

const WORDS: [(&str, &str); 5] = [
    ("mase", "error of the median, in the function's own mean change; mean over functions"),
    ("wape", "error of the median, as a share of all calls"),
    ("pin90", "pinball loss at 90 %, in the function's own mean change; mean over functions"),
    ("wql90", "twice the pinball loss at 90 %, as a share of all calls"),
    (
        "cov80",
        "share inside of the 80 % band, a count on its edge in part; _whole and _plain count edges in, with and without widening the band to whole counts",
    ),
];

fn table(document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", conditions(document))?;
    let mut rows = vec![HEAD.map(str::to_string).to_vec()];
    rows.extend(document.rows.iter().map(|row| cells(row, 3)));
    write_aligned(&rows, out)?;
    writeln!(out)?;
    WORDS.iter().try_for_each(|(word, meaning)| writeln!(out, "{word:6} {meaning}"))
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;\
color-scheme:light dark}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;\
text-align:right;border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}\
.best{font-weight:bold}.bar{display:inline-block;height:.6em;background:#4e79a7;margin-left:.5em}";

/// A page without script: a table per class, the best of each measure in bold, and a bar for
/// the measure by which pools are sized.
fn page(document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let name =
        document.data.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(
        out,
        "<title>Forecasts of {}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        escape(&name)
    )?;
    writeln!(
        out,
        "<h1>Forecasts of {}</h1>\n<p>{}</p>",
        escape(&name),
        escape(&conditions(document))
    )?;
    for note in document.notes {
        writeln!(out, "<p>Note: {}</p>", escape(note))?;
    }
    for class in swell_forecast::measure::CLASSES {
        let rows: Vec<&Row> = document.rows.iter().filter(|row| row.class == class).collect();
        if !rows.is_empty() {
            section(class, &rows, out)?;
        }
    }
    writeln!(out, "<dl>")?;
    for (word, meaning) in WORDS {
        writeln!(out, "<dt>{word}</dt><dd>{meaning}</dd>")?;
    }
    writeln!(out, "</dl>\n</body>\n</html>")
}

fn section(of: Class, rows: &[&Row], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h2>{} ({} functions)</h2>\n<table>\n<tr>", class(of), rows[0].measures.series)?;
    for head in HEAD.iter().filter(|head| !["class", "series"].contains(head)) {
        write!(out, "<th>{head}</th>")?;
    }
    writeln!(out, "<th></th></tr>")?;
    let losses =
        |row: &Row| [row.measures.mase, row.measures.wape, row.measures.pin90, row.measures.wql90];
    let best: Vec<f64> = (0..4)
        .map(|place| rows.iter().map(|row| losses(row)[place]).fold(f64::INFINITY, f64::min))
        .collect();
    let most = rows.iter().map(|row| row.measures.pin90).fold(0.0, f64::max);
    for row in rows {
        write!(out, "<tr>")?;
        for (place, cell) in
            cells(row, 3).iter().enumerate().filter(|(place, _)| *place != 1 && *place != 2)
        {
            let is_best = (3..7).contains(&place) && losses(row)[place - 3] <= best[place - 3];
            let mark = if is_best { " class=\"best\"" } else { "" };
            write!(out, "<td{mark}>{cell}</td>")?;
        }
        let width = if most > 0.0 { 12.0 * row.measures.pin90 / most } else { 0.0 };
        writeln!(
            out,
            "<td style=\"text-align:left\"><span class=\"bar\" style=\"width:{width:.2}em\"></span></td></tr>"
        )?;
    }
    writeln!(out, "</table>")
}
