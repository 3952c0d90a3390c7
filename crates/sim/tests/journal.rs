//! Journals of whole runs: decided again they are the same, hurt they are refused, and no
//! bytes bring a replay down.

use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use swell_core::action::{Action, RefuseReason};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::journal::{Journal, Record, Recorder};
use swell_core::journal_format::{Head, Header, Kind, MAGIC, Summary, payload, preamble};
use swell_core::settings::{FunctionSettings, SiteSettings};
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_journal::error::JournalError;
use swell_journal::reader::JournalReader;
use swell_journal::writer::JournalWriter;
use swell_sim::replay::{Outcome, ReplayError, replay};
use swell_sim::simulate::{Case, Scenario, simulate, simulate_into};
use swell_trace::cold::ColdCost;
use swell_trace::open::Options;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

/// Overrides of every kind, so that every kind of event and action is recorded.
fn scenario() -> Scenario {
    let words = ["gen:bursty,functions=30,calls=10000,hours=3,seed=2".to_string()];
    let trace = Trace::named_or_open(&words, &Options::default()).expect("a recipe");
    let cold = ColdCost::Constant(Span::from_secs(1));
    let model = cold.resolve(trace.functions()).expect("it is constant");
    let mut functions: Vec<FunctionSettings> =
        trace.functions().iter().map(|profile| FunctionSettings::plain(profile.memory)).collect();
    functions[0].min_warm = 2;
    functions[1].pause_after = Some(Span::from_secs(20));
    functions[1].paused_memory = Bytes::from_mb(5);
    functions[2].concurrency = 3;
    functions[3].run_and_exit = true;
    Scenario {
        functions,
        cold: model,
        cold_name: "1s".into(),
        resume: Span::from_millis(100),
        overrides: "some".into(),
        samples: 0,
        trace,
    }
}

fn case(policy: &str) -> Case {
    Case { policy: policy.into(), memory: Bytes::from_mb(2_500), reading: Reading::default() }
}

fn header(settings: SiteSettings) -> Header {
    Header { program: "a test".into(), settings }
}

fn recorded(policy: &str) -> (Vec<u8>, Summary) {
    let (scenario, case) = (scenario(), case(policy));
    let mut writer = JournalWriter::new(Vec::new(), &header(case.settings())).expect("in memory");
    let interrupt = AtomicBool::new(false);
    let (row, _) = simulate_into(&scenario, &case, &mut writer, &interrupt).expect("it runs");
    let (bytes, summary) = writer.finish().expect("in memory");
    let (silent, _) = simulate(&scenario, &case, &interrupt).expect("it runs");
    assert_eq!(row.digest, silent.digest, "being recorded changes nothing");
    assert_eq!(row.digest, format!("{:016x}", summary.digest));
    (bytes, summary)
}

fn read(bytes: &[u8], other: Option<&str>) -> Result<Outcome, ReplayError> {
    replay(&mut JournalReader::new(bytes)?, other).map(|replayed| replayed.outcome)
}

#[test]
fn a_recorded_run_is_decided_again_as_it_was() {
    for policy in ["lru", "fixed-ttl:ttl=5m", "hazard", "hybrid-histogram", "random:wait=3s"] {
        let (bytes, summary) = recorded(policy);
        assert!(summary.events > 10_000 && bytes.len() > 64 << 10, "several blocks: {summary:?}");
        for other in [None, Some(policy)] {
            assert_eq!(read(&bytes, other).expect(policy), Outcome::Same(summary), "{policy}");
        }
    }
}

#[test]
fn another_policy_orders_otherwise() {
    let (bytes, summary) = recorded("lru");
    for other in ["fixed-ttl:ttl=1m", "greedy-dual", "hazard", "lru:wait=3s"] {
        match read(&bytes, Some(other)).expect(other) {
            Outcome::Differs { events, difference } => {
                assert!(events > 30 && events < summary.events, "{other}");
                assert_ne!(difference.recorded, difference.ordered, "{other}");
            }
            outcome => panic!("{other}: {outcome:?}"),
        }
    }
    assert!(matches!(read(&bytes, Some("lruu")), Err(ReplayError::Policy(_))));
}

/// A journal with the given payload as its records, sound in everything but these.
fn framed(settings: SiteSettings, records: &[u8]) -> Vec<u8> {
    let header = payload(&header(settings));
    let end = payload(&Summary { events: 0, actions: 0, digest: 0 });
    let mut bytes = preamble().to_vec();
    let blocks = [(Kind::Header, &header[..]), (Kind::Records, records), (Kind::Summary, &end)];
    for (place, (kind, payload)) in (0..).zip(blocks) {
        bytes.extend(Head::of(kind, place, payload).expect("short").bytes());
        bytes.extend(payload);
    }
    bytes
}

fn kind(result: Result<Outcome, ReplayError>) -> &'static str {
    match result {
        Ok(Outcome::Same(_)) => "same",
        Ok(Outcome::Cut(_)) => "cut",
        Ok(Outcome::Differs { .. } | Outcome::FlowsDiffer { .. }) => "differs",
        Err(ReplayError::Journal(JournalError::Foreign)) => "foreign",
        Err(ReplayError::Journal(JournalError::Newer { .. })) => "newer",
        Err(ReplayError::Journal(JournalError::Cut { .. })) => "cut",
        Err(ReplayError::Journal(JournalError::Broken { .. })) => "broken",
        Err(ReplayError::Journal(JournalError::Io(_))) => "io",
        Err(ReplayError::Untrue { .. } | ReplayError::FlowsUntrue { .. }) => "untrue",
        Err(ReplayError::Policy(_) | ReplayError::FlowPolicy(_)) => "policy",
    }
}

fn encoded(records: &[Record]) -> Vec<u8> {
    let mut recorder = Recorder::default();
    for record in records {
        recorder.event(record.at, record.site, &record.event);
        recorder.actions(&record.actions);
    }
    recorder.bytes().to_vec()
}

fn record(event: Event, actions: Vec<Action>) -> Record {
    Record { at: Instant::ZERO, site: SiteId(0), event, actions }
}

#[test]
fn every_kind_of_damage_has_its_name() {
    let (whole, _) = recorded("lru");
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        kind(read(&bytes, None))
    };
    let settings = || case("lru").settings();
    let made = |settings: SiteSettings, records: &[Record]| {
        kind(read(&framed(settings, &encoded(records)), None))
    };
    let deployed = |function, memory, min_warm| {
        let settings = FunctionSettings { min_warm, ..FunctionSettings::plain(memory) };
        let function = FunctionId(function);
        record(Event::FunctionDeployed { function, settings: Box::new(settings) }, vec![])
    };
    let (request, function) = (RequestId(1), FunctionId(9));
    let refused = Action::Refuse { request, reason: RefuseReason::NoMemory };
    let mb = Bytes::from_mb(1);
    for (what, found, expected) in [
        ("whole", changed(&|_| {}), "same"),
        ("empty", changed(&|bytes| bytes.clear()), "foreign"),
        ("text", changed(&|bytes| *bytes = b"t_ms,fn\n0,0\n".to_vec()), "foreign"),
        ("a start", changed(&|bytes| bytes.truncate(MAGIC.len())), "cut"),
        ("a bit of a start", changed(&|bytes| bytes.truncate(3)), "cut"),
        ("another beginning", changed(&|bytes| bytes[0] = b'S'), "foreign"),
        ("a newer one", changed(&|bytes| bytes[8] = 9), "newer"),
        ("no version", changed(&|bytes| bytes[8] = 0), "broken"),
        ("header", changed(&|bytes| bytes[30] ^= 4), "broken"),
        ("record", changed(&|bytes| bytes[5_000] ^= 4), "broken"),
        ("last byte", changed(&|bytes| *bytes.last_mut().unwrap() ^= 1), "broken"),
        ("one byte less", changed(&|bytes| bytes.truncate(bytes.len() - 1)), "cut"),
        ("half", changed(&|bytes| bytes.truncate(bytes.len() / 2)), "cut"),
        ("one byte more", changed(&|bytes| bytes.push(0)), "broken"),
        ("twice", changed(&|bytes| bytes.extend(bytes.clone())), "broken"),
        ("no records", made(settings(), &[]), "same"),
        ("other actions", made(settings(), &[record(Event::WokeUp, vec![refused])]), "differs"),
        (
            "a reason",
            made(settings(), &[record(Event::RequestArrived { request, function }, vec![refused])]),
            "differs",
        ),
        ("a function far away", made(settings(), &[deployed(u32::MAX, mb, 0)]), "untrue"),
        ("endless memory", made(settings(), &[deployed(0, Bytes::MAX, 0)]), "untrue"),
        ("endless instances", made(settings(), &[deployed(0, Bytes::ZERO, u32::MAX)]), "untrue"),
        ("many instances", made(settings(), &[deployed(0, Bytes::ZERO, 100_000)]), "differs"),
        ("an endless site", made(SiteSettings { memory: Bytes::MAX, ..settings() }, &[]), "broken"),
        ("no policy", made(SiteSettings { policy: "x".into(), ..settings() }, &[]), "policy"),
        ("half a record", kind(read(&framed(settings(), &[0, 0]), None)), "broken"),
    ] {
        assert_eq!(found, expected, "{what}");
    }
    let instance = InstanceId { slot: 0, generation: 0 };
    let late = record(Event::InstanceFailed { instance }, vec![]);
    assert_eq!(made(settings(), &[late]), "broken", "the end tells of no events");
}

#[test]
fn a_journal_that_cannot_be_written_says_so_at_its_end() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let case = case("lru");
    assert!(JournalWriter::new(Full(20), &header(case.settings())).is_err());
    let mut writer = JournalWriter::new(Full(1_000), &header(case.settings())).expect("it fits");
    let interrupt = AtomicBool::new(false);
    simulate_into(&scenario(), &case, &mut writer, &interrupt).expect("the run is not disturbed");
    let error = writer.finish().err().expect("it does not fit");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

proptest! {
    #[test]
    fn no_bytes_bring_a_replay_down(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&bytes, None);
        let mut begun = preamble().to_vec();
        begun.extend(&bytes);
        let _ = read(&begun, None);
        for policy in ["lru", "hazard"] {
            let framed = framed(case(policy).settings(), &bytes);
            let _ = read(&framed, None);
            let _ = read(&framed, Some("fixed-ttl:wait=1s"));
        }
    }

    #[test]
    fn no_hurt_record_brings_a_replay_down(
        hurts in prop::collection::vec((0usize..6_000, any::<u8>()), 1..4),
    ) {
        thread_local! {
            static RECORDS: Vec<u8> = records("hazard");
        }
        let mut records = RECORDS.with(Clone::clone);
        for (place, byte) in hurts {
            records[place] = byte;
        }
        let framed = framed(case("hazard").settings(), &records);
        let _ = read(&framed, None);
        let _ = read(&framed, Some("lru:wait=5s"));
    }
}

/// The first records of a run, without their blocks.
fn records(policy: &str) -> Vec<u8> {
    let (bytes, _) = recorded(policy);
    let mut reader = JournalReader::new(&bytes[..]).expect("it is whole");
    let mut first = Vec::new();
    while first.len() < 600 {
        first.push(reader.next_record().expect("it is whole").expect("it is long"));
    }
    encoded(&first)
}
