//! What rows of several seeds say together.

use crate::clone::rhythm::Rhythm;
use crate::clone::row::CloneRow;
use crate::report::student::Estimate;

/// What an experiment came to.
#[derive(Debug, Clone, Default)]
pub struct CloneResults {
    /// A row for each run.
    pub rows: Vec<CloneRow>,
    /// What is left to gain, for memory sizes at which clones save nothing.
    pub ceilings: Vec<Ceiling>,
}

/// What is left to gain where clones save nothing.
#[derive(Debug, Clone)]
pub struct Ceiling {
    /// Memory limit in decimal megabytes.
    pub memory_mb: f64,
    /// The run with the same policy, by someone who knows what comes.
    pub known: CloneRow,
    /// The same with clones that cost little and start as fast as they like; absent if the one
    /// before saves enough.
    pub cheap: Option<CloneRow>,
    /// The same as the line by the forecaster that is usual for clones; absent if it is that one.
    pub usual: Option<CloneRow>,
    /// Whether calls have a rhythm, by their gaps.
    pub rhythm: Rhythm,
}

/// One memory size and mode, over all seeds.
#[derive(Debug, Clone)]
pub struct Line {
    /// Memory limit in decimal megabytes.
    pub memory_mb: f64,
    /// The mode.
    pub mode: &'static str,
    /// Its rows.
    pub rows: Vec<CloneRow>,
    /// What is left to gain, if clones save nothing and that was looked at.
    pub ceiling: Option<Ceiling>,
    /// The rows of the same seeds without forecasts, if they were run.
    pub off: Vec<CloneRow>,
}

/// Fewer cold starts saved than so many in a hundred are none.
pub(crate) const HELPS_PCT: f64 = 2.0;

/// The lines in the order of the rows.
pub fn lines(results: &CloneResults) -> Vec<Line> {
    let rows = &results.rows;
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let same = |line: &&mut Line| line.memory_mb == row.memory_mb && line.mode == row.mode;
        match lines.iter_mut().find(same) {
            Some(line) => line.rows.push(row.clone()),
            None => lines.push(Line {
                memory_mb: row.memory_mb,
                mode: row.mode,
                rows: vec![row.clone()],
                ceiling: None,
                off: Vec::new(),
            }),
        }
    }
    for line in &mut lines {
        let alike = |off: &&CloneRow| off.memory_mb == line.memory_mb && off.mode == "off";
        let off = rows.iter().filter(alike);
        line.off =
            off.filter(|off| line.rows.iter().any(|row| row.seed == off.seed)).cloned().collect();
        let ceilings = results.ceilings.iter().filter(|_| line.mode == "on");
        line.ceiling = ceilings.clone().find(|one| one.memory_mb == line.memory_mb).cloned();
    }
    lines
}

impl Line {
    /// The mean of a figure over seeds, with its interval.
    pub fn mean(&self, figure: impl Fn(&CloneRow) -> f64) -> Estimate {
        Estimate::of(&self.rows.iter().map(figure).collect::<Vec<_>>())
    }

    /// By how many % fewer calls were cold in a run than in the one of the same seed without
    /// forecasts, if that was run and had any.
    pub fn saved_by(&self, row: &CloneRow) -> Option<f64> {
        let off = self.off.iter().find(|off| off.seed == row.seed)?;
        (off.cold > 0).then(|| 100.0 * (off.cold as f64 - row.cold as f64) / off.cold as f64)
    }

    /// By how many % a figure is less than without forecasts; none where those were not run,
    /// or had none to lose.
    pub fn less_pct(&self, figure: impl Fn(&CloneRow) -> f64) -> Option<f64> {
        let off: f64 = self.off.iter().map(&figure).sum();
        let own: f64 = self.rows.iter().map(&figure).sum();
        (off > 0.0 && self.off.len() == self.rows.len()).then(|| 100.0 * (off - own) / off)
    }
}
