//! Results as a page that needs nothing but itself: the table and what it comes to.

use std::io::{self, Write};

use crate::clone::row::CloneRow;
use crate::clone::summary::{Line, lines, verdicts};
use crate::report::figure::{memory, percent, whole};
use crate::report::html::chart::escape;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;\
padding:0 1rem;color:#1d2733}table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;\
text-align:right;border-bottom:1px solid #dde3ea}th:first-child,td:first-child{text-align:left}\
.bar{display:inline-block;height:.7rem;background:#3a7bd5}.on .bar{background:#2a9d5c}\
code{background:#f2f5f8;padding:.1rem .3rem}";

/// Writes the page; `command` is what was typed.
pub fn write(rows: &[CloneRow], command: &str, out: &mut dyn Write) -> io::Result<()> {
    let lines = lines(rows);
    let most = lines.iter().map(cold).fold(0.0, f64::max).max(1.0);
    write!(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Clones ahead of demand\
         </title><style>{STYLE}</style><h1>Clones ahead of demand</h1><p><code>{}</code></p>",
        escape(command)
    )?;
    if let Some(first) = rows.first() {
        writeln!(
            out,
            "<p>{}: {} calls; keep-alive by <code>{}</code>, clones by <code>{}</code>, forecasts \
             by <code>{}</code>.</p>",
            escape(&first.trace),
            whole(first.calls as f64),
            escape(&first.policy),
            escape(&first.clone_policy),
            escape(&first.forecaster)
        )?;
    }
    writeln!(
        out,
        "<table><tr><th>memory, mode</th><th>cold starts</th><th></th><th>less</th><th>dropped</th>\
         <th>clones</th><th>used</th><th>held for nothing, GB s</th></tr>"
    )?;
    for line in &lines {
        row(line, most, out)?;
    }
    writeln!(out, "</table><ul>")?;
    for verdict in verdicts(&lines) {
        writeln!(out, "<li>{}</li>", escape(&verdict))?;
    }
    writeln!(out, "</ul></html>")
}

fn cold(line: &Line) -> f64 {
    line.mean(|row| row.cold as f64).mean
}

fn row(line: &Line, most: f64, out: &mut dyn Write) -> io::Result<()> {
    let used: u64 = line.rows.iter().map(|row| row.clones_used).sum();
    let made: u64 = line.rows.iter().map(|row| row.clones_made).sum();
    let share = if made > 0 {
        format!("{} %", percent(100.0 * used as f64 / made as f64))
    } else {
        String::new()
    };
    let less = line.less_pct(|row| row.cold as f64).filter(|_| line.mode != "off");
    writeln!(
        out,
        "<tr class=\"{mode}\"><td>{}, {mode}</td><td>{}</td><td style=\"text-align:left;width:30%\">\
         <span class=\"bar\" style=\"width:{:.1}%\"></span></td><td>{}</td><td>{} %</td><td>{}</td>\
         <td>{share}</td><td>{}</td></tr>",
        memory(line.memory_mb),
        whole(cold(line)),
        100.0 * cold(line) / most,
        less.map_or_else(String::new, |less| format!("{less:.1} %")),
        percent(line.mean(|row| row.drop_pct).mean),
        whole(line.mean(|row| row.clones_made as f64).mean),
        whole(line.mean(|row| row.clones_waste_gb_s).mean),
        mode = line.mode
    )
}
