//! What was written is read back: the same calls, up to what each format can hold.

use std::collections::BTreeMap;

use proptest::prelude::*;
use swell_trace::bundled::Bundled;
use swell_trace::durations::Durations;
use swell_trace::format::Format;
use swell_trace::open::Options;
use swell_trace::reading::Reading;
use swell_trace::source::Source;
use swell_trace::trace::Trace;

/// When, who, how long; in an order that does not depend on ids.
type Call = (u64, String, u64);

fn read(trace: &Trace, reading: &Reading) -> Vec<Call> {
    let mut stream = trace.arrivals(reading).unwrap();
    let (mut all, mut chunk, mut last) = (Vec::new(), Vec::new(), 0);
    loop {
        stream.fill(&mut chunk).unwrap();
        if chunk.is_empty() {
            break;
        }
        for call in &chunk {
            assert!(call.at.nanos() >= last, "time went back");
            last = call.at.nanos();
            assert!(last < trace.span().nanos(), "a call after the end");
            let name = trace.functions()[call.function.index()].name.clone();
            all.push((last, name, call.run.nanos()));
        }
    }
    all.sort();
    all
}

fn again(trace: &Trace, format: Format, packed: bool) -> Trace {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join(if packed { "t.gz" } else { "t" });
    let files = trace.save(&Reading::default(), format, &target).unwrap();
    // Files are given in reverse: their order does not matter.
    let files: Vec<_> = files.into_iter().rev().collect();
    let sources: Vec<Source> = files
        .iter()
        .map(|file| Source::memory(&file.display().to_string(), std::fs::read(file).unwrap()))
        .collect();
    Trace::open_sources("t", &sources, &Options::default()).unwrap()
}

/// What a format makes of the calls.
fn held(trace: &Trace, format: Format) -> Vec<Call> {
    let warm = |name: &str| {
        trace.functions().iter().find(|function| function.name == name).unwrap().warm.nanos()
    };
    let round = |nanos: u64| (nanos + 500_000) / 1_000_000 * 1_000_000;
    let mut calls: Vec<Call> = read(trace, &Reading::default())
        .into_iter()
        .map(|(at, name, run)| match format {
            Format::Azure2021 | Format::Jsonl => (at, name, run),
            Format::Pair => (at, name.clone(), warm(&name)),
            Format::Iluvatar => (at / 1_000_000 * 1_000_000, name.clone(), round(warm(&name))),
            Format::Azure2019 => (at / 60_000_000_000, name.clone(), warm(&name)),
        })
        .collect();
    calls.sort();
    calls
}

fn check(trace: &Trace, format: Format, packed: bool) {
    let back = again(trace, format, packed);
    let mut found = read(&back, &Reading::default());
    if format == Format::Azure2019 {
        found.iter_mut().for_each(|call| call.0 /= 60_000_000_000);
        found.sort();
    }
    assert_eq!(found, held(trace, format), "{format}");
    let memory = |trace: &Trace| -> BTreeMap<String, u64> {
        trace.functions().iter().map(|f| (f.name.clone(), f.memory.get())).collect()
    };
    let (before, after) = (memory(trace), memory(&back));
    for (name, bytes) in after {
        let exact = before[&name];
        match format {
            Format::Iluvatar => assert!(bytes.abs_diff(exact) <= 500_000),
            _ => assert_eq!(bytes, exact),
        }
    }
}

fn trace_of(functions: &[(u64, u64)], calls: &[(u64, usize, u64)]) -> Trace {
    let mut text = String::new();
    for (index, (kilobytes, warm_us)) in functions.iter().enumerate() {
        let (memory, warm) = (*kilobytes as f64 / 1e3, *warm_us as f64 / 1e3);
        text += &format!(
            "{{\"function\":{{\"name\":\"f,\\\"{index}\",\"memory_mb\":{memory},\"warm_ms\":{warm}}}}}\n"
        );
    }
    for (at_us, function, run_us) in calls {
        let (at, run) = (*at_us as f64 / 1e3, *run_us as f64 / 1e3);
        let function = function % functions.len();
        text += &format!("{{\"at_ms\":{at},\"name\":\"f,\\\"{function}\",\"run_ms\":{run}}}\n");
    }
    let source = Source::memory("t.jsonl", text.into_bytes());
    Trace::open_sources("t", &[source], &Options::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_format_reads_back(
        functions in prop::collection::vec((1u64..2_000_000, 0u64..5_000_000), 1..6),
        calls in prop::collection::vec((0u64..200_000_000_000, 0usize..6, 0u64..9_000_000), 1..60),
        packed in any::<bool>(),
    ) {
        let trace = trace_of(&functions, &calls);
        for format in Format::ALL {
            check(&trace, format, packed);
        }
    }
}

#[test]
fn bundled_counts_and_quantiles_survive() {
    let trace = Bundled::find("200").unwrap().open(&Options::default()).unwrap();
    let back = again(&trace, Format::Azure2019, true);
    for durations in [Durations::Average, Durations::Sampled] {
        let reading = Reading { durations, seed: 4, ..Reading::default() };
        assert_eq!(read(&back, &reading), read(&trace, &reading));
    }
    assert_eq!(back.functions().len(), trace.functions().len());
}

#[test]
fn a_generated_trace_is_written_with_its_recipe() {
    let line = "gen:mixed,functions=20,calls=500,hours=1,seed=3".to_string();
    let trace = Trace::named_or_open(std::slice::from_ref(&line), &Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("day");
    trace.save(&Reading::default(), Format::Pair, &target).unwrap();
    let recipe = std::fs::read_to_string(folder.path().join("day.recipe.json")).unwrap();
    let recipe: swell_trace::recipe::Recipe = serde_json::from_str(&recipe).unwrap();
    assert_eq!(recipe.to_string(), line);
    for format in Format::ALL {
        if format != Format::Azure2021 {
            check(&trace, format, false);
        }
    }
}
