//! The ring beside its peers, in one run and one table: a bare ring of sixty lines, iceoryx2
//! (with `--features iceoryx2`), a pipe and a Unix socket.
//!
//! Two processes, one on each of two cores; every byte is copied in and out. The latency is
//! half of a round trip. Rounds of all peers are interleaved and medians are shown, because
//! a hypervisor moves cores and a shared machine disturbs; still, compare within a run only.
//! `chrt -f 10` before the command shows the ring instead of the scheduler; `-- moving` prints
//! only what making and moving a FIFO costs, `-- --quick` takes one round instead of five.

mod bare;
#[cfg(feature = "iceoryx2")]
mod iceoryx;
mod end;
mod making;
mod measure;
mod moving;
mod ours;
mod streams;
mod table;

use end::Wait;
use measure::{Figures, child, measure};

const SIZES: [usize; 3] = [64, 4 << 10, 64 << 10];
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "child") {
        return join(&arguments[at + 1..]);
    }
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    table::conditions();
    if arguments.iter().any(|argument| argument == "moving") {
        return moving::print();
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let rounds = if quick { 1 } else { ROUNDS };
    for wait in [Wait::Spin, Wait::SpinThenSleep, Wait::Sleep] {
        for size in SIZES {
            let mut rows: Vec<(&str, Vec<Figures>)> = Vec::new();
            for _ in 0..rounds {
                for name in names(wait) {
                    let figures = one(name, size, wait);
                    match rows.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, all)) => all.push(figures),
                        None => rows.push((name, vec![figures])),
                    }
                }
            }
            table::print(wait, size, rows);
        }
    }
    moving::print();
}

/// Who takes part: sockets and pipes only sleep, the bare ring only spins.
fn names(wait: Wait) -> Vec<&'static str> {
    let mut names = vec!["swell", "swell, by 32"];
    if wait == Wait::Spin {
        names.push("bare ring");
    } else {
        names.extend(["pipe", "unix stream"]);
    }
    if cfg!(feature = "iceoryx2") {
        names.push("iceoryx2");
    }
    names
}

fn one(name: &str, size: usize, wait: Wait) -> Figures {
    match name {
        "swell" => measure::<ours::Ours>(name, size, wait),
        "swell, by 32" => measure::<ours::Batched>(name, size, wait),
        "bare ring" => measure::<bare::Bare>(name, size, wait),
        "pipe" => measure::<streams::Pipe>(name, size, wait),
        "unix stream" => measure::<streams::Socket>(name, size, wait),
        #[cfg(feature = "iceoryx2")]
        "iceoryx2" => measure::<iceoryx::Iceoryx>(name, size, wait),
        _ => unreachable!("all names are above"),
    }
}

fn join(arguments: &[String]) {
    match arguments[0].as_str() {
        "making" => making::take_part(&arguments[1]),
        "swell" => child::<ours::Ours>(arguments),
        "swell, by 32" => child::<ours::Batched>(arguments),
        "bare ring" => child::<bare::Bare>(arguments),
        "pipe" => child::<streams::Pipe>(arguments),
        "unix stream" => child::<streams::Socket>(arguments),
        #[cfg(feature = "iceoryx2")]
        "iceoryx2" => child::<iceoryx::Iceoryx>(arguments),
        name => panic!("nobody is called {name}"),
    }
}
