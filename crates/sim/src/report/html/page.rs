//! Puts the page together: heading, how to read it, charts, numbers, conditions.

use std::io::{self, Write};

use crate::report::figure::{count, memory, percent_to, whole};
use crate::report::html::chart::{Chart, escape};
use crate::report::html::sheet::{self, Sheet};
use crate::report::html::{always_cold, functions, numbers, pareto, timeline, waste};
use crate::report::summary::{Panel, Possible, labels, panels, policies, settings};
use crate::results::Results;

/// What the page says about itself.
#[derive(Debug, Clone)]
pub struct About {
    /// The command that made it, as the reader would type it.
    pub command: String,
    /// The version of the program.
    pub version: String,
}

/// Writes the page.
pub fn write(results: &Results, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let panels = panels(results);
    let charts = charts(&panels, results);
    let name = panels.first().map_or("no runs", |panel| &panel.trace);
    let rest = format!(
        "<section><h2>Numbers</h2>\n{}</section>\n{}",
        numbers::tables(&panels),
        conditions(&panels)
    );
    let heading = heading(&panels, results, about);
    sheet::write(&Sheet { title: format!("Keep-alive on {name}"), heading, charts, rest }, out)
}

fn charts(panels: &[Panel], results: &Results) -> Vec<Chart> {
    if panels.is_empty() {
        return Vec::new();
    }
    let charts = [
        pareto::chart(panels),
        waste::chart(panels, &results.curve),
        functions::chart(panels, &results.details),
        always_cold::chart(panels),
        timeline::chart(panels, results),
    ];
    charts.into_iter().filter(|chart| !chart.versions.is_empty()).collect()
}

fn heading(panels: &[Panel], results: &Results, about: &About) -> String {
    let done = results.rows.len();
    let mut html = String::from("<header>\n");
    let Some(first) = panels.first() else {
        return html + "<h1>Keep-alive</h1>\n<p>No run was completed.</p>\n</header>";
    };
    html += &format!("<h1>Keep-alive on {}</h1>\n", escape(&first.trace));
    if results.interrupted {
        let done = count(done, "run");
        html += &format!("<p class=\"warning\">Stopped early: {done} completed, shown here.</p>\n");
    }
    for setting in settings(panels) {
        html += &format!("<p class=\"lead\">{}</p>\n", escape(&verdict(panels, &setting)));
    }
    html += "<dl>\n";
    let mut sizes: Vec<String> = panels.iter().map(|panel| memory(panel.memory_mb)).collect();
    let mut seen = std::collections::BTreeSet::new();
    sizes.retain(|size| seen.insert(size.clone()));
    let facts = [
        ("Calls", whole(first.calls as f64)),
        ("Policies", policies(panels).len().to_string()),
        ("Memory", sizes.join(", ")),
        ("Setting", settings(panels).join("; ")),
        ("Runs", format!("{}, {} each", whole(done as f64), count(first.seeds(), "seed"))),
        ("Made by", format!("{} ({})", about.command, about.version)),
    ];
    for (term, fact) in facts {
        html += &format!("<dt>{term}</dt><dd>{}</dd>\n", escape(&fact));
    }
    html + "</dl>\n</header>"
}

/// The best policy of each memory size under a setting, in one sentence.
fn verdict(panels: &[Panel], setting: &str) -> String {
    let panels: Vec<&Panel> = panels.iter().filter(|panel| panel.setting() == setting).collect();
    let best = panels.iter().filter_map(|panel| {
        let line = panel.ranked().first().copied()?;
        let bad = percent_to(line.bad.mean, panel.decimals());
        Some(format!("{} with {} ({bad} %)", line.policy, memory(panel.memory_mb)))
    });
    let (best, placement) = (best.collect::<Vec<_>>().join(", "), &panels[0].placement);
    format!("Fewest cold or dropped calls, {placement} placement: {best}.")
}

fn conditions(panels: &[Panel]) -> String {
    let mut html = String::from("<section>\n<h2>Words and conditions</h2>\n<dl class=\"words\">\n");
    for (word, meaning) in WORDS {
        html += &format!("<dt>{word}</dt><dd>{meaning}</dd>\n");
    }
    for (bound, condition, sizes) in stated(panels) {
        let (bound, condition) = (escape(bound), escape(condition));
        let sizes = escape(&sizes.join(", "));
        html += &format!("<dt>possible: {bound}</dt><dd>{condition} <em>({sizes})</em></dd>\n");
    }
    html + "</dl>\n</section>\n"
}

/// Bounds with their conditions, and the panels under which each was stated.
fn stated(panels: &[Panel]) -> Vec<(&str, &str, Vec<String>)> {
    let mut stated: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for (panel, label) in panels.iter().zip(labels(panels)) {
        for Possible { bound, condition, .. } in &panel.possible {
            match stated.iter_mut().find(|(name, text, _)| name == bound && text == condition) {
                Some((.., sizes)) => sizes.push(label.clone()),
                None => stated.push((bound, condition, vec![label.clone()])),
            }
        }
    }
    stated.sort_by_key(|(name, ..)| *name);
    stated
}

const WORDS: [(&str, &str); 7] = [
    (
        "cold",
        "a call that waited for a new instance; in % of served calls, so a policy that drops calls looks better by it than it is",
    ),
    ("dropped", "a call that was turned away for lack of memory; in % of all calls"),
    ("bad", "cold or dropped, in % of all calls: the figure to rank policies by"),
    ("delayed", "a call that waited for a busy instance instead of a new one"),
    ("added latency", "all waiting in % of all warm execution time"),
    ("waste", "memory of idle, pre-warmed and paused instances, integrated over time"),
    (
        "bound",
        "bad calls as a multiple of the space-time bound; ~ marks a policy that dropped, delayed or started instances ahead, for which the bound does not strictly hold",
    ),
];
