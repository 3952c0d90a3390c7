//! What a back-test came to, as a table, JSON, comma-separated values or a page.

use std::io::{self, Write};

use serde::Serialize;
use swell_sim::report::table::write_aligned;

use crate::forecasting::against::{self, Against};
use crate::forecasting::document::{Detail, Document, HEAD, Row, WORDS, cells, conditions};
use crate::forecasting::page;
use crate::output::{Form, json};

/// Writes a back-test.
pub fn write(document: &Document<'_>, form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Json => json(&as_json(document), out),
        Form::Csv => csv(&document.rows, out),
        Form::Html => page::backtest(document, out),
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
    taught: Option<usize>,
    notes: &'a [String],
    rows: &'a [Row],
    against: Vec<Against>,
    coverage: &'a [Detail],
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
        taught: document.taught,
        notes: document.notes,
        rows: &document.rows,
        against: against::compared(&document.rows),
        coverage: &document.details,
    }
}

fn csv(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", HEAD.join(","))?;
    rows.iter().try_for_each(|row| writeln!(out, "{}", cells(row, 6).join(",")))
}

fn table(document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", conditions(document))?;
    let mut rows = vec![HEAD.map(str::to_string).to_vec()];
    rows.extend(document.rows.iter().map(|row| cells(row, 3)));
    write_aligned(&rows, out)?;
    writeln!(out)?;
    let beside = against::compared(&document.rows);
    if let Some(first) = beside.first() {
        writeln!(out, "`{}` against the best of the others on each:\n", first.method)?;
        let mut rows = vec![against::HEAD.map(str::to_string).to_vec()];
        rows.extend(beside.iter().map(against::cells));
        write_aligned(&rows, out)?;
        writeln!(out)?;
    }
    WORDS.iter().try_for_each(|(word, meaning)| writeln!(out, "{word:6} {meaning}"))
}
