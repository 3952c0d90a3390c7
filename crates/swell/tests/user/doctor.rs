//! `swell doctor` looks at the real machine, and finds what was broken on purpose.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use serde_json::Value;
use swell_samples::samples;

use crate::node::{Node, Ran, command, write};
use crate::shell::Folder;

/// What is found of one thing: its level and its words.
fn found(ran: &Ran, check: &str) -> (String, String) {
    let checks = ran.json();
    let all = checks.as_array().expect("a list");
    let one = all.iter().find(|one| one["check"] == check);
    let one = one.unwrap_or_else(|| panic!("nothing about `{check}`: {ran:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    if one["level"] != "ok" {
        assert!(one["advice"].is_string(), "what is to be done? {one}");
    }
    (text(&one["level"]), text(&one["finding"]))
}

fn look(folder: &Folder, words: &str) -> Ran {
    Ran::of(command(folder, &format!("doctor -o json --memory 64MiB {words}")))
}

#[test]
fn a_machine_that_runs_these_tests_is_fit() {
    let folder = Folder::new();
    let ran = look(&folder, "--listen 127.0.0.1:0 --data data");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for check in ["settings", "memory", "data folder", "address", "clock", "docker"] {
        assert_ne!(found(&ran, check).0, "fail", "{ran:?}");
    }
    let table = Ran::of(command(&folder, "doctor --listen 127.0.0.1:0 --data data"));
    assert!(table.out.lines().all(|line| {
        ["ok    ", "warn  ", "      "].iter().any(|begin| line.starts_with(begin))
    }));
    let names = Ran::of(command(&folder, "doctor --listen 127.0.0.1:0 --data data -o name"));
    assert!(names.out.lines().count() >= 10, "{names:?}");
}

#[test]
fn what_is_broken_is_found() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let taken = listener.local_addr().expect("it is bound");
    // Somebody who speaks, but is no node.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = std::io::Write::write_all(&mut stream, b"220 smtp ready\r\n");
        }
    });
    write(&folder.0, "file", b"");
    write(&folder.0, "hurt/functions.redb", b"nonsense");
    write(&folder.0, "open/any", b"");
    let open = folder.0.join("open");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("it is ours");
    write(&folder.0, "bad.toml", b"[node]\nmemry = 1\n");
    write(&folder.0, "cert.pem", b"nothing");
    for (words, check, level, told) in [
        ("--config bad.toml", "settings", "fail", "did you mean `memory`?"),
        ("--data file", "data folder", "fail", "is no folder"),
        ("--data open", "data folder", "warn", "mode 755"),
        ("--data hurt", "store", "fail", "cannot be read"),
        ("--data data --memory 900TiB", "memory", "fail", "of "),
        ("--data data --listen 203.0.113.1:7070", "address", "fail", "cannot listen on"),
        ("--data data --set node.secrets=none", "secrets", "fail", "cannot be read"),
        ("--data data --listen TAKEN", "address", "fail", "is taken"),
        (
            "--data data --set tls.certificate=cert.pem --set tls.key=cert.pem",
            "certificate",
            "fail",
            "holds no certificate",
        ),
    ] {
        let words = words.replace("TAKEN", &taken.to_string());
        let listen = if words.contains("--listen") { "" } else { "--set node.listen=127.0.0.1:0" };
        let memory = if words.contains("--memory") { "" } else { "--memory 64MiB" };
        let words = format!("doctor -o json {listen} {memory} {words}");
        let ran = Ran::of(command(&folder, &words));
        let (graded, finding) = found(&ran, check);
        assert_eq!(
            (graded.as_str(), ran.code),
            (level, Some(i32::from(level == "fail"))),
            "{ran:?}"
        );
        assert!(finding.contains(told), "`{told}` is missing: {finding}");
    }
}

#[test]
fn limits_of_the_process_are_found() {
    let folder = Folder::new();
    for (limit, check, level) in
        [("ulimit -n 100", "open files", "fail"), ("ulimit -v 4000000", "guests", "warn")]
    {
        let mut shell = std::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_swell");
        let words = "doctor -o json --memory 64MiB --listen 127.0.0.1:0 --data data";
        shell.arg("-c").arg(format!("{limit} && exec {program} {words}")).current_dir(&folder.0);
        let ran = Ran::of(shell);
        assert_eq!(found(&ran, check).0, level, "{limit}: {ran:?}");
    }
}

#[test]
fn a_node_that_runs_is_recognised() {
    let folder = Arc::new(Folder::new());
    let node = Node::on(folder.clone(), "--set api.token=secret");
    write(&folder.0, "hello.wasm", samples::HELLO);
    node.fine("deploy hello.wasm --token secret");
    let words = format!("--data data --listen {}", node.address);
    let ran = look(&folder, &format!("{words} --set api.token=secret"));
    let (level, finding) = found(&ran, "address");
    assert!(level == "ok" && finding.ends_with("1 function"), "{ran:?}");
    assert_eq!(found(&ran, "store"), ("ok".to_string(), "in use by a running node".to_string()));
    // From elsewhere it is asked as any command would.
    let elsewhere = "doctor -o json --memory 64MiB --listen 127.0.0.1:0 --data other";
    let ran = node.run(&format!("{elsewhere} --token secret"));
    assert!(found(&ran, "node").1.ends_with("1 function"), "{ran:?}");
    let ran = node.run(&format!("{elsewhere} --token wrong"));
    assert_eq!((found(&ran, "node").0.as_str(), ran.code), ("fail", Some(1)), "{ran:?}");
    // Who is not let in cannot tell.
    let (level, finding) = found(&look(&folder, &words), "address");
    assert!(level == "fail" && finding.contains("token"), "{finding}");
    node.stop();
    let ran = look(&folder, &words);
    assert!(found(&ran, "address").1.ends_with("is free"), "{ran:?}");
    assert!(found(&ran, "store").1.starts_with("1 function"), "{ran:?}");
}
