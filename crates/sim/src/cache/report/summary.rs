//! Rows brought together: one line per setting, means over seeds.

use crate::cache::row::Row;
use crate::report::student::Estimate;

/// What a setting is made of: a name, and how a row has it.
pub type Field = (&'static str, fn(&Row) -> String);

/// All of it.
pub const FIELDS: [Field; 16] = [
    ("topology", |row| row.topology.clone()),
    ("group", |row| row.group.clone()),
    ("links", |row| row.links.to_string()),
    ("strategy", |row| row.strategy.clone()),
    ("lookup", |row| row.lookup.to_string()),
    ("replacement", |row| row.replacement.to_string()),
    ("alpha", |row| row.alpha.to_string()),
    ("workloads", |row| row.workloads.to_string()),
    ("contents", |row| row.contents.to_string()),
    ("slots", |row| row.slots.to_string()),
    ("level", |row| row.level.clone().unwrap_or_default()),
    ("way", |row| row.way.unwrap_or_default().to_string()),
    ("writes", |row| row.write_ratio.map_or_else(String::new, |share| share.to_string())),
    ("trouble", |row| row.trouble()),
    ("tasks", |row| row.tasks.clone().unwrap_or_default()),
    ("prefetch", |row| row.prefetch.clone().filter(|words| words != "off").unwrap_or_default()),
];

/// What is summed up of fetching ahead.
const AHEAD: [fn(&Row) -> Option<u64>; 5] = [
    |row| row.prefetches,
    |row| row.prefetches_useful,
    |row| row.prefetches_late,
    |row| row.prefetches_wasted,
    |row| row.store_fetches,
];

/// One setting, and the mean of its runs.
#[derive(Debug, Clone)]
pub struct Line {
    /// The setting, field by field.
    pub setting: [String; FIELDS.len()],
    /// Share of requests served by any cache.
    pub hit: Estimate,
    /// Share served by the first.
    pub local: Estimate,
    /// Share served by others.
    pub group: Estimate,
    /// Mean delay of a request with its reply, in ms.
    pub latency_ms: Estimate,
    /// Messages of a request.
    pub messages: Estimate,
    /// Reads older than promised, with the protocol.
    pub stale: Option<u64>,
    /// Mean delay of a write, in ms, with the protocol.
    pub write_ms: Option<f64>,
    /// Requests that came to nothing, with the protocol.
    pub lost: Option<u64>,
    /// How long tasks waited for data, in ms: the mean, and the one in a hundred; and the share
    /// that found all on their node.
    pub task_wait: Option<[f64; 3]>,
    /// Fetches ahead, of these useful, late and wasted, and all that came from the data store.
    pub ahead: [u64; 5],
    /// Requests simulated per second, where rows tell.
    pub requests_per_s: Option<f64>,
    /// Runs.
    pub runs: usize,
}

/// All lines, in the order of their first rows.
pub fn lines(rows: &[Row]) -> Vec<Line> {
    let mut settings: Vec<([String; FIELDS.len()], Vec<&Row>)> = Vec::new();
    for row in rows {
        let setting = FIELDS.map(|(_, read)| read(row));
        match settings.iter_mut().find(|(known, _)| *known == setting) {
            Some((_, runs)) => runs.push(row),
            None => settings.push((setting, vec![row])),
        }
    }
    settings.into_iter().map(|(setting, runs)| line(setting, &runs)).collect()
}

fn line(setting: [String; FIELDS.len()], runs: &[&Row]) -> Line {
    let estimate = |value: fn(&Row) -> f64| {
        Estimate::of(&runs.iter().map(|row| value(row)).collect::<Vec<_>>())
    };
    let speeds: Option<Vec<f64>> = runs.iter().map(|row| row.requests_per_s).collect();
    Line {
        hit: estimate(|row| row.hit_ratio),
        local: estimate(|row| row.local_hits as f64 / row.requests.max(1) as f64),
        group: estimate(|row| row.group_hits as f64 / row.requests.max(1) as f64),
        latency_ms: estimate(|row| row.latency_ms),
        messages: estimate(|row| row.messages_per_request),
        requests_per_s: speeds.map(|speeds| Estimate::of(&speeds).mean),
        stale: runs.iter().map(|row| row.level.as_ref().map(|_| row.stale_reads)).sum(),
        write_ms: runs
            .iter()
            .map(|row| row.write_latency_ms)
            .collect::<Option<Vec<f64>>>()
            .map(|all| Estimate::of(&all).mean),
        lost: runs.iter().map(|row| row.lost()).sum(),
        task_wait: runs
            .iter()
            .map(|row| Some([row.task_wait_ms?, row.task_wait_p99_ms?, row.tasks_local_ratio?]))
            .collect::<Option<Vec<[f64; 3]>>>()
            .map(|all| {
                [0, 1, 2].map(|at| all.iter().map(|one| one[at]).sum::<f64>() / all.len() as f64)
            }),
        ahead: AHEAD.map(|of| runs.iter().filter_map(|row| of(row)).sum()),
        runs: runs.len(),
        setting,
    }
}

/// The fields in which lines differ, by their places.
pub fn varying(lines: &[Line]) -> Vec<usize> {
    let differs =
        |field: &usize| lines.iter().any(|line| line.setting[*field] != lines[0].setting[*field]);
    (0..FIELDS.len()).filter(differs).collect()
}

/// What all lines have in common, in words.
pub fn common(lines: &[Line]) -> String {
    let Some(first) = lines.first() else { return String::new() };
    let varying = varying(lines);
    let fields = (0..FIELDS.len()).filter(|field| !varying.contains(field));
    let words = fields.filter(|&field| !first.setting[field].is_empty());
    let words = words.map(|field| format!("{} {}", FIELDS[field].0, first.setting[field]));
    words.collect::<Vec<_>>().join(", ")
}

/// What tells a line from the others, without the fields left out.
pub fn label(line: &Line, varying: &[usize], without: Option<usize>) -> String {
    let fields = varying.iter().filter(|field| Some(**field) != without);
    let words: Vec<String> = fields
        .filter(|field| !line.setting[**field].is_empty())
        .map(|&field| match FIELDS[field].0 {
            "strategy" | "replacement" | "topology" | "lookup" => line.setting[field].clone(),
            name => format!("{name} {}", line.setting[field]),
        })
        .collect();
    match words.is_empty() {
        true => line.setting[3].clone(),
        false => words.join(", "),
    }
}
