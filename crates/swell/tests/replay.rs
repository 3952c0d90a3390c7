//! Runs that were recorded are decided again; files that are none are refused in words.

mod shell;

use std::process::Output;

use shell::Folder;

const RUN: &str = "sim keepalive --trace 20-b --memory 1GB --no-bound --seed 1 --policy";

/// A folder with `run.journal` and `run.journal.gz`, recorded under that policy.
fn recorded(policy: &str) -> Folder {
    let folder = Folder::new();
    for name in ["run.journal", "run.journal.gz"] {
        let output = folder.run(&format!("{RUN} {policy} --journal {name} -o run.json"));
        assert!(output.status.success(), "{output:?}");
        assert!(told(&output).contains(&format!("wrote {name}")), "{output:?}");
    }
    folder
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn bytes(folder: &Folder, name: &str) -> Vec<u8> {
    std::fs::read(folder.0.join(name)).expect("it was written")
}

fn write(folder: &Folder, name: &str, bytes: &[u8]) {
    std::fs::write(folder.0.join(name), bytes).expect("the folder of the tests can be written");
}

#[test]
fn a_recorded_run_is_decided_again_as_it_was() {
    for policy in ["lru", "hazard", "fixed-ttl:ttl=5m,wait=3s"] {
        let folder = recorded(policy);
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&folder, "run.json")).expect("JSON");
        let digest = json["rows"][0]["digest"].as_str().expect("a fingerprint").to_string();
        for name in ["run.journal", "run.journal.gz"] {
            let output = folder.run(&format!("replay {name}"));
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            let line = printed(&output);
            assert!(line.starts_with("identical: ") && line.contains(" events, "), "{line}");
            assert!(line.trim_end().ends_with(&format!(" actions, digest {digest}")), "{line}");
        }
        let asked = folder.run(&format!("replay run.journal -o json --policy {policy}"));
        let asked: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("JSON");
        assert_eq!(asked["identical"], true, "{asked}");
        assert_eq!(asked["digest"], digest.as_str(), "{asked}");
    }
}

#[test]
fn overrides_are_part_of_what_is_recorded() {
    let folder = Folder::new();
    let words = "hazard --function *:pause-after=10s,paused-memory=1MB \
                 --function #1:concurrency=3,min-warm=2 --resume 300ms --journal run.journal";
    assert!(folder.run(&format!("{RUN} {words}")).status.success());
    let output = folder.run("replay run.journal");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn another_policy_is_asked_what_it_would_have_ordered() {
    let folder = recorded("lru");
    let output = folder.run("replay run.journal --policy fixed-ttl:ttl=1m");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    insta::assert_snapshot!("difference", printed(&output));
    insta::assert_snapshot!("difference_told", told(&output));
    let output = folder.run("replay run.journal --policy fixed-ttl:ttl=1m -o json");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    insta::assert_snapshot!("difference_json", printed(&output));
    let output = folder.run("replay run.journal --policy lruu");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(told(&output).contains("did you mean `lru`?"), "{output:?}");
}

#[test]
fn of_a_cut_journal_all_that_is_whole_is_decided_again() {
    let folder = recorded("lru");
    for (name, from) in [("cut", "run.journal"), ("cut.gz", "run.journal.gz")] {
        let whole = bytes(&folder, from);
        write(&folder, name, &whole[..whole.len() / 2]);
        let output = folder.run(&format!("replay {name}"));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(printed(&output).starts_with("identical: "), "{output:?}");
        assert!(told(&output).contains("ends in the middle"), "{output:?}");
        let asked = folder.run(&format!("replay {name} -o json"));
        let asked: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("JSON");
        assert_eq!((&asked["identical"], &asked["cut"]), (&true.into(), &true.into()));
        let other = folder.run(&format!("replay {name} --policy fixed-ttl:ttl=1m"));
        assert_eq!(other.status.code(), Some(1), "{other:?}");
    }
}

#[test]
fn files_that_are_no_journals_are_refused_in_words() {
    let folder = recorded("lru");
    let (whole, packed) = (bytes(&folder, "run.journal"), bytes(&folder, "run.journal.gz"));
    let changed = |bytes: &[u8], place: usize, byte: u8| {
        let mut bytes = bytes.to_vec();
        bytes[place] = byte;
        bytes
    };
    write(&folder, "empty", b"");
    write(&folder, "text.csv", b"t_ms,fn\n0,0\n");
    write(&folder, "cut", &whole[..200]);
    write(&folder, "cut.gz", &packed[..packed.len() / 200]);
    write(&folder, "newer", &changed(&whole, 8, 9));
    write(&folder, "hurt", &changed(&whole, whole.len() - 40, !whole[whole.len() - 40]));
    write(&folder, "hurt.gz", &changed(&packed, 4_000, !packed[4_000]));
    let mut letters = String::new();
    for name in
        ["empty", "text.csv", "cut", "cut.gz", "newer", "hurt", "hurt.gz", "none", ".", "run.json"]
    {
        let output = folder.run(&format!("replay {name}"));
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        assert!(output.stdout.is_empty(), "{name}: {output:?}");
        // How far a cut file can be read is up to the packing.
        let told = told(&output);
        let words =
            told.split(' ').map(|word| if word.parse::<u64>().is_ok() { "N" } else { word });
        let told = words.collect::<Vec<_>>().join(" ");
        letters += &format!("$ swell replay {name}\n{told}\n");
    }
    insta::assert_snapshot!("unreadable", letters);
}

#[test]
fn no_changed_byte_is_overlooked() {
    let folder = Folder::new();
    let words = "sim keepalive --trace gen:poisson,functions=4,calls=60,hours=1 --memory 1GB \
                 --policy lru --seed 1 --no-bound --journal run.journal";
    assert!(folder.run(words).status.success());
    let whole = bytes(&folder, "run.journal");
    for place in (0..whole.len()).step_by(whole.len() / 60 + 1) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        write(&folder, "changed", &bytes);
        let output = folder.run("replay changed");
        assert_eq!(output.status.code(), Some(1), "byte {place}: {output:?}");
        assert!(told(&output).starts_with("error: cannot read `changed`: it is "), "{output:?}");
    }
}

#[test]
fn a_journal_holds_one_run() {
    let folder = Folder::new();
    let base = "sim keepalive --trace 20-b --journal run.journal";
    let mut letters = String::new();
    for words in [
        "--memory 1GB",
        "--memory 1GB --policy lru",
        "--memory 1GB --policy lru,lfu --seed 1",
        "--memory 1GB,2GB --policy lru --seed 1",
        "--memory 1GB --policy lru --seed 1 --placement even,start",
        "--memory 1GB --policy lru --seed 1 -o json -o run.journal.txt --journal run.journal.txt",
        "--memory 1GB --policy lru --seed 1 -o run.txt",
    ] {
        let base = if words.contains("--journal") { "sim keepalive --trace 20-b" } else { base };
        let output = folder.run(&format!("{base} {words}"));
        let told = match output.status.code() {
            Some(0) => "fine\n".to_string(),
            _ => told(&output),
        };
        letters += &format!("$ swell {base} {words}\n{told}\n");
    }
    insta::assert_snapshot!("one_run", letters);
}
