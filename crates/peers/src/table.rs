//! Figures for people.

use std::time::Duration;

use crate::load::Load;

/// A row of the table.
pub struct Row {
    /// What was measured.
    pub name: String,
    /// What it did.
    pub load: Load,
}

/// Prints rows, with each one's CPU time over that of the floor, which comes first.
pub fn print(rows: &[Row]) {
    println!(
        "{:<38} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8}",
        "SERVER", "REQ/S", "P50", "P99", "CPU µs", "OVER", "RSS"
    );
    let floor = rows.first().map_or(0.0, |row| micros(row.load.cpu));
    for Row { name, load } in rows {
        let cpu = micros(load.cpu);
        print!(
            "{name:<38} {:>9.0} {:>9} {:>9} {cpu:>8.1} {:>8.1} {:>8}",
            load.rate,
            shown(load.p50),
            shown(load.p99),
            cpu - floor,
            megabytes(load.memory),
        );
        match load.failed {
            0 => println!(),
            failed => println!("  {failed} answers were no success"),
        }
    }
}

/// Prints how much more CPU time a request costs one than the other.
pub fn ratio(rows: &[Row], label: &str, ours: &str, theirs: &[&str]) {
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    let best = theirs.iter().filter_map(|name| find(name));
    let best = best.min_by_key(|row| row.load.cpu);
    if let (Some(ours), Some(theirs)) = (find(ours), best) {
        let cpu = micros(theirs.load.cpu) / micros(ours.load.cpu);
        let rate = ours.load.rate / theirs.load.rate;
        println!(
            "{label}: {cpu:.2} times less CPU and {rate:.2} times the requests of `{}`",
            theirs.name
        );
    }
}

/// Microseconds.
pub fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

/// A span as people read it.
pub fn shown(span: Duration) -> String {
    match span.as_micros() {
        micros if micros < 1_000 => format!("{micros} µs"),
        micros if micros < 100_000 => format!("{:.2} ms", micros as f64 / 1e3),
        micros => format!("{:.0} ms", micros as f64 / 1e3),
    }
}

/// Bytes as people read them.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / (1 << 20) as f64)
}
