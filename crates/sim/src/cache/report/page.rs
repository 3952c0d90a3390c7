//! Puts the page of caches together: heading, charts, numbers, words.

use std::io::{self, Write};

use crate::cache::experiment::Results;
use crate::cache::report::chart::chart;
use crate::cache::report::figures::charts;
use crate::cache::report::summary::{FIELDS, common, lines, varying};
use crate::cache::report::table::verdict;
use crate::report::figure::{count, whole};
use crate::report::html::chart::escape;
use crate::report::html::shell::{About, Page};

/// Writes the page.
pub fn write(results: &Results, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let lines = lines(&results.rows);
    let charts = match (results.published.is_empty(), lines.is_empty()) {
        (false, _) => charts(&results.published),
        (true, false) => vec![chart(&lines)],
        (true, true) => Vec::new(),
    };
    let page = Page {
        title: "Cache groups".to_string(),
        heading: heading(results, about),
        charts,
        rest: format!("<section><h2>Numbers</h2>\n{}</section>\n{}", numbers(results), words()),
    };
    page.write(out)
}

fn heading(results: &Results, about: &About) -> String {
    let mut html = String::from("<header>\n<h1>Cache groups</h1>\n");
    let Some(row) = results.rows.first() else {
        return html + "<p>No run was completed.</p>\n</header>";
    };
    let done = count(results.rows.len(), "run");
    if results.interrupted {
        html += &format!("<p class=\"warning\">Stopped early: {done} completed, shown here.</p>\n");
    }
    if !results.published.is_empty() {
        let lead = verdict(&results.published);
        html += &format!("<p class=\"lead\">{}</p>\n", escape(&lead));
    }
    let lines = lines(&results.rows);
    let requests =
        format!("{} after {} to warm up", whole(row.requests as f64), whole(row.warmup as f64));
    let seeds = lines.iter().map(|line| line.runs).max().unwrap_or(0);
    html += "<dl>\n";
    for (term, fact) in [
        ("Setting", common(&lines)),
        ("Requests", requests),
        ("Runs", format!("{done}, {} each", count(seeds, "seed"))),
        ("Made by", format!("{} ({})", about.command, about.version)),
    ] {
        html += &format!("<dt>{term}</dt><dd>{}</dd>\n", escape(&fact));
    }
    html + "</dl>\n</header>"
}

fn numbers(results: &Results) -> String {
    let lines = lines(&results.rows);
    let varying = varying(&lines);
    let mut html = String::from("<div class=\"wide\"><table>\n<thead><tr>");
    let heads = varying.iter().map(|&field| FIELDS[field].0);
    for head in heads.chain(["hit", "local", "group", "latency ms", "messages", "seeds"]) {
        html += &format!("<th>{head}</th>");
    }
    html += "</tr></thead>\n<tbody>\n";
    for line in &lines {
        html += "<tr>";
        for &field in &varying {
            html += &format!("<td>{}</td>", escape(&line.setting[field]));
        }
        for value in [line.hit, line.local, line.group] {
            html += &format!("<td>{:.4}</td>", value.mean);
        }
        html += &format!(
            "<td>{:.3}</td><td>{:.2}</td><td>{}</td></tr>\n",
            line.latency_ms.mean, line.messages.mean, line.runs
        );
    }
    html + "</tbody></table></div>\n"
}

fn words() -> String {
    let mut html = String::from("<section>\n<h2>Words</h2>\n<dl class=\"words\">\n");
    for (word, meaning) in WORDS {
        html += &format!("<dt>{word}</dt><dd>{meaning}</dd>\n");
    }
    html + "</dl>\n</section>\n"
}

const WORDS: [(&str, &str); 5] = [
    ("hit", "share of requests that any cache served"),
    ("local", "share served by the cache that the receiver meets first: its own in a group"),
    ("group", "share served by another cache"),
    (
        "latency",
        "delays of the links of request and reply, added up; finding a copy costs nothing where the look-up is the oracle",
    ),
    (
        "messages",
        "per request, between nodes that handle them: hop by hop on a path; in a group asker, leader, holder and store",
    ),
];
