//! What is no forecast at all: when schedules will call.

use std::collections::BTreeMap;
use std::sync::Arc;

use swell_core::demand::KNOWN_MAX;

use crate::trigger::schedule::Schedule;
use crate::trigger::table::Table;

/// When schedules will surely call functions until `until_ms`, by function.
pub fn known(table: &Table, now_ms: u64, until_ms: u64) -> BTreeMap<Arc<str>, Vec<u64>> {
    let mut known: BTreeMap<Arc<str>, Vec<u64>> = BTreeMap::new();
    for clock in &table.clocks {
        let Some(schedule) = Schedule::read(&clock.schedule, &clock.timezone, clock.missed) else {
            continue;
        };
        let row = known.entry(clock.callee.function.clone()).or_default();
        let mut at_ms = now_ms;
        for _ in 0..KNOWN_MAX {
            match schedule.next(at_ms) {
                Some(next_ms) if next_ms < until_ms => {
                    row.push(next_ms);
                    at_ms = next_ms;
                }
                _ => break,
            }
        }
    }
    for row in known.values_mut() {
        row.sort_unstable();
        row.truncate(KNOWN_MAX);
    }
    known
}
