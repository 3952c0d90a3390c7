//! Results for people and programs: a text table, and two file formats.

use std::io::{self, Write};

use crate::clone::incidents::incidents;
use crate::clone::line::{CloneResults, Line, lines};
use crate::clone::row::CloneRow;
use crate::clone::summary::verdicts;
use crate::report::figure::{count, memory, percent, whole};
use crate::report::table::{with_interval, write_aligned};

const HEAD: [&str; 13] = [
    "memory",
    "mode",
    "cold %",
    "less %",
    "drop %",
    "bad %",
    "delay %",
    "waste GB s",
    "clones",
    "used %",
    "for nothing GB s",
    "cover %",
    "told: cold, drop",
];

/// Writes the table, what it comes to, and what the columns mean.
pub fn write(results: &CloneResults, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = results.rows.first() else {
        return writeln!(out, "No run was completed.");
    };
    let lines = lines(results);
    let seeds = count(lines[0].rows.len(), "seed");
    writeln!(
        out,
        "{} ({} functions), {} calls, {seeds}: `{}`, clones by `{}`, forecasts by `{}`\n",
        first.trace,
        first.functions,
        whole(first.calls as f64),
        first.policy,
        first.clone_policy,
        first.forecaster
    )?;
    let mut cells = vec![HEAD.map(str::to_string).to_vec()];
    cells.extend(lines.iter().map(cells_of));
    write_aligned(&cells, out)?;
    writeln!(out)?;
    for verdict in verdicts(&lines) {
        writeln!(out, "{verdict}")?;
    }
    writeln!(out)?;
    for line in &lines {
        let mean = |figure: fn(&CloneRow) -> f64| whole(line.mean(figure).mean);
        writeln!(
            out,
            "{} {}: cold were {} first calls, {} beyond the instances there, {} foreseen all the \
             same, {} not foreseen",
            memory(line.memory_mb),
            line.mode,
            mean(|row| row.cold_first as f64),
            mean(|row| row.cold_beyond as f64),
            mean(|row| row.cold_foreseen as f64),
            mean(|row| row.cold_unforeseen as f64)
        )?;
    }
    let told = incidents(&lines);
    for told in &told {
        writeln!(out, "{told}")?;
    }
    writeln!(out)?;
    writeln!(out, "cold %    waited for a new instance, of served calls; less %: than with `off`")?;
    writeln!(out, "waste     memory of instances that wait for work, over time")?;
    writeln!(out, "clones    made ahead of demand; for nothing: held by those never used")?;
    writeln!(
        out,
        "cover %   of forecast steps within the 80 % band, which is wide for rare calls"
    )?;
    writeln!(out, "told      what the receipt of mode `shadow` says that `on` would have done")
}

fn cells_of(line: &Line) -> Vec<String> {
    let made: u64 = line.rows.iter().map(|row| row.clones_made).sum();
    let used: u64 = line.rows.iter().map(|row| row.clones_used).sum();
    let told = |figure: fn(&CloneRow) -> Option<u64>| {
        let sum: Option<u64> = line.rows.iter().map(figure).sum();
        sum.map(|sum| whole(sum as f64 / line.rows.len() as f64))
    };
    let told = told(|row| row.receipt_cold).zip(told(|row| row.receipt_dropped));
    let covered: Option<f64> = line.rows.iter().map(|row| row.coverage_pct).sum();
    vec![
        memory(line.memory_mb),
        line.mode.to_string(),
        with_interval(line.mean(|row| row.cold_pct), 3),
        line.less_pct(|row| row.cold as f64).map_or_else(String::new, |less| format!("{less:.1}")),
        with_interval(line.mean(|row| row.drop_pct), 3),
        with_interval(line.mean(|row| row.bad_pct), 3),
        with_interval(line.mean(|row| row.delayed_pct), 3),
        whole(line.mean(|row| row.waste_gb_s).mean),
        whole(line.mean(|row| row.clones_made as f64).mean),
        if made > 0 { percent(100.0 * used as f64 / made as f64) } else { String::new() },
        whole(line.mean(|row| row.clones_waste_gb_s).mean),
        covered.map_or_else(String::new, |covered| percent(covered / line.rows.len() as f64)),
        told.map_or_else(String::new, |(cold, dropped)| format!("{cold}, {dropped}")),
    ]
}

/// Writes one JSON document: `{rows, verdicts}`.
pub fn write_json(results: &CloneResults, out: &mut dyn Write) -> io::Result<()> {
    let verdicts = verdicts(&lines(results));
    let document = serde_json::json!({ "rows": results.rows, "verdicts": verdicts });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// Writes a header and one line per row.
pub fn write_csv(results: &CloneResults, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in &results.rows {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
