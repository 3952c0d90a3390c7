//! Printing: what the run was like, and each peer with its ratio to ours.

use crate::end::Wait;
use crate::measure::Figures;

/// What has to be known to read the figures.
pub(crate) fn conditions() {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let load = read("/proc/loadavg");
    let load = load.split(' ').take(1).collect::<String>();
    let policy = if is_real_time() { "real time (FIFO)" } else { "ordinary priority" };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores, load {load}, {policy}; latency one way, full copy in and out");
}

/// Whether only what is more important interrupts this process.
pub(crate) fn is_real_time() -> bool {
    // The policy is the 39th figure behind the program's name.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let policy = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(38));
    policy == Some("1")
}

pub(crate) fn print(wait: Wait, size: usize, rows: Vec<(&str, Vec<Figures>)>) {
    let medians: Vec<(&str, Figures)> =
        rows.into_iter().map(|(name, all)| (name, median(&all))).collect();
    let ours = medians[0].1;
    println!("\n{size} B, {}", wait.name());
    println!(
        "  {:<14} {:>10} {:>10} {:>6}  {:>12} {:>6}",
        "", "p50 ns", "p99 ns", "ratio", "messages/s", "ratio"
    );
    for (name, figures) in medians {
        println!(
            "  {name:<14} {:>10.0} {:>10.0} {:>6.2}  {:>12.0} {:>6.2}",
            figures.p50,
            figures.p99,
            figures.p50 / ours.p50,
            figures.rate,
            figures.rate / ours.rate,
        );
    }
}

/// The median of each figure.
fn median(all: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut sorted: Vec<f64> = all.iter().map(figure).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    Figures { p50: of(|one| one.p50), p99: of(|one| one.p99), rate: of(|one| one.rate) }
}
