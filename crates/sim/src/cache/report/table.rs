//! The table a person reads in a terminal.

use std::io::{self, Write};

use crate::cache::experiment::Results;
use crate::cache::mecomm17::{Comparison, Figure};
use crate::cache::report::summary::{FIELDS, common, lines, varying};
use crate::report::figure::{count, whole};
use crate::report::student::Estimate;
use crate::report::table::write_aligned;

/// Writes what the runs have in common, a line per setting, and published points beside ours.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let Some(row) = results.rows.first() else {
        return writeln!(out, "No run was completed.");
    };
    let lines = lines(&results.rows);
    let runs = lines.iter().map(|line| line.runs).max().unwrap_or(0);
    writeln!(out, "{}", common(&lines))?;
    let (warmup, requests) = (whole(row.warmup as f64), whole(row.requests as f64));
    writeln!(out, "{requests} requests after {warmup} to warm up, {}\n", count(runs, "seed"))?;
    let varying = varying(&lines);
    let mut head: Vec<String> = varying.iter().map(|&field| FIELDS[field].0.to_string()).collect();
    if head.is_empty() {
        head.push("strategy".to_string());
    }
    let plays = lines.iter().any(|line| line.stale.is_some());
    head.extend(["hit", "local", "group", "latency ms", "messages"].map(str::to_string));
    if plays {
        head.extend(["stale", "write ms", "lost"].map(str::to_string));
    }
    let works = lines.iter().any(|line| line.task_wait.is_some());
    if works {
        let heads = ["task ms", "p99", "all local", "ahead", "useful", "late", "wasted", "store"];
        head.extend(heads.map(str::to_string));
    }
    head.push("M req/s".to_string());
    let mut cells = vec![head];
    for line in &lines {
        let mut row: Vec<String> =
            varying.iter().map(|&field| line.setting[field].clone()).collect();
        if row.is_empty() {
            row.push(line.setting[3].clone());
        }
        let speed =
            line.requests_per_s.map_or_else(String::new, |speed| format!("{:.2}", speed / 1e6));
        row.extend([
            spread(line.hit, 4),
            spread(line.local, 4),
            spread(line.group, 4),
            spread(line.latency_ms, 3),
            format!("{:.2}", line.messages.mean),
        ]);
        if plays {
            let number =
                |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
            let write = line.write_ms.map_or_else(String::new, |ms| format!("{ms:.1}"));
            row.extend([number(line.stale), write, number(line.lost)]);
        }
        if works {
            let [mean, last, local] = line.task_wait.unwrap_or_default();
            row.extend([format!("{mean:.1}"), format!("{last:.0}"), format!("{local:.3}")]);
            row.extend(line.ahead.map(|count| count.to_string()));
        }
        row.push(speed);
        cells.push(row);
    }
    write_aligned(&cells, out)?;
    if results.published.is_empty() {
        return Ok(());
    }
    for figure in [Figure::CacheSize, Figure::Groups] {
        writeln!(out)?;
        write_published(figure, &results.published, out)?;
    }
    writeln!(out, "\n{}", verdict(&results.published))
}

fn spread(estimate: Estimate, decimals: usize) -> String {
    match estimate.half {
        Some(half) => format!("{:.decimals$} ±{half:.decimals$}", estimate.mean),
        None => format!("{:.decimals$}", estimate.mean),
    }
}

fn write_published(figure: Figure, all: &[Comparison], out: &mut dyn Write) -> io::Result<()> {
    let head = match figure {
        Figure::CacheSize => "published by cache size",
        Figure::Groups => "published by groups",
    };
    let heads = [head, "workloads", "groups", "hit", "ours", "off", "latency ms", "ours", "off %"];
    let mut cells = vec![heads.map(str::to_string).to_vec()];
    for point in all.iter().filter(|point| point.figure == figure) {
        cells.push(vec![
            match figure {
                Figure::CacheSize => format!("{:.2}", point.cache_size),
                Figure::Groups => point.groups.to_string(),
            },
            point.workloads.to_string(),
            if point.groups == 1 { "none".to_string() } else { point.groups.to_string() },
            format!("{:.4}", point.published_hit_ratio),
            format!("{:.4}", point.hit_ratio),
            format!("{:+.4}", point.hit_ratio_off),
            format!("{:.2}", point.published_latency_ms),
            format!("{:.2}", point.latency_ms),
            format!("{:+.2}", point.latency_off_pct),
        ]);
    }
    write_aligned(&cells, out)
}

/// The farthest points, in one sentence.
pub fn verdict(points: &[Comparison]) -> String {
    let most = |value: fn(&Comparison) -> f64| points.iter().map(value).fold(0.0, f64::max);
    let hit = most(|point| point.hit_ratio_off.abs());
    let latency = most(|point| point.latency_off_pct.abs());
    format!(
        "Of {} published points none is farther off than {hit:.4} in hit ratio and {latency:.2} % \
         in latency.",
        points.len()
    )
}
