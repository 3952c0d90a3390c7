//! What recording costs a request, in nanoseconds: `cargo bench -p swell-journal`. A warm
//! request is two events, each with what followed. The fastest round is the machine's
//! truth, the rest is noise of its neighbours.

use std::hint::black_box;
use std::io;
use std::time::Instant as Clock;

use swell_core::action::{Action, StartKind};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::journal::{Digest, Journal, Recorder};
use swell_core::journal_format::Header;
use swell_core::settings::SiteSettings;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_journal::writer::JournalWriter;

const ROUNDS: usize = 30;
const REQUESTS: u64 = 100_000;

fn main() {
    let mut digest = Digest::default();
    measure("digest", || requests(&mut digest));
    black_box(digest.value());
    measure("records", || {
        let mut recorder = Recorder::default();
        requests(&mut recorder);
        black_box(recorder.bytes().len());
    });
    let memory = Bytes::from_mb(1_000);
    let settings = SiteSettings { memory, seed: 1, policy: "hazard".to_string() };
    let header = Header { program: "bench".to_string(), settings };
    measure("a whole journal, into nowhere", || {
        let mut writer = JournalWriter::new(io::sink(), &header).expect("nowhere has room");
        requests(&mut writer);
        black_box(writer.events());
    });
}

fn measure(name: &str, mut work: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Clock::now();
        work();
        best = best.min(begun.elapsed().as_nanos() as f64 / REQUESTS as f64);
    }
    println!("{name:<32} {best:>8.1} ns");
}

fn requests(journal: &mut impl Journal) {
    let (function, instance) = (FunctionId(3), InstanceId { slot: 70, generation: 1_000 });
    for number in 0..REQUESTS {
        let request = RequestId(1_000_000 + number);
        let now = Instant::from_nanos(3_600_000_000_000 + number * 10_123);
        journal.event(now, SiteId(0), &Event::RequestArrived { request, function });
        journal.actions(&[Action::Invoke { request, instance, start: StartKind::Warm }]);
        let run = Span::from_nanos(9_000 + number % 1_000);
        let finished = Event::InvocationFinished { instance, request, run };
        journal.event(now + run, SiteId(0), &finished);
        journal.actions(&[]);
    }
}
