//! `swell sim cache` as people see it: published cases by their parameters alone, files, letters.

mod shell;

use serde_json::Value;
use shell::Folder;

/// What the words print on the standard output; they must succeed.
fn print(folder: &Folder, words: &str) -> String {
    let output = folder.run(words);
    assert!(output.status.success(), "{words}: {output:?}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// The rows of a command with `-o json`.
fn rows(words: &str) -> Vec<Value> {
    let text = print(&Folder::new(), &format!("sim cache {words} -o json"));
    let document: Value = serde_json::from_str(&text).expect("it is JSON");
    document["rows"].as_array().expect("there are rows").clone()
}

#[test]
fn published_cases_are_given_by_their_parameters() {
    let small = "--contents 1000 --slots 10 --warmup 20000 --requests 60000 --seed 42";
    for (name, words, hits, latency_sum_ms) in [
        ("E1", "--topology PATH --strategy LCE --replacement LRU --alpha 1", 13_234, 869_208.0),
        ("E3", "--topology TREE --strategy LCE --replacement LRU --alpha 1", 17_875, 387_512.0),
        ("E4", "--topology tree --strategy lcd --replacement lru --alpha 1", 24_680, 342_240.0),
        ("E7", "--topology tree --strategy hr-symm --alpha 1", 49_184, 698_094.0),
        ("E8", "--topology tree --strategy NO_CACHE --alpha 0", 0, 480_000.0),
    ] {
        let rows = rows(&format!("{words} {small}"));
        assert_eq!(rows.len(), 1, "{name}");
        assert_eq!(rows[0]["hits"], hits, "{name}");
        assert_eq!(rows[0]["latency_sum_ms"], latency_sum_ms, "{name}");
    }
    let deck = "--topology deck --strategy group --replacement LRU --alpha 1 --workloads 32 \
                --contents 1000 --slots 10 --warmup 64000 --requests 64000 --seed 7 \
                --group 10x32,320x1";
    let rows = rows(deck);
    for (row, local, group, latency_sum_ms) in
        [(&rows[0], 13_683, 18_165, 2_761_300.0), (&rows[1], 13_380, 0, 4_383_692.0)]
    {
        assert_eq!((&row["local_hits"], &row["group_hits"]), (&local.into(), &group.into()));
        assert_eq!(row["latency_sum_ms"], latency_sum_ms);
    }
}

#[test]
fn rows_hold_what_programs_read() {
    let rows = rows("--requests 1000 --warmup 0");
    for (name, is_there) in [
        ("hits", Value::is_u64 as fn(&Value) -> bool),
        ("local_hits", Value::is_u64),
        ("group_hits", Value::is_u64),
        ("requests", Value::is_u64),
        ("hit_ratio", Value::is_f64),
        ("latency_sum_ms", Value::is_f64),
        ("latency_ms", Value::is_f64),
        ("messages", Value::is_u64),
        ("stale_reads", Value::is_u64),
        ("requests_per_s", Value::is_f64),
    ] {
        assert!(is_there(&rows[0][name]), "{name}: {}", rows[0]);
    }
}

#[test]
fn layers_of_prefetching_are_compared() {
    let words = "--protocol causal --tasks inputs=4 --prefetch off,p0,p0+p1,p0+p1+p2 \
                 --contents 200 --warmup 200 --requests 500";
    let rows = rows(words);
    assert_eq!(rows.len(), 4);
    for (row, layers) in rows.iter().zip(["off", "p0", "p0+p1", "p0+p1+p2"]) {
        assert_eq!((&row["prefetch"], &row["tasks_ended"]), (&layers.into(), &500.into()));
        assert_eq!(row["stale_reads"], 0);
        let fetches = row["prefetches"].as_u64().expect("it is a number");
        assert_eq!(fetches > 0, layers.contains("p1"), "{row}");
        for name in ["task_wait_ms", "task_wait_p99_ms", "tasks_local_ratio"] {
            assert!(row[name].is_f64(), "{name}: {row}");
        }
    }
}

#[test]
fn bytes_depend_on_nothing_but_the_command() {
    let folder = Folder::new();
    let words = "sim cache --strategy group:copy=0.1,prob-cache --replacement rand,s3-fifo \
                 --links random --warmup 500 --requests 2000 --seeds 3 --no-timing -o csv";
    let once = print(&folder, &format!("{words} --threads 1"));
    assert_eq!(once, print(&folder, &format!("{words} --threads 4")));
    assert_eq!(once.lines().count(), 1 + 2 * 2 * 3);
}

#[test]
fn the_table_says_what_differs() {
    let folder = Folder::new();
    let words = "sim cache --topology ring --strategy lce,edge --slots 5,20 --seeds 3 --no-timing";
    insta::assert_snapshot!("cache", print(&folder, words));
    insta::assert_snapshot!("help_cache", print(&folder, "sim cache --help"));
}

#[test]
fn a_network_comes_from_a_file() {
    let folder = Folder::new();
    let links = "# two rings and a spur\na b 1\nb c 1\nc a 1\nc d 4.5\nd e 2\nlonely other 1\n";
    std::fs::write(folder.0.join("isp.txt"), links).expect("the folder can be written");
    let words = "sim cache --topology isp.txt:source=e,external=10ms --strategy no-cache,edge \
                 --requests 5000 -o json -o page.html";
    let text = print(&folder, words);
    let rows: Value = serde_json::from_str(&text).expect("it is JSON");
    // Five receivers, 10 ms behind `e`: 17.5, 17.5, 16.5, 12 and 10 ms away.
    let latency_ms = rows["rows"][0]["latency_ms"].as_f64().expect("it is a number");
    assert!((latency_ms - 2.0 * 14.7).abs() < 0.3, "{latency_ms}");
    let page = std::fs::read_to_string(folder.0.join("page.html")).expect("it was written");
    assert!(page.contains("<h1>Cache groups</h1>") && page.contains("NO_CACHE"));
}

#[test]
fn what_is_wrong_is_told() {
    let folder = Folder::new();
    for (name, text) in
        [("bad.txt", "a b 1\na c fast\n"), ("none.txt", "# nothing\n"), ("a.txt", "a b")]
    {
        std::fs::write(folder.0.join(name), text).expect("the folder can be written");
    }
    for (words, code, said) in [
        ("--topology tre", 2, "no topology is called `tre`; did you mean `tree`?"),
        ("--topology tree:hight=3", 2, "no parameter `hight`; did you mean `height`?"),
        ("--topology tree:children=9,height=16", 2, "more than 20000 nodes"),
        ("--topology path:nodes=2", 2, "must be a whole number from 3 to"),
        ("--topology no.txt", 1, "cannot read `no.txt`"),
        ("--topology bad.txt", 1, "line 2: `fast` is no delay"),
        ("--topology none.txt", 1, "it has no links"),
        ("--topology a.txt:source=c", 2, "it has no router `c`"),
        ("--topology a.txt:source=", 2, "it has no router ``"),
        ("--strategy lcee", 2, "did you mean `LCE`?"),
        ("--strategy group:copy=1.5", 2, "must be a number from 0 to 1"),
        ("--strategy LCE:copy=1", 2, "`LCE` has no parameter `copy`"),
        ("--replacement lrru", 2, "did you mean `LRU`?"),
        ("--alpha -1", 2, "`--alpha -1` is no exponent"),
        ("--alpha NaN", 2, "`--alpha NaN` is no exponent"),
        ("--alpha inf", 2, "`--alpha inf` is no exponent"),
        ("--slots 0", 2, "a cache has at least one slot"),
        ("--slots 4000000000 --contents 15000000 --workloads 1", 2, "slots allowed"),
        ("--cache-size 1.5", 2, "is no share up to 1"),
        ("--cache-size 0.0001", 2, "a slot"),
        ("--contents 0", 2, "at least one workload with one content"),
        ("--contents 2000000000", 2, "contents allowed"),
        ("--requests 0", 2, "leaves nothing to count"),
        ("--group 10by32", 2, "`--group 10by32` is no shape"),
        ("--group 0x32", 2, "is no shape"),
        ("--group 4000000000x4000000000", 2, "is no shape"),
        ("--topology tree --strategy group", 2, "needs groups"),
        ("--topology tree --strategy group --group 10x4", 2, "has 39"),
        ("--topology tree --strategy lce --links random", 2, "about the paper's network"),
        ("--topology ring --strategy group --group 3x3 --lookup redirect", 2, "leaders to ask"),
        ("--protocol causal --tasks inputs=0", 2, "`inputs` of `tasks` is `0`"),
        ("--protocol causal --tasks input=3", 2, "did you mean `inputs`?"),
        ("--protocol causal --tasks --prefetch p0+p9", 2, "`p9` is no layer of prefetching"),
        ("--protocol causal --prefetch p0", 2, "--tasks"),
        ("--protocol causal --way jump", 2, "`jump` is no way of a leader"),
        ("--preset mecomm17 --slots 3", 2, "cannot be used with"),
        ("--preset mecomm18", 2, "mecomm17"),
    ] {
        let output = folder.run(&format!("sim cache {words}"));
        let told = String::from_utf8(output.stderr).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(code), "{words}: {told}");
        assert!(told.contains(said) && output.stdout.is_empty(), "{words}: {told}");
    }
}
