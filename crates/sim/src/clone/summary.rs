//! What rows of several seeds say together, and the verdict in words.

use swell_core::catalog;

use crate::clone::row::CloneRow;
use crate::report::figure::whole;
use crate::report::student::Estimate;

/// One memory size and mode, over all seeds.
#[derive(Debug, Clone)]
pub struct Line {
    /// Memory limit in decimal megabytes.
    pub memory_mb: f64,
    /// The mode.
    pub mode: &'static str,
    /// Its rows.
    pub rows: Vec<CloneRow>,
    /// The rows of the same seeds without forecasts, if they were run.
    pub off: Vec<CloneRow>,
}

/// How much a receipt may differ from what was done, in %, to be called the same.
const ALIKE_PCT: f64 = 5.0;
/// Fewer cold starts saved than so many in a hundred are none.
const HELPS_PCT: f64 = 2.0;

/// The lines in the order of the rows.
pub fn lines(rows: &[CloneRow]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let same = |line: &&mut Line| line.memory_mb == row.memory_mb && line.mode == row.mode;
        match lines.iter_mut().find(same) {
            Some(line) => line.rows.push(row.clone()),
            None => lines.push(Line {
                memory_mb: row.memory_mb,
                mode: row.mode,
                rows: vec![row.clone()],
                off: Vec::new(),
            }),
        }
    }
    for line in &mut lines {
        let alike = |off: &&CloneRow| off.memory_mb == line.memory_mb && off.mode == "off";
        let off = rows.iter().filter(alike);
        line.off =
            off.filter(|off| line.rows.iter().any(|row| row.seed == off.seed)).cloned().collect();
    }
    lines
}

impl Line {
    /// The mean of a figure over seeds, with its interval.
    pub fn mean(&self, figure: impl Fn(&CloneRow) -> f64) -> Estimate {
        Estimate::of(&self.rows.iter().map(figure).collect::<Vec<_>>())
    }

    /// By how many % a figure is less than without forecasts; none where those were not run,
    /// or had none to lose.
    pub fn less_pct(&self, figure: impl Fn(&CloneRow) -> f64) -> Option<f64> {
        let off: f64 = self.off.iter().map(&figure).sum();
        let own: f64 = self.rows.iter().map(&figure).sum();
        (off > 0.0 && self.off.len() == self.rows.len()).then(|| 100.0 * (off - own) / off)
    }
}

/// What the runs come to, in sentences; one for each memory size and question.
pub fn verdicts(lines: &[Line]) -> Vec<String> {
    let mut verdicts = Vec::new();
    let policy = lines.iter().find(|line| line.mode == "on").and_then(|line| line.rows.first());
    for line in lines.iter().filter(|line| line.mode == "on") {
        let memory = crate::report::figure::memory(line.memory_mb);
        let cold = |row: &CloneRow| row.cold as f64;
        if let Some(saved) = line.less_pct(cold) {
            verdicts.push(verdict(line, &memory, saved));
        }
        let shadow = lines.iter().find(|other| {
            other.mode == "shadow"
                && other.memory_mb == line.memory_mb
                && other.rows.len() == line.rows.len()
        });
        let told: Option<f64> = shadow.and_then(|shadow| {
            shadow.rows.iter().map(|row| row.receipt_cold.map(|cold| cold as f64)).sum()
        });
        if let Some(told) = told {
            let done: f64 = line.rows.iter().map(cold).sum();
            let apart = 100.0 * (told - done) / done.max(1.0);
            let word = if apart.abs() <= ALIKE_PCT { "as" } else { "NOT as" };
            verdicts.push(format!(
                "{memory}: the shadow's receipt told of cold starts {word} they came with clones \
                 ({apart:+.1} %)"
            ));
        }
    }
    verdicts.extend(policy.and_then(|row| unpriced(&row.policy)));
    verdicts
}

/// What clones cannot do beside a keep-alive policy that does not know what instances are worth.
fn unpriced(policy: &str) -> Option<String> {
    let built = catalog::build(policy, 0).ok()?;
    (!built.keeper.prices()).then(|| {
        format!(
            "`{policy}` does not tell what its instances are worth, so clones took only memory that \
             was free; beside `hazard` they also displace what is worth less"
        )
    })
}

fn verdict(line: &Line, memory: &str, saved: f64) -> String {
    let made = line.mean(|row| row.clones_made as f64).mean;
    let waste = -line.less_pct(|row| row.waste_gb_s).unwrap_or(0.0);
    if saved < HELPS_PCT {
        return format!(
            "{memory}: forecasts cannot help here: calls come without memory of the ones before, \
             or all are warm already. Clones saved {saved:.1} % of cold starts and changed what \
             waits for work by {waste:+.2} %; mode `off` does as well"
        );
    }
    let drops = |rows: &[CloneRow]| {
        let sum: u64 = rows.iter().map(|row| row.dropped).sum();
        100.0 * sum as f64 / rows.iter().map(|row| row.calls).sum::<u64>().max(1) as f64
    };
    format!(
        "{memory}: {saved:.1} % fewer cold starts with {} clones; {:.3} % dropped instead \
         of {:.3} %; what waits for work changed by {waste:+.1} %",
        whole(made),
        drops(&line.rows),
        drops(&line.off)
    )
}
