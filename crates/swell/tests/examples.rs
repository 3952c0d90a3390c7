//! The examples, built from source, deployed on a node and called over HTTP.
//!
//! `examples/build.sh` builds them, with tools that not every machine has. What is not built
//! is skipped, and says so; in continuous integration it is a failure.

mod shell;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use shell::Folder;

/// What an example answers: its name, what it is sent below its path, and then a part of
/// the first and the second answer.
const ANSWERS: &[(&str, &str, &str, [&str; 2])] = &[
    ("hello-c", "", "Ada", ["Hello, Ada, from C!\n"; 2]),
    ("hello-c", "", "", ["Hello, world, from C!\n"; 2]),
    ("hello-js", "", "Ada", ["Hello, Ada, from JavaScript!\n"; 2]),
    ("hello-js", "", "", ["Hello, world, from JavaScript!\n"; 2]),
    ("hello-python", "", "Ada", ["Hello, Ada, from Python!\n"; 2]),
    ("hello-python", "", "", ["Hello, world, from Python!\n"; 2]),
    ("hello-rust", "", "Ada", ["Hello, Ada, from Rust!\n"; 2]),
    ("hello-rust", "", "", ["Hello, world, from Rust!\n"; 2]),
    ("page-js", "", r#"{"a<b": 2}"#, ["<th>a&lt;b</th>"; 2]),
    ("visits-rust", "/x", "", ["The first visit of /x.\n", "Visit 2 of /x.\n"]),
    (
        "words-c",
        "",
        "A cat,\nthe cat",
        [r#"{"bytes":14,"lines":2,"words":4,"different":3,"commonest":[{"word":"cat","count":2}"#;
            2],
    ),
];

/// The examples of this repository, or what is built of them.
fn examples(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(below)
}

/// A node that runs until it is dropped.
struct Node {
    child: Child,
    address: String,
    folder: Folder,
}

impl Node {
    fn up() -> Self {
        let folder = Folder::new();
        let built = std::path::absolute(examples("target")).expect("it has a place");
        std::os::unix::fs::symlink(built, folder.0.join("built")).expect("a link");
        let mut command = folder.command("up --listen 127.0.0.1:0 --data data");
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("serves at ").map(|(_, address)| address.to_string()));
        // A node whose words nobody reads would wait for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address: address.expect("it says where it serves"), folder }
    }

    fn deploy(&self, name: &str) {
        let words = format!("deploy -f built/{name}/app.toml --node {}", self.address);
        let output = self.folder.run(&words);
        assert!(output.status.success(), "{name}: {output:?}");
    }

    fn call(&self, name: &str, path: &str, body: &str) -> String {
        let url = format!("{}/function/{name}{path}", self.address);
        let mut answer = ureq::post(&url).send(body).expect("it answers");
        answer.body_mut().read_to_string().expect("it is text")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the code of an example is, once it is built.
fn code(name: &str) -> PathBuf {
    let folder = examples("target").join(name);
    match name.rsplit_once('-') {
        Some((_, "rust")) => folder
            .join("target/wasm32-wasip2/release")
            .join(format!("{}.wasm", name.replace('-', "_"))),
        _ => folder.join(format!("{name}.wasm")),
    }
}

#[test]
fn examples_answer() {
    let is_required = std::env::var("CI").is_ok_and(|value| value == "true");
    let names = ANSWERS.iter().map(|(name, ..)| *name);
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    let (built, missing): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| code(name).exists());
    for name in &missing {
        println!("SKIPPED {name}: it is not built; `examples/build.sh {name}` builds it");
    }
    assert!(missing.is_empty() || !is_required, "not built: {missing:?}");
    if built.is_empty() {
        return;
    }
    let node = Node::up();
    for name in &built {
        node.deploy(name);
    }
    for (name, path, body, expected) in ANSWERS.iter().filter(|row| built.contains(&row.0)) {
        for expected in expected {
            let answer = node.call(name, path, body);
            assert!(answer.contains(expected), "{name}{path} {body}: {answer}");
        }
    }
}

#[test]
fn every_example_is_called_and_told_of() {
    let mut found: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(examples("")).expect("the examples are there") {
        let path = entry.expect("an entry").path();
        if path.join("app.toml").exists() {
            let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
            found.push(name.to_string());
        }
    }
    found.sort();
    let mut called: Vec<&str> = ANSWERS.iter().map(|(name, ..)| *name).collect();
    called.dedup();
    assert_eq!(found, called);
    let table = std::fs::read_to_string(examples("README.md")).expect("the examples have a page");
    for name in found {
        assert!(table.contains(&format!("| [{name}]({name})")), "{name} is not in the table");
    }
}

#[test]
fn examples_in_c_share_their_bindings() {
    for file in ["http.c", "http.h"] {
        let read = |name: &str| std::fs::read_to_string(examples(name).join(file)).expect("text");
        assert!(read("hello-c") == read("words-c"), "{file}");
    }
}
