//! The cells: which traces, costs of starts and memory sizes, and what came out of one.

use swell_core::catalog::ENTRIES;
use swell_sim::row::Row;

/// A trace under one cost of starts, at several sizes of memory.
pub(crate) struct Ground {
    pub(crate) trace: &'static str,
    /// Which half of the functions; all where there is none.
    pub(crate) half: Option<usize>,
    pub(crate) cost: &'static str,
    pub(crate) memories_mb: Vec<u64>,
}

impl Ground {
    pub(crate) fn name(&self) -> String {
        let half = self.half.map(|half| format!("/{half}")).unwrap_or_default();
        format!("{}{half} {}", self.trace, self.cost)
    }
}

const COSTS: [&str; 3] = ["1s", "max-avg:250ms", "founding"];

const SIZES: [(&str, &[u64]); 4] = [
    ("20-b", &[800, 1000, 1500, 2000, 3000, 4000]),
    ("20-d", &[800, 1000, 1500, 2000, 3000, 4000]),
    ("200", &[4_000, 8_000, 16_000, 24_000]),
    ("1350", &[20_000, 40_000, 80_000, 120_000, 200_000]),
];

/// All grounds: traces whole, or in halves of their functions at half the memory. The
/// traces of twenty functions are not cut: 20-b and 20-d are each other's other half.
pub(crate) fn grounds(halves: bool) -> Vec<Ground> {
    let mut grounds = Vec::new();
    for (trace, sizes) in SIZES {
        let cut = halves && !trace.starts_with("20-");
        let parts: &[Option<usize>] = if cut { &[Some(0), Some(1)] } else { &[None] };
        for &half in parts {
            for cost in COSTS {
                let divisor = 1 + u64::from(half.is_some());
                let memories_mb = sizes.iter().map(|mb| mb / divisor).collect();
                grounds.push(Ground { trace, half, cost, memories_mb });
            }
        }
    }
    grounds
}

/// All policies of the catalogue but ours.
pub(crate) fn classics() -> Vec<String> {
    let names = ENTRIES.iter().map(|entry| entry.name);
    names.filter(|&name| name != "hazard").map(String::from).collect()
}

/// What came of one policy in one cell.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Trace, cost, placement, memory and seed.
    pub(crate) cell: String,
    pub(crate) policy: String,
    pub(crate) calls: u64,
    pub(crate) cold: u64,
    pub(crate) dropped: u64,
    pub(crate) slow_pct: f64,
    /// The fingerprint of all its decisions.
    pub(crate) digest: String,
}

impl Outcome {
    pub(crate) fn of(ground: &Ground, row: &Row) -> Self {
        Self {
            cell: format!(
                "{:<20} {:<8} {:>6} s{}",
                ground.name(),
                row.placement,
                row.memory_mb,
                row.seed
            ),
            policy: row.policy.clone(),
            calls: row.calls,
            cold: row.cold,
            dropped: row.dropped,
            slow_pct: row.slow_pct,
            digest: row.digest.clone(),
        }
    }

    /// Cold and dropped calls.
    pub(crate) fn bad(&self) -> u64 {
        self.cold + self.dropped
    }
}
