//! A disk that is full: what would not fit is refused with the reason, what serves goes on
//! serving, and nothing is lost.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use swell_samples::samples;

use crate::node::Node;
use crate::shell::Folder;

/// A small file system of its own, taken away with its value.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(path: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(path).expect("the folder of the tests can be written");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "swell-test"]).arg(path);
        let done = mount.output().is_ok_and(|output| output.status.success());
        done.then_some(Self(path))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        // Lazily: a node that was just killed may hold it for a moment.
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn a_full_disk_costs_only_what_does_not_fit() {
    let folder = Arc::new(Folder::new());
    let data = folder.0.join("data");
    let Some(_small) = Small::mount(&data) else {
        println!("skipped: no file system can be mounted here, which takes root");
        return;
    };
    let node = Node::on(folder.clone(), "");
    node.deploy("app", samples::HELLO, "");
    assert_eq!(node.call("app", b"").status, 200);
    let filler = data.join("filler");
    fill(&filler);

    // Code that is not there yet, and a version of code that is.
    node.write("echo.wasm", samples::ECHO);
    node.run("deploy echo.wasm --name other").ended(1, "is full");
    let refused = (2..50).find_map(|version| {
        // The store has some room of its own, which large specifications use up.
        let room = "x".repeat(60_000);
        let words = format!("deploy app.wasm --name app --memory 8MiB --env V={version}{room}");
        let ran = node.run(&words);
        fill(&filler);
        (ran.code != Some(0)).then_some(ran)
    });
    refused.expect("the store is full at last").ended(1, "nothing was changed");
    assert_eq!(node.call("app", b"Ada").text(), "Hello, Ada!\n");
    let version = node.about("app")["version"].clone();
    node.run("describe other").ended(1, "no function `other`");

    // With room again the next step works, and nothing that was believed is gone.
    let node = Node::on(node.kill(), "");
    assert_eq!(node.about("app")["version"], version);
    assert_eq!(node.call("app", b"Ada").text(), "Hello, Ada!\n");
    std::fs::remove_file(&filler).expect("it is there");
    node.deploy("other", samples::ECHO, "");
    assert_eq!(node.call("other", b"x").text(), "x");
    node.stop();
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let file = std::fs::File::options().append(true).create(true).open(path);
    let mut file = file.expect("it can be opened");
    while file.write_all(&[0; 4_096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
}
