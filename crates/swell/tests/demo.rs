//! The first command a newcomer runs keeps its promises.

mod shell;

use shell::Folder;

#[test]
fn the_demo_prints_a_receipt_and_writes_a_report() {
    let folder = Folder::new();
    let output = folder.run("demo");
    assert!(output.status.success(), "{output:?}");
    let receipt = String::from_utf8(output.stdout).expect("UTF-8");
    for part in ["155,469 calls of 200 functions", "lru", "fixed-ttl", "lower bound", "is best"] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    assert!(receipt.lines().all(|line| line.chars().count() <= 100), "{receipt}");
    let report = std::fs::read_to_string(folder.0.join("swell-demo.html")).expect("a report");
    assert!(report.contains("Keep-alive on 200"));
    let refused = folder.run("demo --report no/where.html");
    assert_eq!(refused.status.code(), Some(2), "before any work");
}
