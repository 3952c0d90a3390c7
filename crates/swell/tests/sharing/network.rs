//! Threads that go into network namespaces, links that become slow, clocks that jump.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::namespaces::Namespaces;

/// The variable that says that this machine has network namespaces, so that nothing is skipped.
const MUST: &str = "SWELL_TEST_NAMESPACES";
/// Where Debian keeps the library that tells processes another time.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Namespaces for so many nodes, or nothing, with the reason printed, where there can be none.
pub(crate) fn namespaces(nodes: u32) -> Option<Namespaces> {
    match Namespaces::new(nodes) {
        Ok(namespaces) => Some(namespaces),
        Err(why) => {
            assert!(std::env::var_os(MUST).is_none(), "there have to be namespaces: {why}");
            println!("skipped: no network namespaces: {why}");
            None
        }
    }
}

/// Takes this thread into a namespace.
pub(crate) fn enter(name: &str) {
    let place = File::open(Path::new("/run/netns").join(name)).expect("the namespace is there");
    move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network))
        .expect("who made it may enter it");
}

/// Lets so much leave a node in a second and no more, or all of it again.
pub(crate) fn slow(namespace: &str, rate: Option<&str>) {
    let mut words = vec!["-n", namespace, "qdisc"];
    match rate {
        Some(rate) => words.extend([
            "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "4kb", "latency", "300ms",
        ]),
        None => words.extend(["del", "dev", "eth0", "root"]),
    }
    let done = Command::new("tc").args(&words).output().expect("`tc` comes with `ip`");
    let why = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "tc {}: {why}", words.join(" "));
}

/// The environment of a node whose wall clock is told by a file, where the library for it is.
pub(crate) fn told_time(folder: &Path, name: &str) -> Vec<(String, String)> {
    if !Path::new(FAKETIME).exists() {
        return Vec::new();
    }
    set_clock(folder, name, "+0");
    let file = clock_file(folder, name).to_string_lossy().into_owned();
    [
        ("LD_PRELOAD", FAKETIME),
        ("FAKETIME_TIMESTAMP_FILE", &file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ]
    .map(|(name, value)| (name.to_string(), value.to_string()))
    .to_vec()
}

/// Sets the wall clock of a node off by so much, such as `+8h`; whether it can be.
pub(crate) fn set_clock(folder: &Path, name: &str, off: &str) -> bool {
    // Renamed into its place, so that nobody reads half of it.
    let (file, aside) = (clock_file(folder, name), folder.join("clock.new"));
    std::fs::write(&aside, off).expect("the folder can be written");
    std::fs::rename(aside, file).expect("the folder can be written");
    Path::new(FAKETIME).exists()
}

fn clock_file(folder: &Path, name: &str) -> std::path::PathBuf {
    folder.join(format!("clock-{name}"))
}
