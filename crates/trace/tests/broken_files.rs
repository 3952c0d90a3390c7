//! No bytes make a reader panic, run away or lose the order of time.
//!
//! Valid files of every format are damaged as disks, editors and other programs damage
//! them, and whatever still opens must still be a trace.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use swell_trace::durations::Durations;
use swell_trace::format::Format;
use swell_trace::open::Options;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;
use swell_trace::source::Source;
use swell_trace::trace::Trace;

/// Files of each format.
fn valid() -> Vec<Vec<String>> {
    let counts = "HashOwner,HashApp,HashFunction,Trigger,1,2,3\n\
        o,a,f,http,1,0,2\no,a,g,timer,0,3,1\no,b,h,queue,5,5,0\n";
    let runs = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,\
        percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,\
        percentile_Average_99,percentile_Average_100\n\
        o,a,f,224,3,1,300,1,2,30,100,250,299,300\no,a,g,20.5,4,1,30,1,2,3,4,5,6,7\n";
    let memory = "HashOwner,HashApp,SampleCount,AverageAllocatedMb\no,a,10,188\no,b,3,75.5\n";
    let timed = "app,func,end_timestamp,duration\n\
        a,f,0.0794,0.078\nb,g,57.15,57.154\na,f,60.25,1e-3\na,g,61,30\n";
    let ilu_functions = "func_name,cold_dur_ms,warm_dur_ms,mem_mb\nx,900,100,64\ny,20,30,32\n";
    let ilu_calls = "func_name,invoke_time_ms\nx,0\ny,5\nx,70000\ny,69000\n";
    let pair_functions = "fn,hash,mem_mb,cold_ms,warm_ms\n0,x,64,900,100\n1,\"y,z\",32.5,20,20\n";
    let pair_calls = "t_ms,fn\n0,1\n61000.5,0\n0.25,0\n86399090.909,1\n";
    let lines = "{\"function\":{\"name\":\"x\",\"memory_mb\":64,\"warm_ms\":10.5,\"cold_ms\":300}}\n\
        {\"comment\":1}\n{\"at_ms\":70000.25,\"name\":\"x\"}\n{\"at_ms\":3,\"name\":\"x\",\"run_ms\":7}\n";
    let sets: [&[&str]; 5] = [
        &[counts, runs, memory],
        &[timed, memory],
        &[ilu_functions, ilu_calls],
        &[pair_functions, pair_calls],
        &[lines],
    ];
    sets.iter().map(|set| set.iter().map(ToString::to_string).collect()).collect()
}

/// Something that happens to a file; positions are taken modulo its length.
#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Truncate(usize),
    SwapLines(usize, usize),
    RepeatLine(usize),
    Number(usize, &'static str),
    Nul(usize),
    Insert(usize, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let numbers = prop::sample::select(vec![
        "99999999999999999999999999",
        "18446744073709551615",
        "9223372036854775807",
        "10000000",
        "1e308",
        "1e-308",
        "-1",
        "-0",
        "NaN",
        "inf",
        "",
        "0x10",
        "1.7976931348623157e309",
        "\"",
    ]);
    let at = any::<usize>;
    prop_oneof![
        (at(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        at().prop_map(Damage::Truncate),
        (at(), at()).prop_map(|(a, b)| Damage::SwapLines(a, b)),
        at().prop_map(Damage::RepeatLine),
        (at(), numbers).prop_map(|(at, number)| Damage::Number(at, number)),
        at().prop_map(Damage::Nul),
        (at(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, b)| Damage::Insert(at, b)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match damage {
        Damage::Flip(at, bit) => bytes[at % length] ^= 1 << bit,
        Damage::Truncate(at) => bytes.truncate(at % length),
        Damage::Nul(at) => bytes[at % length] = 0,
        Damage::Insert(at, new) => {
            let at = at % length;
            bytes.splice(at..at, new.iter().copied());
        }
        Damage::SwapLines(a, b) => {
            let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
            let count = lines.len();
            lines.swap(a % count, b % count);
            *bytes = lines.join(&b'\n');
        }
        Damage::RepeatLine(at) => {
            let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
            let line = lines[at % lines.len()];
            lines.push(line);
            *bytes = lines.join(&b'\n');
        }
        Damage::Number(at, number) => {
            // The run of digits at or after the place is what a person would mistype.
            let digit = |index: &usize| bytes[*index].is_ascii_digit();
            let Some(start) = (at % length..length).find(digit) else { return };
            let end = (start..length).find(|index| !digit(index)).unwrap_or(length);
            bytes.splice(start..end, number.bytes());
        }
    }
}

fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

/// Opens the files and reads some way into the calls.
fn survive(files: &[Vec<u8>], lenient: bool, format: Option<Format>) {
    let sources: Vec<Source> = files
        .iter()
        .enumerate()
        .map(|(index, bytes)| Source::memory(&format!("f{index}"), bytes.clone()))
        .collect();
    let Ok(trace) = Trace::open_sources("t", &sources, &Options { lenient, format }) else {
        return;
    };
    let reading = Reading { placement: Placement::Burst, durations: Durations::Sampled, seed: 1 };
    let Ok(mut stream) = trace.arrivals(&reading) else { return };
    let (mut chunk, mut last, mut calls) = (Vec::new(), 0, 0);
    while stream.fill(&mut chunk).is_ok() && !chunk.is_empty() && calls < 10_000 {
        for call in &chunk {
            assert!(call.at.nanos() >= last, "time went back");
            assert!(call.function.index() < trace.functions().len(), "an unknown function");
            last = call.at.nanos();
        }
        calls += chunk.len();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn damaged_files(
        set in 0usize..5,
        file in any::<usize>(),
        damages in prop::collection::vec(damage(), 1..5),
        lenient in any::<bool>(),
    ) {
        let mut files: Vec<Vec<u8>> =
            valid()[set].iter().map(|text| text.clone().into_bytes()).collect();
        let file = file % files.len();
        damages.iter().for_each(|damage| apply(&mut files[file], damage));
        survive(&files, lenient, None);
        survive(&files, lenient, Some(Format::ALL[set]));
    }

    #[test]
    fn damaged_archives(
        set in 0usize..5,
        file in any::<usize>(),
        damages in prop::collection::vec(damage(), 1..3),
        lenient in any::<bool>(),
    ) {
        let mut files: Vec<Vec<u8>> =
            valid()[set].iter().map(|text| zip(text.as_bytes())).collect();
        let file = file % files.len();
        damages.iter().for_each(|damage| apply(&mut files[file], damage));
        survive(&files, lenient, None);
    }

    #[test]
    fn any_bytes_after_a_valid_header(
        set in 0usize..5,
        file in any::<usize>(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        lenient in any::<bool>(),
    ) {
        let mut files: Vec<Vec<u8>> =
            valid()[set].iter().map(|text| text.clone().into_bytes()).collect();
        let file = file % files.len();
        let header = files[file].iter().position(|&byte| byte == b'\n').unwrap() + 1;
        files[file].truncate(header);
        files[file].extend(bytes);
        survive(&files, lenient, None);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), lenient in any::<bool>()) {
        for format in Format::ALL.map(Some).into_iter().chain([None]) {
            survive(std::slice::from_ref(&bytes), lenient, format);
        }
    }
}

#[test]
fn valid_files_are_whole() {
    for files in valid() {
        let files: Vec<Vec<u8>> = files.into_iter().map(String::into_bytes).collect();
        let sources: Vec<Source> =
            files.iter().map(|bytes| Source::memory("f", zip(bytes))).collect();
        let trace = Trace::open_sources("t", &sources, &Options::default()).unwrap();
        assert!(trace.inspect(&Reading::default(), true).unwrap().calls > 1);
    }
}
