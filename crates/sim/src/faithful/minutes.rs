//! How does FaasCache turn counts per minute into single calls?
//!
//! The Azure trace of 2019 counts calls per minute; where they lie inside a minute is
//! the simulator's own choice, and it moves the result more than the policy does.
//! FaasCache's answer, reproduced here (its script `trace_split_funcs.py`):
//!
//! - functions with a single call in the day are left out,
//! - the memory of an app is divided by the app's number of functions and rounded up,
//! - durations lose their fraction,
//! - `n` calls of a minute stand at `start + i * (60000 / n)` ms, so one call alone
//!   stands at second 0, where all timers of all functions then meet,
//! - the lists of all functions are joined in row order and sorted by time; the sort
//!   is stable, so calls with equal times stay in row order.
//!
//! Joining the three tables of the trace (durations, counts, memory) is the reader's
//! work.

use crate::faithful::input::{Call, Function, Input, InputError};

/// Fewest calls a function needs to be part of a published trace.
pub const PUBLISHED_LEAST_CALLS: u64 = 2;

const MINUTE_MS: f64 = 60_000.0;

/// One function of an Azure-like trace: its counts and its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct MinuteRow {
    /// Memory of the whole app, in MB (`AverageAllocatedMb`).
    pub app_mem_mb: f64,
    /// How many functions the durations table lists for this app, called or not.
    pub app_functions: u32,
    /// Longest run of the day, in ms (`Maximum`): the cold run of the simulator.
    pub maximum_ms: f64,
    /// Mean run of the day, in ms (`Average`): the warm run of the simulator.
    pub average_ms: f64,
    /// Calls in each minute, from midnight.
    pub calls_per_minute: Vec<u32>,
}

/// Builds the trace FaasCache would have built from `rows`, without the functions
/// that have fewer than `least_calls` calls ([`PUBLISHED_LEAST_CALLS`] as published).
pub fn spread(rows: &[MinuteRow], least_calls: u64) -> Result<Input, InputError> {
    let kept = |row: &&MinuteRow| total(row) >= least_calls;
    let functions = rows.iter().filter(kept).map(function).collect();
    let mut calls = Vec::new();
    for (function, row) in rows.iter().filter(kept).enumerate() {
        push_calls(&mut calls, function, row);
    }
    calls.sort_by(|one: &Call, two: &Call| one.t_ms.total_cmp(&two.t_ms));
    Input::new(functions, calls)
}

fn total(row: &MinuteRow) -> u64 {
    row.calls_per_minute.iter().map(|&n| u64::from(n)).sum()
}

fn function(row: &MinuteRow) -> Function {
    // Casts from floats cut the fraction and saturate, as wished: a column that is
    // not a number becomes 0.
    Function {
        mem_mb: (row.app_mem_mb / f64::from(row.app_functions.max(1))).ceil() as u32,
        cold_ms: row.maximum_ms as u32,
        warm_ms: row.average_ms as u32,
    }
}

fn push_calls(calls: &mut Vec<Call>, function: usize, row: &MinuteRow) {
    for (minute, &count) in row.calls_per_minute.iter().enumerate() {
        let start_ms = minute as f64 * MINUTE_MS;
        let every_ms = MINUTE_MS / f64::from(count);
        calls.extend((0..count).map(|i| Call {
            t_ms: start_ms + f64::from(i) * every_ms,
            function,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(app_mem_mb: f64, app_functions: u32, calls_per_minute: &[u32]) -> MinuteRow {
        MinuteRow {
            app_mem_mb,
            app_functions,
            maximum_ms: 9.9,
            average_ms: 4.9,
            calls_per_minute: calls_per_minute.to_vec(),
        }
    }

    #[test]
    fn spreads_a_minute_evenly_and_keeps_row_order_at_equal_times() {
        let rows = [row(10.0, 3, &[0, 3]), row(7.0, 1, &[1, 1])];
        let input = spread(&rows, PUBLISHED_LEAST_CALLS).unwrap();
        let calls: Vec<(f64, usize)> = input.calls().iter().map(|c| (c.t_ms, c.function)).collect();
        assert_eq!(
            calls,
            [
                (0.0, 1),
                (60_000.0, 0),
                (60_000.0, 1),
                (80_000.0, 0),
                (100_000.0, 0)
            ]
        );
    }

    #[test]
    fn rounds_memory_up_and_durations_down() {
        let input = spread(&[row(10.0, 3, &[2])], PUBLISHED_LEAST_CALLS).unwrap();
        let expected = Function {
            mem_mb: 4,
            cold_ms: 9,
            warm_ms: 4,
        };
        assert_eq!(input.functions(), [expected]);
    }

    #[test]
    fn leaves_out_functions_called_once_a_day() {
        let rows = [row(10.0, 1, &[1, 0]), row(20.0, 1, &[1, 1])];
        for (least_calls, memories) in [(1, vec![10, 20]), (PUBLISHED_LEAST_CALLS, vec![20])] {
            let input = spread(&rows, least_calls).unwrap();
            let kept: Vec<u32> = input.functions().iter().map(|f| f.mem_mb).collect();
            assert_eq!(kept, memories);
        }
    }
}
