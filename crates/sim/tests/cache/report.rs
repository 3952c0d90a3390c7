//! Reports of caches as their readers get them, made of made-up outcomes.

use swell_core::time::Span;
use swell_sim::cache::case::Outcome;
use swell_sim::cache::experiment::Results;
use swell_sim::cache::mecomm17::{self, Figure};
use swell_sim::cache::report::{csv, json, page, table};
use swell_sim::cache::row::Row;
use swell_sim::cache::run::Played;
use swell_sim::report::html::shell::About;

/// Every published point, met exactly but for a thousandth in hits and a hundredth in time.
fn made_up() -> Results {
    let points = mecomm17::points();
    let row = |point: &mecomm17::Point| {
        let requests = 1_000_000;
        let hits = ((point.hit_ratio + 0.001) * requests as f64).round() as u64;
        let latency = Span::from_millis_f64(point.latency_ms * 1.01 * requests as f64);
        let outcome = Outcome { requests, local_hits: hits, group_hits: 0, latency, messages: 7 };
        let played = Played { outcome, kept: None, seconds: 1.0 };
        Row::new(&point.case(1), &played)
    };
    let mut rows: Vec<Row> = Vec::new();
    for point in &points {
        // Some points are in two figures, and differ a little there.
        let row = row(point);
        let same = |other: &Row| {
            (&other.group, other.workloads, other.slots) == (&row.group, row.workloads, row.slots)
        };
        if !rows.iter().any(same) {
            rows.push(row);
        }
    }
    let published = mecomm17::compare(&rows);
    Results { planned: rows.len(), rows, published, interrupted: false }
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("writing to memory succeeds");
    String::from_utf8(bytes).expect("reports are UTF-8")
}

#[test]
fn published_points_stand_beside_ours() {
    let results = made_up();
    assert_eq!((results.rows.len(), results.published.len()), (72, 76));
    let of = |figure| results.published.iter().filter(move |point| point.figure == figure).count();
    assert_eq!((of(Figure::CacheSize), of(Figure::Groups)), (40, 36));
    assert!(results.published.iter().all(|point| point.hit_ratio_off.abs() < 0.003));
    let table = text(|out| table::write(&results, out));
    assert!(table.contains("Of 76 published points none is farther off than 0.00"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn the_page_has_the_papers_four_figures() {
    let about = About { command: "swell sim cache".into(), version: "swell 0.1.0".into() };
    let page = text(|out| page::write(&made_up(), &about, out));
    for id in ["hits-by-size", "latency-by-size", "hits-by-groups", "latency-by-groups"] {
        assert!(page.contains(&format!("<div id=\"{id}\" class=\"chart\">")), "{id}");
    }
    for name in ["4-group", "32-no group, published", "16 workloads, published"] {
        assert!(page.contains(&format!("\"name\":\"{name}\"")), "{name}");
    }
    assert!(page.contains("0.6081") && page.contains("33.6"));
}

#[test]
fn files_hold_every_run() {
    let results = made_up();
    assert_eq!(text(|out| csv::write(&results, out)).lines().count(), 73);
    let document: serde_json::Value =
        serde_json::from_str(&text(|out| json::write(&results, out))).expect("it is JSON");
    assert_eq!(document["published"][0]["figure"], "cache-size");
    assert_eq!(document["rows"][0]["group"], "80x4");
    let nothing = Results::default();
    assert_eq!(text(|out| table::write(&nothing, out)), "No run was completed.\n");
}
