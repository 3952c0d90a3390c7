//! Reports as their readers get them, made of made-up results.

mod fixture;

use insta::assert_snapshot;
use swell_sim::report::html::page;
use swell_sim::report::html::shell::About;
use swell_sim::report::{csv, json, table};
use swell_sim::results::Results;

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("writing to memory succeeds");
    String::from_utf8(bytes).expect("reports are UTF-8")
}

fn page(results: &Results) -> String {
    let about = About { command: "swell sim keepalive".into(), version: "swell 0.1.0".into() };
    text(|out| page::write(results, &about, out))
}

#[test]
fn the_table_is_sorted_aligned_and_explained() {
    let mut results = fixture::results(10);
    results.rows.retain(|row| row.memory_mb == 40_000.0);
    assert_snapshot!(text(|out| table::write(&results, out)));
}

#[test]
fn tables_fit_a_terminal() {
    let table = text(|out| table::write(&fixture::results(10), out));
    let widest = table.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(180), "{widest:?}");
}

#[test]
fn a_single_run_has_no_interval_and_nothing_has_no_table() {
    let mut results = fixture::results(1);
    results.rows.truncate(2);
    results.rows.iter_mut().for_each(|row| row.bound_pct = None);
    results.bounds.clear();
    assert_snapshot!(text(|out| table::write(&results, out)));
    assert_eq!(text(|out| table::write(&Results::default(), out)), "No run was completed.\n");
}

#[test]
fn files_are_the_same_for_the_same_results() {
    for write in [json::write, csv::write] {
        let once = text(|out| write(&fixture::results(2), out));
        assert_eq!(once, text(|out| write(&fixture::results(2), out)));
    }
    let mut results = fixture::results(1);
    results.rows.truncate(2);
    results.bounds.truncate(2);
    results.curve.truncate(1);
    assert_snapshot!(text(|out| csv::write(&results, out)));
    results.rows.truncate(1);
    assert_snapshot!(text(|out| json::write(&results, out)));
}

#[test]
fn the_page_is_one_file_with_one_script_and_all_charts() {
    let page = page(&fixture::results(10));
    assert_eq!(page, self::page(&fixture::results(10)), "the same bytes");
    let (document, script) = page.split_once("<script>").expect("a script");
    assert!(
        !document.contains("<script") && script.matches("</script>").count() == 1,
        "one script"
    );
    assert_eq!(page.matches("plotly.js v").count(), 1, "one copy of the library");
    for id in ["pareto", "waste", "functions", "always-cold", "timeline"] {
        assert!(page.contains(&format!("<div id=\"{id}\" class=\"chart\">")), "{id}");
    }
    for fetch in ["src=", "href=", "@import", "url(", "http://", "https://"] {
        assert!(!document.contains(fetch), "{fetch}");
    }
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
    assert!(!page.contains("<b>swell"), "names are text");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.html");
    std::fs::write(path, page).expect("the folder of the tests can be written");
}

#[test]
fn a_page_of_an_interrupted_command_says_so() {
    let mut results = fixture::results(1);
    results.rows.truncate(3);
    results.details.truncate(3);
    results.interrupted = true;
    assert!(page(&results).contains("Stopped early: 3 runs completed"));
    assert!(
        page(&Results { interrupted: true, ..Results::default() })
            .contains("No run was completed.")
    );
}
