//! Beginning a function, wrapping a module, and building what a manifest says.

mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use shell::Folder;

/// The examples of this repository.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Runs words that must succeed, and gives what they say.
fn says(folder: &Folder, words: &str) -> String {
    let output = folder.run(words);
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{words}: {told}");
    told
}

/// Runs words that must end with this code, and gives what they say.
fn refuses(folder: &Folder, words: &str, code: i32) -> String {
    let output = folder.run(words);
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{words}: {told}");
    assert!(output.stdout.is_empty(), "{words}");
    told
}

/// All files below a folder, without what builds leave behind.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    const LEFT: [&str; 7] = [
        "target",
        "node_modules",
        "wit",
        ".venv",
        "__pycache__",
        "Cargo.lock",
        "package-lock.json",
    ];
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("it can be listed") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
            if LEFT.contains(&name) || name.ends_with(".wasm") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).expect("it is below").to_path_buf());
            }
        }
    }
    found
}

#[test]
fn the_hello_examples_are_what_is_begun_with() {
    for language in ["rust", "js", "python", "c"] {
        let folder = Folder::new();
        let name = format!("hello-{language}");
        says(&folder, &format!("new {name} --lang {language}"));
        let (begun, example) = (folder.0.join(&name), examples().join(&name));
        assert_eq!(files(&begun), files(&example), "{language}");
        for path in files(&begun) {
            let read = |folder: &Path| fs::read_to_string(folder.join(&path)).expect("text");
            assert!(read(&begun) == read(&example), "{name}: {}", path.display());
        }
    }
}

#[test]
fn a_function_is_begun_under_its_own_name() {
    for language in ["rust", "javascript", "py", "c"] {
        let folder = Folder::new();
        let told = says(&folder, &format!("new my-f1 --lang {language} --path a/b"));
        for expected in ["wrote ", "cd a/b", "deploy -f app.toml --build", "invoke my-f1"] {
            assert!(told.contains(expected), "{language}: {told}");
        }
        for path in files(&folder.0.join("a/b")) {
            let text = fs::read_to_string(folder.0.join("a/b").join(&path)).expect("text");
            assert!(!text.contains("hello-") && !text.contains("hello_"), "{}", path.display());
        }
        let checked = folder.run("manifest check a/b/app.toml");
        assert!(checked.status.success(), "{language}: {checked:?}");
        let functions: serde_json::Value =
            serde_json::from_slice(&checked.stdout).expect("it is JSON");
        assert_eq!(functions[0]["name"], "my-f1", "{language}");
    }
}

#[test]
fn names_and_folders_are_refused_with_a_way_out() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("used")).expect("a folder");
    fs::write(folder.0.join("used/work.txt"), "mine").expect("a file");
    fs::write(folder.0.join("file"), "mine").expect("a file");
    fs::create_dir(folder.0.join("empty")).expect("a folder");
    for (words, code, expected) in [
        ("new My_Function --lang c", 2, "`my-function`"),
        ("new 7up --lang c", 2, "`f-7up`"),
        ("new used --lang c", 1, "`used` is there already"),
        ("new file --lang c", 1, "`file` is there already"),
        ("new ok --lang c --path used", 1, "`--path`"),
        ("new ok --lang c --path file/below", 1, "is there already"),
        ("new ok --lang cobol", 2, "python"),
        ("new ok", 2, "--lang"),
    ] {
        let told = refuses(&folder, words, code);
        assert!(told.contains(expected), "{words}: {told}");
    }
    assert!(!folder.0.join("ok").exists());
    assert_eq!(fs::read_to_string(folder.0.join("used/work.txt")).expect("it is kept"), "mine");
    says(&folder, "new empty --lang c");
}

#[test]
fn modules_are_wrapped_and_interfaces_printed() {
    let folder = Folder::new();
    fs::write(folder.0.join("hello.wasm"), swell_samples::samples::HELLO).expect("a file");
    fs::write(folder.0.join("shout.wasm"), swell_samples::samples::SHOUT).expect("a file");
    fs::write(folder.0.join("text.wasm"), "hello").expect("a file");
    for (words, code, expected) in [
        ("component wrap hello.wasm -o x.wasm", 1, "`swell deploy hello.wasm`"),
        ("component wrap shout.wasm -o x.wasm", 1, "wasm32-wasip2"),
        ("component wrap text.wasm -o x.wasm", 1, "no WebAssembly module"),
        ("component wrap away.wasm -o x.wasm", 1, "cannot read the module `away.wasm`"),
        ("component wrap hello.wasm", 2, "--output"),
        ("component wit --wasi 0.3.0", 2, "`--wasi 0.2.0`"),
    ] {
        let told = refuses(&folder, words, code);
        assert!(told.contains(expected), "{words}: {told}");
    }
    assert!(!folder.0.join("x.wasm").exists());
    let printed = folder.run("component wit --wasi 0.2.10");
    let text = String::from_utf8(printed.stdout).expect("UTF-8");
    assert!(text.contains("package wasi:http@0.2.10 {"), "{text}");
}

#[test]
fn builds_run_in_the_folder_of_the_manifest_before_anything_is_sent() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("app")).expect("a folder");
    let manifest = |command: &str| {
        let text = format!(
            "version = 1\n[[function]]\nname = \"a\"\ncode = \"a.wasm\"\nbuild = '{command}'\n\
             [[function]]\nname = \"b\"\ncode = \"b.wasm\"\nbuild = '{command}'\n"
        );
        fs::write(folder.0.join("app/app.toml"), text).expect("a file");
    };
    // Nothing listens there: what is told shows how far it came.
    let words = "deploy -f app/app.toml --node http://127.0.0.1:9";
    manifest("echo built >> log; test -x \"$SWELL\" && echo code > a.wasm && echo code > b.wasm");
    assert!(refuses(&folder, words, 1).contains("cannot read the code `app/a.wasm`"));
    assert!(!folder.0.join("app/log").exists());
    let told = refuses(&folder, &format!("{words} --build"), 1);
    assert!(told.contains("a: runs `echo built") && told.contains("127.0.0.1:9"), "{told}");
    let log = fs::read_to_string(folder.0.join("app/log")).expect("it ran");
    assert_eq!(log, "built\n", "a command that two functions share runs once");

    manifest("echo oops; exit 7");
    let told = refuses(&folder, &format!("{words} --build"), 1);
    for expected in ["oops\n", "ended with exit code 7", "nothing was deployed", "`app`"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let told = refuses(&folder, "deploy a.wasm --build", 2);
    assert!(told.contains("cannot be used with '--build'"), "{told}");
}
