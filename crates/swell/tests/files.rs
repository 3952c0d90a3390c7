//! Files the program writes, and what it does when it is stopped or not listened to.

mod shell;

use std::io::Read;
use std::process::Stdio;

use shell::Folder;

#[test]
fn results_go_where_they_are_sent_and_are_the_same_each_time() {
    let folder = Folder::new();
    let words = "sim keepalive --trace 20-b --memory 1GB --policy lru,fixed-ttl:ttl=20m,wait=3s \
                 --seeds 2 -o a.json -o a.csv -o a.html -o a.txt";
    for threads in ["1", "2"] {
        let output = folder
            .run(&format!("{words} --threads {threads}").replace("a.", &format!("{threads}.")));
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).expect("it was written");
    for ending in ["json", "csv", "txt"] {
        assert_eq!(read(&format!("1.{ending}")), read(&format!("2.{ending}")), "{ending}");
    }
    let json: serde_json::Value = serde_json::from_str(&read("1.json")).expect("JSON");
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(4));
    assert_eq!(read("1.csv").lines().count(), 5);
    assert!(read("1.html").contains("fixed-ttl:ttl=20m,wait=3s"));
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let folder = Folder::new();
    for words in ["policy list", "--help", "trace inspect 20-b", "completions bash"] {
        let mut child = folder
            .command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut told).expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert!(status.success() && told.is_empty(), "{words}: {status} {told}");
    }
}

#[test]
fn traces_are_converted_sampled_and_generated() {
    let folder = Folder::new();
    for words in [
        "trace convert 20-b --to pair day.csv.gz",
        "trace convert day.functions.csv.gz day.invocations.csv.gz --to jsonl day.jsonl",
        "trace sample day.jsonl --functions 50% --until 2h part.jsonl",
        "trace generate gen:timers,functions=5,calls=500,hours=1,seed=3 timers.jsonl",
    ] {
        let output = folder.run(words);
        assert!(output.status.success(), "{words}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("wrote "), "{words}");
    }
    for (words, functions, span_s) in [
        ("trace inspect day.jsonl -o json", 20, 86_400.0),
        ("trace inspect part.jsonl -o json", 10, 7_200.0),
        ("trace inspect timers.jsonl -o json", 5, 3_600.0),
    ] {
        let output = folder.run(words);
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(found["functions"], functions, "{words}");
        assert!(found["span_s"].as_f64() <= Some(span_s), "{words}: {found}");
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_what_is_done() {
    let folder = Folder::new();
    let words =
        "sim keepalive --trace 200 --memory 8GB --policy lru --seeds 4000 --threads 1 -o csv";
    let child = folder
        .command(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let press = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(press.expect("`kill` is there").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let (told, rows) = (String::from_utf8_lossy(&output.stderr), output.stdout);
    assert!(told.contains("interrupted: ") && told.contains("completed"), "{told}");
    assert!(rows.iter().filter(|byte| **byte == b'\n').count() >= 2, "{told}");
}
