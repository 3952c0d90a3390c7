//! `swell sim sites` as people see it: what it prints, and how bad input ends.

mod shell;

use shell::Folder;

#[test]
fn every_form_tells_the_same() {
    let folder = Folder::new();
    let words = "sim sites --trace 200 --sites 3 --workloads 3 --liars 1 --seeds 1 \
                 --slot 10 -o json -o rows.csv -o page.html -o table.txt";
    let output = folder.run(words);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = json.as_array().expect("there are rows");
    let policies: Vec<&str> = rows.iter().filter_map(|row| row["policy"].as_str()).collect();
    assert_eq!(policies, ["none", "reactive", "majority", "weighted"]);
    for row in rows {
        for key in ["drop_share", "latency_ms", "overload_minutes", "moves", "messages"] {
            assert!(row[key].is_number(), "{key} in {row}");
        }
    }
    assert_eq!((&rows[0]["moves"], &rows[0]["messages"]), (&0.into(), &0.into()));
    assert!(rows[3]["liar_share"].as_f64().is_some_and(|share| share < 0.25), "{}", rows[3]);
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).expect(name);
    assert_eq!(read("rows.csv").lines().count(), 5);
    assert!(read("table.txt").contains("1 lying"), "{}", read("table.txt"));
    let page = read("page.html");
    assert!(page.contains("weighted") && !page.contains("<script"), "{page}");
}

#[test]
fn what_cannot_be_played_is_refused() {
    let folder = Folder::new();
    for (words, expected) in [
        ("sim sites --sites 2", "2 is not in 3..=50"),
        ("sim sites --sites 51", "51 is not in 3..=50"),
        ("sim sites --sites 3 --liars 2 --drifters 2", "4 liars and drifters are more than"),
        ("sim sites --sites 3 --slow 4", "4 slow sites are more than the 3 sites"),
        ("sim sites --fill 0", "above 0"),
        ("sim sites --liars 1 --lies tales", "invalid value 'tales'"),
        ("sim sites --policy best", "invalid value 'best'"),
        ("sim sites --trace nowhere", "nowhere"),
    ] {
        let output = folder.run(words);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(expected), "{words}: {told}");
        assert!(output.stdout.is_empty(), "{words}");
    }
}

#[test]
fn a_trace_without_a_rhythm_is_told() {
    let folder = Folder::new();
    let output = folder.run("sim sites --trace azure2021-30");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("daily rhythm"), "{told}");
}
