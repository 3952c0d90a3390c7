//! What can be wrapped, and what is told of the rest.

use swell_componentize::wrap::wrap;

/// A module that answers nothing, with this among its imports.
fn module(imports: &str, export: &str) -> Vec<u8> {
    let text = format!(
        "(module {imports} (memory (export \"memory\") 1)
           (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable)
           (func (export \"{export}\") (param i32 i32)))"
    );
    wat::parse_str(text).expect("the text is well written")
}

const HANDLE: &str = "wasi:http/incoming-handler@0.2.0#handle";

fn import(from: &str, name: &str, shape: &str) -> String {
    format!("(import \"{from}\" \"{name}\" (func {shape}))")
}

#[test]
fn modules_become_components_of_the_version_they_import() {
    for (imports, export) in [
        (String::new(), HANDLE),
        (import("wasi:http/types@0.2.0", "[constructor]fields", "(result i32)"), HANDLE),
        (
            import("wasi:http/types@0.2.10", "[constructor]fields", "(result i32)"),
            "wasi:http/incoming-handler@0.2.10#handle",
        ),
        (
            import("wasi:keyvalue/store@0.2.0-draft", "open", "(param i32 i32 i32)")
                + &import("wasi:http/types@0.2.3", "[constructor]fields", "(result i32)"),
            "wasi:http/incoming-handler@0.2.3#handle",
        ),
    ] {
        let component = wrap(&module(&imports, export)).expect("it fits");
        let again = wrap(&component).expect_err("it is wrapped");
        assert!(again.to_string().contains("a component already"), "{again}");
        let text = String::from_utf8_lossy(&component).into_owned();
        let (name, _) = export.split_once('#').expect("an interface and a function");
        assert!(text.contains(name), "{export}");
        // What is not imported is not asked for.
        assert_eq!(text.contains("wasi:keyvalue"), imports.contains("wasi:keyvalue"), "{export}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let preview = import("wasi_snapshot_preview1", "proc_exit", "(param i32)");
    let third = import("wasi:http/types@0.3.0", "[constructor]fields", "(result i32)");
    let two = import("wasi:http/types@0.2.0", "[constructor]fields", "(result i32)")
        + &import("wasi:io/poll@0.2.1", "[resource-drop]pollable", "(param i32)");
    let shape = import("wasi:http/types@0.2.0", "[constructor]fields", "(result i64)");
    let foreign = import("env", "printf", "(param i32)");
    for (bytes, expected) in [
        (b"hello".to_vec(), "no WebAssembly module"),
        (Vec::new(), "no WebAssembly module"),
        (module("", HANDLE)[..60].to_vec(), "no WebAssembly module"),
        (module("", "handle"), "incoming-handler"),
        (module(&preview, HANDLE), "`wasi_snapshot_preview1`"),
        (module(&third, HANDLE), "`wasi:http/types@0.3.0`"),
        (module(&two, HANDLE), "WASI 0.2.0 and WASI 0.2.1"),
        (module(&shape, HANDLE), "fields"),
        (module(&foreign, HANDLE), "env"),
    ] {
        let error = wrap(&bytes).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}
