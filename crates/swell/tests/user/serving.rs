//! What everybody does first: bring a node up, deploy, call, look.

use swell_samples::samples;

use crate::node::{Node, until};

#[test]
fn a_function_is_deployed_called_and_looked_at() {
    let node = Node::up("");
    let deployed = node.deploy("hello", samples::HELLO, "--env LEVEL=1 -o json");
    assert_eq!(deployed.json()[0]["version"], 1);
    for (words, expected) in [
        ("invoke hello", "Hello, world!\n"),
        ("invoke hello -d Ada", "Hello, Ada!\n"),
        (r#"invoke hello -d {"name":"Grace"}"#, "Hello, Grace!\n"),
    ] {
        assert_eq!(node.fine(words).out, expected, "{words}");
    }
    assert!(node.deploy("hello", samples::HELLO, "--env LEVEL=1").told.contains("serves already"));
    let about = node.about("hello");
    assert_eq!((&about["state"], &about["calls"]["total"]), (&"ready".into(), &3.into()));
    assert_eq!(node.fine("list -o name").out, "hello\n");
    assert_eq!(node.fine("ps -o json").json()[0]["function"], "hello");
    assert_eq!(node.run("invoke nobody").code, Some(1));

    // A command of WASI, and what a guest writes.
    node.deploy("shout", samples::SHOUT, "");
    assert_eq!(node.fine("invoke shout -d quiet").out, "QUIET");
    node.deploy("trap", samples::TRAP, "");
    node.run("invoke trap").ended(3, "`trap`: the function trapped");
    until("what the guest wrote can be read", || {
        node.fine("logs trap").out.contains("about to trap").then_some(())
    });
    node.stop();
}

#[test]
fn a_manifest_is_planned_and_deployed() {
    let node = Node::up("");
    node.write("hello.wasm", samples::HELLO);
    node.write("events.wasm", samples::EVENTS);
    let manifest = "version = 1\n[[function]]\nname = \"hello\"\ncode = \"hello.wasm\"\n\
                    [[function]]\nname = \"events\"\ncode = \"events.wasm\"\nroutes = [\"/ticks\"]\n";
    node.write("app.toml", manifest.as_bytes());
    assert_eq!(node.run("plan").code, Some(1));
    node.fine("deploy -f app.toml");
    assert_eq!(node.run("plan").code, Some(0));
    assert_eq!(node.get("/ticks?n=2").text(), "data: tick\n\n".repeat(2));
    assert_eq!(node.get("/other").status, 404);
    node.stop();
}
