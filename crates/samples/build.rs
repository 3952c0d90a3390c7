//! Makes the samples: WebAssembly text becomes modules, and modules become components, with
//! libraries from the registry alone.

use std::fs;
use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Samples that answer `wasi:http`; each follows the common prologue.
const HANDLERS: [&str; 11] = [
    "hello", "echo", "work", "spin", "trap", "hog", "silent", "counter", "events", "visits",
    "fetch",
];

/// Ends the imports that a sample adds to the common ones: the text format wants all of
/// them before anything else.
const IMPORTS_END: &str = "  ;; End of imports.\n";

/// Samples that are modules as they stand.
const COMMANDS: [&str; 1] = ["shout"];

fn main() {
    println!("cargo::rerun-if-changed=wat");
    println!("cargo::rerun-if-changed=wit");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let prologue = read("wat/prologue.wat");
    for name in HANDLERS {
        let own = read(&format!("wat/{name}.wat"));
        let (imports, own) = own.split_once(IMPORTS_END).unwrap_or(("", &own));
        let module = parse(name, &format!("(module\n{imports}{prologue}{own})"));
        write(&out, name, &component(name, module));
    }
    for name in COMMANDS {
        write(&out, name, &parse(name, &read(&format!("wat/{name}.wat"))));
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

fn write(out: &Path, name: &str, bytes: &[u8]) {
    let path = out.join(format!("{name}.wasm"));
    fs::write(&path, bytes).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
}

fn parse(name: &str, text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn component(name: &str, mut module: Vec<u8>) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("world.wit", &read("wit/world.wit"))
        .unwrap_or_else(|error| panic!("world.wit: {error:?}"));
    let world = resolve
        .select_world(&[package], Some("handler"))
        .unwrap_or_else(|error| panic!("world.wit: {error:?}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .unwrap_or_else(|error| panic!("{name}: {error:?}"))
}
