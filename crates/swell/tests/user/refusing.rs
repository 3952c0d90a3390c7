//! What is wrong is refused with the reason and what would be right.

use std::sync::{Arc, Mutex, Weak};

use swell_samples::samples;

use crate::node::{Node, Ran, command, write};
use crate::shell::Folder;

static NODE: Mutex<Weak<Node>> = Mutex::new(Weak::new());

#[test]
fn manifests_name_the_nearest_key_with_its_place() {
    let folder = Folder::new();
    let base = "version = 1\n[[function]]\nname = \"a\"\n";
    for (file, text, told) in [
        (
            "key.toml",
            format!("{base}  memroy = \"8MiB\"\n"),
            "key.toml:4:3: a function has no key `memroy`; did you mean `memory`?",
        ),
        (
            "key.yaml",
            "version: 1\nfunction:\n- name: a\n  tiemout: 3s\n".to_string(),
            "key.yaml:4:3: a function has no key `tiemout`; did you mean `timeout`?",
        ),
        (
            "key.json",
            "{\"version\": 1, \"functions\": []}".to_string(),
            "key.json:1:16: a manifest has no key `functions`; did you mean `function`?",
        ),
        ("value.toml", format!("{base}memory = \"8\"\n"), "value.toml:4:10: `memory`: `8` is not"),
        ("word.toml", format!("{base}isolation = \"none\"\n"), "`none` is none of `request`"),
        ("syntax.toml", format!("{base}memory = \n"), "syntax.toml:4:"),
        ("twice.toml", format!("{base}[[function]]\nname = \"a\"\n"), "there already, in line 2"),
        ("old.toml", "[[function]]\nname = \"a\"\n".to_string(), "begins with `version = 1`"),
    ] {
        write(&folder.0, file, text.as_bytes());
        let ran = Ran::of(command(&folder, &format!("manifest check {file}")));
        ran.ended(2, told);
        assert!(ran.out.is_empty(), "{ran:?}");
    }
}

#[test]
fn what_is_no_function_is_named() {
    let node = Node::shared(&NODE);
    let elf = |machine: u8| {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(18, 0);
        bytes.extend([machine, 0, 0, 0]);
        bytes
    };
    let strange = "(component (import \"acme:door/bell@1.0.0\" (instance \
                   (export \"ring\" (func)))))";
    for (name, code, told) in [
        ("arm", elf(0xb7), "a Linux program (ELF) for arm64"),
        ("script", b"#!/bin/sh\necho\n".to_vec(), "a script"),
        ("text", b"just a text".to_vec(), "not WebAssembly"),
        ("empty", Vec::new(), "is empty"),
        ("short", b"\0asm".to_vec(), "cut off"),
        ("torn", samples::HELLO[..samples::HELLO.len() / 2].to_vec(), "not valid WebAssembly"),
        ("module", b"(module (func (export \"run\")))".to_vec(), "a core module without `_start`"),
        ("strange", strange.as_bytes().to_vec(), "acme:door/bell"),
        ("useless", b"(component)".to_vec(), "does not export `wasi:http/incoming-handler@0.2`"),
    ] {
        node.write(&format!("{name}.wasm"), &code);
        let ran = node.run(&format!("deploy {name}.wasm"));
        ran.ended(1, told);
        assert_eq!(node.call(name, b"").status, 404, "{name}");
    }
    // What served goes on serving.
    node.deploy("kept", samples::HELLO, "");
    node.run("deploy text.wasm --name kept").ended(1, "goes on serving");
    assert_eq!(node.call("kept", b"").text(), "Hello, world!\n");
    assert_eq!(node.about("kept")["version"], 1);
}

#[test]
fn a_taken_port_and_a_taken_folder_are_told() {
    let node = Node::shared(&NODE);
    let address = &node.address;
    let other = Arc::new(Folder::new());
    let up = |words: &str| Ran::of(command(&other, words));
    up(&format!("up --listen {address} --data data"))
        .ended(1, &format!("cannot listen on {address}"));
    let data = node.folder.0.join("data");
    let ran = up(&format!("up --listen 127.0.0.1:0 --data {}", data.display()));
    ran.ended(1, "another node already works in");
    node.deploy("unmoved", samples::HELLO, "");
    assert_eq!(node.call("unmoved", b"").status, 200);
    up("up --listen nowhere").ended(2, "`nowhere` is no address and port");
    up("list --node 127.0.0.1:1").ended(1, "no node answers at http://127.0.0.1:1");
}
