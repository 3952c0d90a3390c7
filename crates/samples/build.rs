//! Makes the samples: WebAssembly text becomes modules, and modules become components, with
//! libraries from the registry alone.

use std::fs;
use std::path::{Path, PathBuf};

use swell_componentize::wrap::wrap;

/// Samples that answer `wasi:http`; each follows the common prologue.
const HANDLERS: [&str; 16] = [
    "hello", "echo", "work", "spin", "trap", "hog", "silent", "counter", "events", "visits",
    "fetch", "collect", "scatter", "drain", "note", "album",
];

/// Ends the imports that a sample adds to the common ones: the text format wants all of
/// them before anything else.
const IMPORTS_END: &str = "  ;; End of imports.\n";

/// Samples that are modules as they stand.
const COMMANDS: [&str; 2] = ["shout", "moody"];

fn main() {
    println!("cargo::rerun-if-changed=wat");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let prologue = read("wat/prologue.wat");
    for name in HANDLERS {
        let own = read(&format!("wat/{name}.wat"));
        let (imports, own) = own.split_once(IMPORTS_END).unwrap_or(("", &own));
        let module = parse(name, &format!("(module\n{imports}{prologue}{own})"));
        let component = wrap(&module).unwrap_or_else(|error| panic!("{name}: {error}"));
        write(&out, name, &component);
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
