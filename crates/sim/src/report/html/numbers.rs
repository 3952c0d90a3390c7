//! All figures of the page as tables, for those who want to read rather than look.

use crate::report::figure::{memory, percent, percent_to, quantity, whole};
use crate::report::html::chart::escape;
use crate::report::summary::{Line, Panel, labels};
use crate::report::table::{distance, with_interval};

/// A column: its heading, and the cell of a policy with so many decimals.
type Column = (&'static str, fn(&Line, usize) -> String);

const COLUMNS: [Column; 17] = [
    ("bad %", |line, decimals| with_interval(line.bad, decimals)),
    ("cold %", |line, decimals| with_interval(line.cold, decimals)),
    ("drop %", |line, decimals| percent_to(line.drop.mean, decimals)),
    ("delayed %", |line, decimals| percent_to(line.delayed.mean, decimals)),
    ("slow %", |line, decimals| percent_to(line.slow.mean, decimals)),
    ("queue ms", |line, _| quantity(line.queue_ms.mean)),
    ("added latency %", |line, _| percent(line.added_latency.mean)),
    ("wait p99 ms", |line, _| quantity(line.wait_ms_p99.mean)),
    ("waste GB s", |line, _| whole(line.waste.mean)),
    ("peak", |line, _| memory(line.peak_mb.mean.round())),
    ("evictions", |line, _| whole(line.evictions.mean)),
    ("starts", |line, _| whole(line.starts.mean)),
    ("always cold %", |line, _| percent(line.always_cold.mean)),
    ("median function %", |line, _| percent(line.function_p50.mean)),
    ("p75 function %", |line, _| percent(line.function_p75.mean)),
    ("bound", |line, _| line.distance.map_or_else(|| "-".to_string(), distance)),
    ("seeds", |line, _| line.runs.len().to_string()),
];

/// One folded table per panel, the first unfolded.
pub fn tables(panels: &[Panel]) -> String {
    let mut html = String::new();
    for (index, (panel, label)) in panels.iter().zip(labels(panels)).enumerate() {
        let open = if index == 0 { " open" } else { "" };
        html += &format!("<details{open}><summary>{}</summary>\n", escape(&label));
        html += "<div class=\"wide\"><table>\n<thead><tr><th>policy</th>";
        for (heading, _) in COLUMNS {
            html += &format!("<th>{heading}</th>");
        }
        html += "</tr></thead>\n<tbody>\n";
        for line in panel.ranked() {
            html += &format!("<tr><th>{}</th>", escape(&line.policy));
            for (_, cell) in COLUMNS {
                html += &format!("<td>{}</td>", escape(&cell(line, panel.decimals())));
            }
            html += "</tr>\n";
        }
        html += "</tbody></table></div>\n</details>\n";
    }
    html
}
