//! `swell watch` builds and deploys what changes, and only that.

use std::path::Path;

use rustix::process::Signal;
use swell_samples::samples;

use crate::node::{Node, Running, until, write};

/// Words that a build puts where they are called from.
const MANIFEST: &str = r#"
version = 1
[[function]]
name = "built"
code = "out/built.wasm"
build = { command = "sh build.sh", watch = ["src"] }
[[function]]
name = "plain"
code = "plain.wasm"
"#;

/// Copies the code that the source names, and leaves a trace of each run.
const BUILD: &str = "echo run >> runs\nmkdir -p out\ncp \"$(cat src/which).wasm\" out/built.wasm\n";

fn runs(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("runs")).map_or(0, |text| text.lines().count())
}

fn answers(node: &Node, function: &str, expected: &str) {
    until(&format!("`{function}` answers `{expected}`"), || {
        (node.call(function, b"Ada").text() == expected).then_some(())
    });
}

#[test]
fn what_changes_is_built_and_deployed_again() {
    let node = Node::up("");
    let folder = node.folder.0.clone();
    let put = |name: &str, text: &str| write(&folder, name, text.as_bytes());
    node.write("hello.wasm", samples::HELLO);
    node.write("echo.wasm", samples::ECHO);
    node.write("plain.wasm", samples::HELLO);
    put("app.toml", MANIFEST);
    put("build.sh", BUILD);
    put("src/which", "hello");
    let mut watching = Running::start(node.command("watch app.toml"));
    watching.told("watching app.toml");
    answers(&node, "built", "Hello, Ada!\n");
    answers(&node, "plain", "Hello, Ada!\n");
    assert_eq!(runs(&folder), 1);

    // A source: one build, one new version, and nothing of the other function.
    put("src/which", "echo");
    answers(&node, "built", "Ada");
    assert_eq!((runs(&folder), node.about("plain")["version"].clone()), (2, 1.into()));

    // Code that needs no build.
    node.write("plain.wasm", samples::ECHO);
    answers(&node, "plain", "Ada");
    assert_eq!((runs(&folder), node.about("built")["version"].clone()), (2, 2.into()));

    // A build that fails is told, and what served goes on serving.
    put("src/which", "nothing");
    watching.told("built: the build failed");
    answers(&node, "built", "Ada");
    put("src/which", "hello");
    answers(&node, "built", "Hello, Ada!\n");

    // Code that does not work, and a manifest that makes no sense.
    put("plain.wasm", "nonsense");
    watching.told("not WebAssembly");
    answers(&node, "plain", "Ada");
    put("app.toml", &MANIFEST.replace("build =", "biuld ="));
    watching.told("did you mean `build`?");
    node.write("plain.wasm", samples::HELLO);
    put(
        "app.toml",
        &MANIFEST.replace("[[function]]\nname = \"built\"", "[[function]]\nname = \"new\""),
    );
    answers(&node, "new", "Hello, Ada!\n");
    answers(&node, "plain", "Hello, Ada!\n");
    watching.told("built: no longer in the manifest");

    assert!(watching.is_running());
    watching.signal(Signal::INT);
    assert_eq!(watching.ended().code(), Some(0), "{:?}", watching.lines());
    watching.told("no longer watching; what was deployed goes on serving");
    assert_eq!(node.call("new", b"Ada").status, 200);
    node.stop();
}

#[test]
fn a_build_that_writes_beside_its_sources_comes_to_rest() {
    let node = Node::up("");
    let folder = node.folder.0.clone();
    node.write("hello.wasm", samples::HELLO);
    // Everything is watched, and each build writes a log and its code there.
    write(&folder, "app/build.sh", b"date +%N >> log\ncp ../hello.wasm app.wasm\n");
    let manifest = b"version = 1\n[[function]]\nname = \"app\"\ncode = \"app.wasm\"\n\
                     build = \"sh build.sh\"\n";
    write(&folder, "app/app.toml", manifest);
    let watching = Running::start(node.command("watch app/app.toml"));
    watching.told("watching app/app.toml");
    answers(&node, "app", "Hello, Ada!\n");
    let lines =
        || std::fs::read_to_string(folder.join("app/log")).map_or(0, |text| text.lines().count());
    assert!(lines() <= 2, "what a build writes asks for another build once");
    let before = lines();
    write(&folder, "app/notes", b"changed");
    until("a change is built", || (lines() > before).then_some(()));
    drop(watching);
    node.stop();
}

#[test]
fn watching_begins_with_what_can_be_watched() {
    let node = Node::up("");
    node.write("bad.toml", b"version = 1\nfunctoin = []\n");
    node.run("watch bad.toml").ended(2, "did you mean `function`?");
    node.run("watch none.toml").ended(2, "cannot read `none.toml`");
    node.write("app.toml", MANIFEST.as_bytes());
    node.run("watch --node 127.0.0.1:1").ended(1, "no node answers");
    node.stop();
}
