//! How a policy did against the best of the others, cell by cell and in all.

use std::fmt;

use crate::cells::Outcome;

/// One cell's comparison.
pub(crate) struct Verdict {
    ours: Outcome,
    best: Outcome,
    lru: Outcome,
}

/// Holds the outcome against the classics in its cell.
pub(crate) fn judge(ours: Outcome, classics: &[Outcome]) -> Verdict {
    let rivals = || classics.iter().filter(|other| other.cell == ours.cell);
    let best = rivals().min_by_key(|other| (other.bad(), other.dropped)).expect("there are some");
    let lru = rivals().find(|other| other.policy == "lru").expect("it is among them");
    Verdict { best: best.clone(), lru: lru.clone(), ours }
}

impl Verdict {
    fn is_worse(&self) -> bool {
        self.ours.bad() > self.best.bad()
    }

    fn drops_more(&self) -> bool {
        self.ours.dropped > self.lru.dropped
    }
}

fn pct(count: u64, outcome: &Outcome) -> f64 {
    100.0 * count as f64 / outcome.calls.max(1) as f64
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ours, best, lru } = self;
        write!(
            f,
            "{} {:<8} {:.8} bad {:>7.3} drop {:>7.3} slow {:>6.2} | best {:>7.3} drop {:>7.3} {:<16} | lru {:>7.3} drop {:>7.3}{}{}",
            ours.cell,
            ours.policy,
            ours.digest,
            pct(ours.bad(), ours),
            pct(ours.dropped, ours),
            ours.slow_pct,
            pct(best.bad(), best),
            pct(best.dropped, best),
            best.policy,
            pct(lru.bad(), lru),
            pct(lru.dropped, lru),
            if self.is_worse() {
                format!("  WORSE by {}", ours.bad() - best.bad())
            } else {
                String::new()
            },
            if self.drops_more() { "  DROPS" } else { "" },
        )
    }
}

/// Cells lost, drops above LRU's, and the mean ratio of bad calls to the best classic's
/// (geometric, one call added to both so that none is zero).
pub(crate) fn summary(verdicts: &[Verdict]) -> String {
    let worse = verdicts.iter().filter(|verdict| verdict.is_worse()).count();
    let drops = verdicts.iter().filter(|verdict| verdict.drops_more()).count();
    let ratio = |verdict: &Verdict| {
        ((verdict.ours.bad() + 1) as f64 / (verdict.best.bad() + 1) as f64).ln()
    };
    let count = verdicts.len().max(1) as f64;
    let mean = (verdicts.iter().map(ratio).sum::<f64>() / count).exp();
    let worst = verdicts.iter().map(ratio).fold(0.0, f64::max).exp();
    let bad = verdicts.iter().map(|verdict| pct(verdict.ours.bad(), &verdict.ours)).sum::<f64>();
    let slow = verdicts.iter().map(|verdict| verdict.ours.slow_pct).sum::<f64>();
    format!(
        "{} cells, {worse} worse than the best classic, {drops} drop more than LRU; bad calls \
         against the best classic's: {mean:.4} on average, {worst:.3} at worst; mean bad {:.4} %, \
         mean slow {:.3} %",
        verdicts.len(),
        bad / count,
        slow / count,
    )
}
