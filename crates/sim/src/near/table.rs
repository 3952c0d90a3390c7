//! Results of several nodes for people and programs.

use std::io::{self, Write};

use crate::near::row::{NodeRow, Way};
use crate::report::figure::{memory, percent, whole};
use crate::report::table::write_aligned;

const HEAD: [&str; 10] = [
    "memory",
    "clones",
    "cold %",
    "less %",
    "drop %",
    "starts",
    "clones",
    "used %",
    "asked, had",
    "sent on",
];

/// All runs at one memory size that make clones in one way.
struct Line<'a> {
    memory_mb: f64,
    way: &'static str,
    rows: Vec<&'a NodeRow>,
}

impl Line<'_> {
    fn sum(&self, figure: impl Fn(&NodeRow) -> u64) -> f64 {
        self.rows.iter().map(|row| figure(row) as f64).sum()
    }

    fn of_node(&self, node: usize) -> Self {
        let rows = self.rows.iter().copied().filter(|row| row.node == node).collect();
        Line { memory_mb: self.memory_mb, way: self.way, rows }
    }

    /// Runs of which there are rows.
    fn runs(&self) -> f64 {
        let first = self.rows.first().map_or(1, |row| row.node);
        self.rows.iter().filter(|row| row.node == first).count().max(1) as f64
    }
}

fn lines(runs: &[Vec<NodeRow>]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for row in runs.iter().flatten() {
        let is_same = |line: &&mut Line<'_>| line.memory_mb == row.memory_mb && line.way == row.way;
        match lines.iter_mut().find(is_same) {
            Some(line) => line.rows.push(row),
            None => lines.push(Line { memory_mb: row.memory_mb, way: row.way, rows: vec![row] }),
        }
    }
    lines
}

/// Writes the table, where clones and calls went, and what the columns mean.
pub fn write(runs: &[Vec<NodeRow>], distance_ms: f64, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = runs.first().and_then(|rows| rows.first()) else {
        return writeln!(out, "No run was completed.");
    };
    let lines = lines(runs);
    let (nodes, calls) = (runs[0].len(), runs[0].iter().map(|row| row.calls).sum::<u64>());
    writeln!(
        out,
        "{}, {} calls, {nodes} nodes that are {distance_ms} ms from each other\n",
        first.trace,
        whole(calls as f64)
    )?;
    let mut cells = vec![HEAD.map(str::to_string).to_vec()];
    for (place, line) in lines.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| &lines[place]);
        let before = before.filter(|before| before.memory_mb == line.memory_mb);
        cells.push(cells_of(line, before));
    }
    write_aligned(&cells, out)?;
    writeln!(out)?;
    for line in lines.iter().filter(|line| line.way == Way::Together.name()) {
        for node in 1..=nodes {
            writeln!(out, "{}", told(&line.of_node(node), node))?;
        }
    }
    writeln!(out)?;
    writeln!(
        out,
        "cold %      waited for a new instance, of all calls; less %: than in the line before"
    )?;
    writeln!(
        out,
        "alone       each node makes clones for its own calls; together: where it has no"
    )?;
    writeln!(out, "            room, another one is asked, and calls go there")?;
    writeln!(out, "asked, had  instances that others were asked for, and that they had or made")
}

fn cells_of(line: &Line<'_>, before: Option<&Line<'_>>) -> Vec<String> {
    let (runs, calls) = (line.runs(), line.sum(|row| row.calls).max(1.0));
    let (cold, made) = (line.sum(|row| row.cold), line.sum(|row| row.clones_made));
    let mean = |figure: fn(&NodeRow) -> u64| whole(line.sum(figure) / runs);
    let less = before.map(|before| before.sum(|row| row.cold)).filter(|before| *before > 0.0);
    let used = 100.0 * line.sum(|row| row.clones_used) / made.max(1.0);
    vec![
        memory(line.memory_mb),
        line.way.to_string(),
        format!("{:.3}", 100.0 * cold / calls),
        less.map_or_else(String::new, |before| format!("{:.1}", 100.0 * (before - cold) / before)),
        format!("{:.3}", 100.0 * line.sum(|row| row.dropped) / calls),
        mean(|row| row.starts),
        mean(|row| row.clones_made),
        if made > 0.0 { percent(used) } else { String::new() },
        format!("{}, {}", mean(|row| row.asked), mean(|row| row.promised)),
        mean(|row| row.sent),
    ]
}

fn told(line: &Line<'_>, node: usize) -> String {
    let runs = line.runs();
    let mean = |figure: fn(&NodeRow) -> u64| whole(line.sum(figure) / runs);
    let own = line.rows.first().map_or(0.0, |row| row.node_mb);
    format!(
        "{} together, node {node} ({}): {} calls came, of which {} were sent on and {} others taken; \
         {} cold, {} dropped; {} clones, {} of them used; asked for {} and had {}, lent {}",
        memory(line.memory_mb),
        memory(own),
        mean(|row| row.calls),
        mean(|row| row.sent),
        mean(|row| row.taken),
        mean(|row| row.cold),
        mean(|row| row.dropped),
        mean(|row| row.clones_made),
        mean(|row| row.clones_used),
        mean(|row| row.asked),
        mean(|row| row.promised),
        mean(|row| row.lent)
    )
}

/// Writes one JSON document: `{rows}`, a row per run and node.
pub fn write_json(runs: &[Vec<NodeRow>], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<&NodeRow> = runs.iter().flatten().collect();
    serde_json::to_writer_pretty(&mut *out, &serde_json::json!({ "rows": rows }))?;
    writeln!(out)
}

/// Writes a header and one line per run and node.
pub fn write_csv(runs: &[Vec<NodeRow>], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in runs.iter().flatten() {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
