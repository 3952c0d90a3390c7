//! The first command a newcomer runs keeps its promises.

mod shell;

use shell::Folder;

/// Played fast, so the functions' own work is short and the test is too.
const QUICK: &str = "demo --for 20m --speed 400 --listen 127.0.0.1:0";

#[test]
fn the_demo_serves_a_trace_and_prints_a_receipt() {
    let folder = Folder::new();
    let output = folder.run(QUICK);
    assert!(output.status.success(), "{output:?}");
    let receipt = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "20m of recorded traffic",
        "calls of 200 functions",
        "this node, hazard",
        "the simulator, hazard",
        "the simulator, fixed-ttl",
        "Latency by the wall clock",
        "bad calls",
        "swell demo --keep",
    ] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    assert!(receipt.lines().all(|line| line.chars().count() <= 100), "{receipt}");
    let progress = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(progress.contains("deployed 200 WebAssembly functions"), "{progress}");
}

#[test]
fn what_cannot_be_is_refused_before_the_work() {
    for (words, code) in [
        ("demo --speed 0", 2),
        ("demo --for 0s", 1),
        ("demo --memory many", 2),
        ("bench replay-trace --trace 200 --policy nobody", 2),
        ("bench replay-trace --trace nothing-here", 2),
    ] {
        let output = Folder::new().run(words);
        assert_eq!(output.status.code(), Some(code), "{words}: {output:?}");
        assert!(output.stdout.is_empty(), "{words}: {output:?}");
    }
}

#[test]
fn sites_foresee_a_peak_and_take_a_wrong_move_back() {
    let output = Folder::new().run("demo --sites 3");
    let receipt = String::from_utf8(output.stdout).expect("UTF-8");
    let progress = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{receipt}\n{progress}");
    // Whether it came before the overload is for a machine that has time; in virtual time it is
    // asserted (`swell-site`, `moving`).
    for part in [
        "done after",
        "is predicted to be at",
        "its traffic had left",
        "rolled-back after",
        "it was refused",
        "0 of them failed",
    ] {
        assert!(receipt.contains(part), "{part}: {receipt}\n{progress}");
    }
}
