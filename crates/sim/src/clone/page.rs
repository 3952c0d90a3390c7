//! Puts the page of clones together: heading, curves over memory, numbers.

use std::io::{self, Write};

use crate::clone::curves::chart;
use crate::clone::incidents::incidents;
use crate::clone::line::{CloneResults, Line, lines};
use crate::clone::row::CloneRow;
use crate::clone::summary::verdicts;
use crate::report::figure::{count, memory, percent, whole};
use crate::report::html::chart::escape;
use crate::report::html::shell::{About, Page};

/// Writes the page.
pub fn write(results: &CloneResults, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let lines = lines(results);
    let page = Page {
        title: "Clones ahead of demand".to_string(),
        heading: heading(&results.rows, &lines, about),
        charts: if lines.is_empty() { Vec::new() } else { vec![chart(&lines)] },
        rest: format!(
            "<section><h2>Numbers</h2>\n{}</section>\n<section><h2>Why calls were cold</h2>\n{}</section>\n{}",
            numbers(&lines),
            reasons(&lines),
            played(&lines)
        ),
    };
    page.write(out)
}

fn heading(rows: &[CloneRow], lines: &[Line], about: &About) -> String {
    let mut html = String::from("<header>\n<h1>Clones ahead of demand</h1>\n");
    let Some(row) = rows.first() else {
        return html + "<p>No run was completed.</p>\n</header>";
    };
    for verdict in verdicts(lines) {
        html += &format!("<p class=\"lead\">{}</p>\n", escape(&verdict));
    }
    let runs = lines.iter().map(|line| line.rows.len()).max().unwrap_or(0);
    html += "<dl>\n";
    for (term, fact) in [
        (
            "Trace",
            format!(
                "{}, {} functions, {} calls",
                row.trace,
                row.functions,
                whole(row.calls as f64)
            ),
        ),
        ("Keep-alive", row.policy.clone()),
        ("Clones", format!("{}, by forecasts of {}", row.clone_policy, row.forecaster)),
        ("Cold starts", row.cold_cost.clone()),
        ("Runs", format!("{}, {} each", count(rows.len(), "run"), count(runs, "seed"))),
        ("Made by", format!("{} ({})", about.command, about.version)),
    ] {
        html += &format!("<dt>{term}</dt><dd>{}</dd>\n", escape(&fact));
    }
    html + "</dl>\n</header>"
}

type Figure = fn(&CloneRow) -> f64;

/// Cold starts by what kept an instance from being there.
const REASONS: [(&str, &str, Figure); 4] = [
    ("first call", "of its function: nobody can know", |row| row.cold_first as f64),
    ("more at once", "than the function had instances, all at work or on their way", |row| {
        row.cold_beyond as f64
    }),
    (
        "foreseen",
        "with a chance that can be worth a clone, but not there: not worth what it would displace, \
         or late",
        |row| row.cold_foreseen as f64,
    ),
    ("not foreseen", "by the forecast, if any was made", |row| row.cold_unforeseen as f64),
];

fn reasons(lines: &[Line]) -> String {
    let mut html = String::from("<p>");
    let meanings: Vec<String> =
        REASONS.iter().map(|(name, why, _)| format!("<b>{name}</b>: {why}")).collect();
    let from = lines.first().and_then(|line| line.rows.first()).map(CloneRow::foreseen_from_pct);
    let from = from.map_or_else(String::new, |from| {
        format!(" A chance of {from} % is the least that is worth a clone.")
    });
    html += &format!("{}.{from}</p>\n", meanings.join("; "));
    html += "<div class=\"wide\"><table>\n<thead><tr><th>memory</th><th>mode</th>";
    for (name, _, _) in REASONS {
        html += &format!("<th>{name}</th>");
    }
    html += "</tr></thead>\n<tbody>\n";
    for line in lines {
        html += &format!("<tr><td>{}</td><td>{}</td>", escape(&memory(line.memory_mb)), line.mode);
        for (name, _, figure) in REASONS {
            // Where nothing was forecast, nothing was foreseen, and that says nothing.
            let cell = match line.mode == "off" && name == "foreseen" {
                true => String::new(),
                false => whole(line.mean(figure).mean),
            };
            html += &format!("<td>{cell}</td>");
        }
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
}

/// What befell calls where failures, schedules or events are played.
fn played(lines: &[Line]) -> String {
    let told: Vec<String> =
        incidents(lines).iter().map(|told| format!("<li>{}</li>\n", escape(told))).collect();
    match told.is_empty() {
        true => String::new(),
        false => format!(
            "<section><h2>Failures, schedules and events</h2>\n<ul>\n{}</ul></section>\n",
            told.concat()
        ),
    }
}

fn numbers(lines: &[Line]) -> String {
    let mut html = String::from("<div class=\"wide\"><table>\n<thead><tr>");
    for head in [
        "memory",
        "mode",
        "cold starts",
        "% of served",
        "fewer %",
        "dropped %",
        "waited, GB s",
        "clones",
        "used %",
        "held for nothing, GB s",
    ] {
        html += &format!("<th>{head}</th>");
    }
    html += "</tr></thead>\n<tbody>\n";
    for line in lines {
        let mean = |figure: fn(&CloneRow) -> f64| line.mean(figure).mean;
        let fewer = line.less_pct(|row| row.cold as f64).filter(|_| line.mode != "off");
        let (made, used) = (mean(|row| row.clones_made as f64), mean(|row| row.clones_used as f64));
        let cells = [
            memory(line.memory_mb),
            line.mode.to_string(),
            whole(mean(|row| row.cold as f64)),
            percent(mean(|row| row.cold_pct)),
            fewer.map_or_else(String::new, |fewer| format!("{fewer:.1}")),
            percent(mean(|row| row.drop_pct)),
            whole(mean(|row| row.waste_gb_s)),
            whole(made),
            if made > 0.0 { percent(100.0 * used / made) } else { String::new() },
            whole(mean(|row| row.clones_waste_gb_s)),
        ];
        html += "<tr>";
        for cell in cells {
            html += &format!("<td>{}</td>", escape(&cell));
        }
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
}
