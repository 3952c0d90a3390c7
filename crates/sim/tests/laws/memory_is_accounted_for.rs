//! Memory times time is all spent on something: on work exactly what the calls took, on
//! starts what they took, on idling no more than what is left of the limit.

use crate::law::{Run, room};

pub(crate) fn check(run: &Run) -> Result<(), String> {
    let row = &run.row;
    for (what, found, expected) in
        [("work", row.busy_gb_s, run.busy_gb_s), ("starts", row.starting_gb_s, run.starting_gb_s)]
    {
        if (found - expected).abs() > 1e-6 * expected.max(1.0) {
            return Err(format!("{what} hold {found} GB s on account, {expected} in fact"));
        }
    }
    let end = run.last.max(swell_core::time::Instant::ZERO + run.scenario.trace.span());
    let spent = row.waste_gb_s + row.busy_gb_s + row.starting_gb_s;
    let all = room(run.case.memory, end);
    if spent > all * (1.0 + 1e-9) {
        return Err(format!("{spent} of {all} GB s are spent"));
    }
    if row.peak_mb > row.memory_mb {
        return Err(format!("{} of {} MB are in use", row.peak_mb, row.memory_mb));
    }
    let sampled = run.detail.timeline.iter().find(|sample| {
        let used = sample.starting_mb + sample.busy_mb + sample.idle_mb;
        used + sample.prewarmed_mb + sample.paused_mb > row.peak_mb + 1e-6
    });
    sampled.map_or(Ok(()), |sample| Err(format!("at {} s more is used than ever", sample.at_s)))
}
