//! Rows brought together: one panel per setting, one line per policy, means over seeds.
//!
//! Tables and charts all start from here, so that they cannot disagree. Panels and lines
//! keep the order of the rows; who wants another order sorts.

use swell_core::time::Span;

use crate::report::figure::memory;
use crate::report::student::Estimate;
use crate::results::Results;
use crate::row::Row;

/// All runs under one setting.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The trace's name.
    pub trace: String,
    /// How the calls of a minute were placed in it.
    pub placement: String,
    /// Memory limit in decimal megabytes.
    pub memory_mb: f64,
    /// How long cold starts were made to take.
    pub cold_cost: String,
    /// How long calls were made to run.
    pub durations: String,
    /// Settings of functions that are not plain, as asked for; empty if all are.
    pub overrides: String,
    /// How long a thaw was made to take, in ms.
    pub resume_ms: f64,
    /// Calls of one run.
    pub calls: u64,
    /// The policies.
    pub lines: Vec<Line>,
    /// What is possible, means over seeds.
    pub possible: Vec<Possible>,
}

/// One policy under one setting.
#[derive(Debug, Clone)]
pub struct Line {
    /// The policy, as specified.
    pub policy: String,
    /// Indices of its rows in the results, one per seed.
    pub runs: Vec<usize>,
    /// Cold and dropped in % of all calls.
    pub bad: Estimate,
    /// Cold in % of served calls.
    pub cold: Estimate,
    /// Dropped in % of all calls.
    pub drop: Estimate,
    /// Calls that waited for a busy instance, in % of served calls.
    pub delayed: Estimate,
    /// Calls that waited longer than two seconds, in % of served calls.
    pub slow: Estimate,
    /// Mean wait for anything but a start, in ms.
    pub queue_ms: Estimate,
    /// Waiting in % of execution time.
    pub added_latency: Estimate,
    /// Wait of the slowest hundredth, in ms.
    pub wait_ms_p99: Estimate,
    /// Idle memory over time, in GB s.
    pub waste: Estimate,
    /// Instances ended for another's sake.
    pub evictions: Estimate,
    /// Instances started.
    pub starts: Estimate,
    /// The most memory in use at once, in decimal megabytes.
    pub peak_mb: Estimate,
    /// Functions of which every call was cold, in %.
    pub always_cold: Estimate,
    /// Cold rate of the median function, in %.
    pub function_p50: Estimate,
    /// Cold rate that three quarters of functions stay below, in %.
    pub function_p75: Estimate,
    /// Bad calls over the cold calls of the bound.
    pub distance: Option<Distance>,
    /// Calls simulated per second of one core, where timing was asked for.
    pub speed: Option<f64>,
}

/// How far a policy is from what is possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Bad calls over the cold calls of the bound.
    pub times: f64,
    /// Whether the bound holds for this policy: it dropped, delayed and started ahead
    /// next to nothing (less than one call in two thousand).
    pub valid: bool,
}

/// A bound or a clairvoyant policy, mean over seeds.
#[derive(Debug, Clone)]
pub struct Possible {
    /// Which one.
    pub bound: String,
    /// Cold starts in %.
    pub cold: Estimate,
    /// Dropped calls in % of all calls.
    pub drop: Estimate,
    /// When it is a bound.
    pub condition: String,
}

impl Possible {
    /// Cold and dropped in % of all calls, as policies are ranked.
    pub fn bad_pct(&self) -> f64 {
        self.cold.mean * (1.0 - self.drop.mean / 100.0) + self.drop.mean
    }
}

/// Share of calls, in %, below which an effect counts as absent.
const NEGLIGIBLE_PCT: f64 = 0.05;

/// All panels, in the order of the rows.
pub fn panels(results: &Results) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    let mut runs: Vec<Vec<Vec<usize>>> = Vec::new();
    for (index, row) in results.rows.iter().enumerate() {
        let at = panels.iter().position(|panel| is_in(row, panel)).unwrap_or_else(|| {
            panels.push(empty_panel(row, results));
            runs.push(Vec::new());
            panels.len() - 1
        });
        let lines = &mut runs[at];
        match lines.iter_mut().find(|line| results.rows[line[0]].policy == row.policy) {
            Some(line) => line.push(index),
            None => lines.push(vec![index]),
        }
    }
    for (panel, lines) in panels.iter_mut().zip(runs) {
        panel.lines = lines.into_iter().map(|runs| line(&results.rows, runs)).collect();
    }
    panels
}

impl Panel {
    /// Lines from the fewest bad calls to the most; equals keep their order.
    pub fn ranked(&self) -> Vec<&Line> {
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by(|a, b| a.bad.mean.total_cmp(&b.bad.mean));
        lines
    }

    /// Decimals it takes to tell the best policies apart: more where little goes wrong.
    pub fn decimals(&self) -> usize {
        if self.lines.iter().any(|line| line.bad.mean < 1.0) { 3 } else { 2 }
    }

    /// The most runs behind any line.
    pub fn seeds(&self) -> usize {
        self.lines.iter().map(|line| line.runs.len()).max().unwrap_or(0)
    }

    /// Everything but the memory, for headings.
    pub fn setting(&self) -> String {
        let Panel { placement, cold_cost, durations, overrides, resume_ms, .. } = self;
        let plain = format!("{placement} placement, cold start {cold_cost}, {durations} durations");
        if overrides.is_empty() {
            return plain;
        }
        format!("{plain}, thaw {}, {overrides}", Span::from_millis_f64(*resume_ms))
    }
}

/// Policies in the order of their first row.
pub fn policies(panels: &[Panel]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for line in panels.iter().flat_map(|panel| &panel.lines) {
        if !names.contains(&line.policy.as_str()) {
            names.push(&line.policy);
        }
    }
    names
}

/// Settings in the order of their first row.
pub fn settings(panels: &[Panel]) -> Vec<String> {
    let mut settings: Vec<String> = Vec::new();
    for setting in panels.iter().map(Panel::setting) {
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
    settings
}

/// What to call each panel beside the others: by its memory, and by its placement where
/// there are several settings.
pub fn labels(panels: &[Panel]) -> Vec<String> {
    let several = settings(panels).len() > 1;
    let label = |panel: &Panel| match (memory(panel.memory_mb), several) {
        (memory, true) => format!("{memory}, {} placement", panel.placement),
        (memory, false) => memory,
    };
    panels.iter().map(label).collect()
}

fn is_in(row: &Row, panel: &Panel) -> bool {
    row.trace == panel.trace
        && row.placement == panel.placement
        && row.memory_mb == panel.memory_mb
        && row.cold_cost == panel.cold_cost
        && row.durations == panel.durations
        && row.overrides == panel.overrides
        && row.resume_ms == panel.resume_ms
}

fn empty_panel(row: &Row, results: &Results) -> Panel {
    Panel {
        trace: row.trace.clone(),
        placement: row.placement.clone(),
        memory_mb: row.memory_mb,
        cold_cost: row.cold_cost.clone(),
        durations: row.durations.clone(),
        overrides: row.overrides.clone(),
        resume_ms: row.resume_ms,
        calls: row.calls,
        lines: Vec::new(),
        possible: possible(row, results),
    }
}

fn possible(row: &Row, results: &Results) -> Vec<Possible> {
    let fits = |memory: Option<f64>| memory.is_none_or(|mb| mb == row.memory_mb);
    let mut found: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, bound) in results.bounds.iter().enumerate() {
        if bound.placement != row.placement || !fits(bound.memory_mb) {
            continue;
        }
        match found.iter_mut().find(|(name, _)| *name == bound.bound) {
            Some((_, indices)) => indices.push(index),
            None => found.push((&bound.bound, vec![index])),
        }
    }
    let merge = |(name, indices): (&str, Vec<usize>)| {
        let bounds: Vec<_> = indices.iter().map(|&index| &results.bounds[index]).collect();
        let cold: Vec<f64> = bounds.iter().map(|bound| bound.cold_pct).collect();
        let drop: Vec<f64> = bounds.iter().map(|bound| bound.drop_pct).collect();
        Possible {
            bound: name.to_string(),
            cold: Estimate::of(&cold),
            drop: Estimate::of(&drop),
            condition: bounds[0].condition.clone(),
        }
    };
    found.into_iter().map(merge).collect()
}

fn line(rows: &[Row], runs: Vec<usize>) -> Line {
    let estimate = |value: fn(&Row) -> f64| {
        let values: Vec<f64> = runs.iter().map(|&index| value(&rows[index])).collect();
        Estimate::of(&values)
    };
    Line {
        policy: rows[runs[0]].policy.clone(),
        bad: estimate(|row| row.bad_pct),
        cold: estimate(|row| row.cold_pct),
        drop: estimate(|row| row.drop_pct),
        delayed: estimate(|row| row.delayed_pct),
        slow: estimate(|row| row.slow_pct),
        queue_ms: estimate(|row| row.queue_ms_mean),
        added_latency: estimate(|row| row.added_latency_pct),
        wait_ms_p99: estimate(|row| row.wait_ms_p99),
        waste: estimate(|row| row.waste_gb_s),
        evictions: estimate(|row| row.evictions as f64),
        starts: estimate(|row| row.starts as f64),
        peak_mb: estimate(|row| row.peak_mb),
        always_cold: estimate(|row| row.always_cold_pct),
        function_p50: estimate(|row| row.function_cold_pct_p50),
        function_p75: estimate(|row| row.function_cold_pct_p75),
        distance: distance(rows, &runs),
        speed: speed(rows, &runs),
        runs,
    }
}

fn distance(rows: &[Row], runs: &[usize]) -> Option<Distance> {
    let bounds: Option<Vec<f64>> = runs.iter().map(|&index| rows[index].bound_pct).collect();
    let bound = Estimate::of(&bounds?).mean;
    let bad: Vec<f64> = runs.iter().map(|&index| rows[index].bad_pct).collect();
    let valid = runs.iter().all(|&index| {
        let row = &rows[index];
        let ahead = 100.0 * row.starts_ahead as f64 / row.calls.max(1) as f64;
        row.drop_pct.max(row.delayed_pct).max(ahead) < NEGLIGIBLE_PCT
    });
    (bound > 0.0).then(|| Distance { times: Estimate::of(&bad).mean / bound, valid })
}

fn speed(rows: &[Row], runs: &[usize]) -> Option<f64> {
    let speeds: Option<Vec<f64>> = runs.iter().map(|&index| rows[index].calls_per_s).collect();
    speeds.map(|speeds| Estimate::of(&speeds).mean)
}
