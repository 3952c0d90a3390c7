//! What befell calls where failures, schedules or events are played, in sentences.

use crate::clone::line::Line;
use crate::clone::row::CloneRow;
use crate::report::figure::{memory, percent, whole};

/// A sentence for each mode and thing that was played; none if nothing was.
pub fn incidents(lines: &[Line]) -> Vec<String> {
    let sum = |line: &Line, figure: fn(&CloneRow) -> u64| line.rows.iter().map(figure).sum::<u64>();
    let is_any = |figure: fn(&CloneRow) -> u64| lines.iter().any(|line| sum(line, figure) > 0);
    let is_known = is_any(|row| row.known);
    let is_during = is_any(|row| row.during_events);
    let has_failed = is_any(|row| row.failed + row.found_dead + row.crashed);
    let mut told = Vec::new();
    for line in lines {
        let name = format!("{} {}", memory(line.memory_mb), line.mode);
        let sum = |figure: fn(&CloneRow) -> u64| sum(line, figure);
        let cold_of = |cold: u64, calls: u64, what: &str| {
            let share = 100.0 * cold as f64 / calls.max(1) as f64;
            let (calls, cold) = (whole(calls as f64), whole(cold as f64));
            format!("{name}: of {calls} calls {what} {cold} were cold ({} %)", percent(share))
        };
        if is_known {
            told.push(cold_of(sum(|row| row.known_cold), sum(|row| row.known), "by schedules"));
        }
        if is_during {
            let (cold, calls) = (sum(|row| row.during_events_cold), sum(|row| row.during_events));
            told.push(cold_of(cold, calls, "during events"));
        }
        if has_failed {
            let figure = |figure: fn(&CloneRow) -> u64| whole(sum(figure) as f64);
            told.push(format!(
                "{name}: {} calls met a dead instance, {} clones were found dead and replaced \
                 before; {} starts failed, {} of them clones",
                figure(|row| row.failed),
                figure(|row| row.found_dead),
                figure(|row| row.crashed),
                figure(|row| row.clones_crashed)
            ));
        }
    }
    told
}
