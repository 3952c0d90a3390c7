//! Three processes that decide on proposals while one after the other is killed.
//!
//! Started by `cargo test` it is the conductor; with `SWELL_COUNCIL_SITE` it is a site, told what
//! to do over its input. What one decision takes in waits for the disk, messages and time is
//! printed and not judged: disks and machines differ.

mod certificates;
mod conductor;
mod member;
mod namespaces;
mod partitions;
mod process;
#[path = "../council_log/register.rs"]
mod register;
mod registers;
mod summary;

fn main() {
    match std::env::var("SWELL_COUNCIL_SITE") {
        Ok(site) => member::run(site.parse().expect("a number")),
        Err(_) => {
            conductor::run();
            partitions::run();
        }
    }
}
