//! What the runs come to, in words.

use swell_core::catalog;

use crate::clone::line::{HELPS_PCT, Line};
use crate::clone::reason::reason;
use crate::clone::row::CloneRow;
use crate::report::figure::whole;

/// How much a receipt may differ from what was done, in %, to be called the same.
const ALIKE_PCT: f64 = 5.0;

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
            "{memory}: clones do not help here: {}. They saved {saved:.1} % of cold starts, and \
             changed starts by {:+.2} % and what waits for work by {waste:+.2} %; mode `off` does \
             as well",
            reason(line),
            -line.less_pct(|row| row.starts as f64).unwrap_or(0.0)
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
