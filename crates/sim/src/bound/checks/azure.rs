//! The bundled day of Azure Functions, against numbers measured before by other code.
//!
//! Those were made with a throw-away simulator over the same 1350 functions and 927,272
//! calls; its gigabyte of waste had 1024 MB of 10^6 bytes.

use std::fs::File;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use swell_core::ids::FunctionId;
use swell_core::rng;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_trace::arrival::Arrival;

use crate::bound::account::timeline::{AllWarm, Start, Stretch};
use crate::bound::curve::FixedCurve;
use crate::bound::input::Footprint;
use crate::bound::relaxation::{Demand, SpaceTime};

/// A day of calls.
struct Day {
    memories: Vec<Bytes>,
    /// Average and longest run, in milliseconds.
    runs: Vec<(f64, f64)>,
    calls: Vec<Arrival>,
}

/// Reads the columns of these names, row by row; a name may be the start of many columns.
fn columns(file: &str, name: &str) -> Vec<Vec<f64>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../traces/azure2019-1350");
    let file = File::open(path.join(file)).expect("the trace is bundled");
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    let header = reader.headers().expect("the file has a header").clone();
    let wanted = |column: &&str| match name.strip_suffix('*') {
        Some(prefix) => column.starts_with(prefix),
        None => *column == name,
    };
    let positions: Vec<usize> = (0..header.len()).filter(|&at| wanted(&&header[at])).collect();
    let row = |row: csv::Result<csv::StringRecord>| {
        let row = row.expect("the row is complete");
        positions.iter().map(|&at| row[at].parse().expect("a number")).collect()
    };
    reader.records().map(row).collect()
}

/// Places the `count` calls of a minute, by nanoseconds from its start.
type Place = fn(&mut rng::Rng, u64, u64) -> u64;

const MINUTE: u64 = 60_000_000_000;

fn evenly(_: &mut rng::Rng, call: u64, count: u64) -> u64 {
    call * MINUTE / count
}

fn at_random(rng: &mut rng::Rng, _: u64, _: u64) -> u64 {
    rng::below(rng, MINUTE)
}

/// The whole day; calls of one moment go by row.
fn day(place: Place) -> Day {
    let column = |file: &str, name: &str| -> Vec<f64> {
        columns(file, name).into_iter().map(|row| row[0]).collect()
    };
    let memories = column("1350_mem.csv.gz", "AverageAllocatedMb");
    let averages = column("1350_run.csv.gz", "Average");
    let runs: Vec<_> = averages.into_iter().zip(column("1350_run.csv.gz", "Maximum")).collect();
    let mut rng = rng::split(1, "placement");
    let mut calls = Vec::new();
    for (row, counts) in columns("1350_inv.csv.gz", "minute_*").iter().enumerate() {
        let run = Span::from_millis_f64(runs[row].0);
        for (minute, &count) in counts.iter().enumerate() {
            for call in 0..count as u64 {
                let within = place(&mut rng, call, count as u64);
                let at = Instant::from_nanos(minute as u64 * MINUTE + within);
                calls.push(Arrival { at, function: FunctionId(row as u32), run });
            }
        }
    }
    calls.sort_by_key(|call| (call.at, call.function));
    Day { memories: memories.into_iter().map(Bytes::from_mb_f64).collect(), runs, calls }
}

impl Day {
    /// Footprints with starts told by the average and the longest run.
    fn footprints(&self, cold: fn(f64, f64) -> Span) -> Vec<Footprint> {
        let pairs = self.memories.iter().zip(&self.runs);
        pairs.map(|(&memory, &(a, b))| Footprint { memory, cold: cold(a, b) }).collect()
    }

    fn bounds(&self, functions: &[Footprint], capacities: &[Bytes]) -> SpaceTime {
        let mut demand = Demand::new(functions, capacities);
        for call in &self.calls {
            demand.observe(call).expect("the day is in order");
        }
        demand.finish()
    }
}

fn one_second(_: f64, _: f64) -> Span {
    Span::from_secs(1)
}

fn maximum_less_average(average: f64, maximum: f64) -> Span {
    Span::from_millis_f64(maximum - average)
}

/// Expects (capacity in GB, least cold starts in percent), off by a share of `off`.
fn check_bounds(place: Place, expected: &[(u64, f64)], off: f64) {
    let day = day(place);
    let capacities: Vec<Bytes> =
        expected.iter().map(|&(gb, _)| Bytes::from_mb(gb * 1000)).collect();
    let bounds = day.bounds(&day.footprints(one_second), &capacities);
    assert_eq!(bounds.calls(), 927_272);
    for (bound, &(gb, cold_pct)) in bounds.cold_bounds().iter().zip(expected) {
        let found = bound.cold_pct_min;
        assert!((found / cold_pct - 1.0).abs() <= off, "{gb} GB: {found} for {cold_pct}");
    }
}

#[test]
fn bounds_of_even_placement() {
    check_bounds(evenly, &[(40, 7.89), (80, 1.00), (120, 0.48)], 0.006);
}

#[test]
fn bounds_of_random_placement() {
    // Measured with other dice.
    check_bounds(at_random, &[(40, 10.90), (80, 1.94), (120, 0.77)], 0.01);
}

/// The least cold starts and added nanoseconds at `capacity` by keeping and sorting all
/// gaps, and integrating moment by moment.
fn sorted(day: &Day, functions: &[Footprint], capacity: u64) -> (u128, u128) {
    let mut timeline = AllWarm::new(day.memories.iter().copied());
    let mut room: u128 = 0;
    let mut gaps: Vec<(u128, u128)> = Vec::new();
    let (mut cold, mut added) = (0, 0);
    for call in &day.calls {
        let mut integrate = |stretch: Stretch| {
            let idle = stretch.pool - stretch.running;
            let free = capacity.saturating_sub(stretch.running).min(idle);
            room += u128::from(free) * u128::from(stretch.nanos);
        };
        while let Some(stretch) = timeline.release(call.at) {
            integrate(stretch);
        }
        integrate(timeline.advance(call.at));
        let function = functions[call.function.index()];
        let start = u128::from(function.cold.nanos());
        cold += 1;
        added += start;
        if let Start::Reused(gap) = timeline.start(call.function, call.run) {
            gaps.push((u128::from(gap.nanos()) * u128::from(function.memory.get()), start));
        }
    }
    let fit = |value: fn(u128) -> u128, gaps: &mut Vec<(u128, u128)>| {
        gaps.retain(|&(_, start)| value(start) > 0);
        gaps.sort_by(|a, b| (a.0 * value(b.1)).cmp(&(b.0 * value(a.1))));
        let (mut left, mut fitting) = (room, 0);
        for &(weight, start) in gaps.iter() {
            if weight > left {
                return fitting + left * value(start) / weight;
            }
            left -= weight;
            fitting += value(start);
        }
        fitting
    };
    (cold - fit(|_| 1, &mut gaps), added - fit(|start| start, &mut gaps))
}

#[test]
fn buckets_lose_little_against_sorting_and_never_overstate() {
    let day = day(evenly);
    let functions = day.footprints(maximum_less_average);
    for gb in [20, 40, 80, 120] {
        let capacity = Bytes::from_mb(gb * 1000);
        let bound = day.bounds(&functions, &[capacity]).cold_bound(capacity);
        let bound = bound.expect("the capacity was registered");
        let (cold, added) = sorted(&day, &functions, capacity.get());
        for (bucketed, exact) in
            [(bound.cold_min as f64, cold as f64), (bound.added_seconds_min, added as f64 / 1e9)]
        {
            assert!(bucketed <= exact, "{gb} GB: {bucketed} above {exact}");
            assert!(bucketed >= 0.999 * exact, "{gb} GB: {bucketed} far below {exact}");
        }
    }
}

/// Expects (keep-alive in minutes, cold in percent, waste in GB x h of 1024 MB).
fn check_curve(place: Place, expected: &[(u64, f64, Option<f64>)], off_pct: f64) {
    let day = day(place);
    let keeps: Vec<Span> = expected.iter().map(|row| Span::from_mins(row.0)).collect();
    let mut curve = FixedCurve::new(&day.footprints(maximum_less_average), &keeps);
    for call in &day.calls {
        curve.observe(call).expect("the day is in order");
    }
    let points = curve.finish(Instant::from_millis(86_400_000));
    for (point, &(minutes, cold_pct, waste)) in points.iter().zip(expected) {
        let found = point.cold_pct;
        assert!((found - cold_pct).abs() <= off_pct, "{minutes} min: {found} for {cold_pct}");
        let found = point.waste_gb_s / 3600.0 / 1.024;
        let waste = waste.unwrap_or(found);
        assert!((found / waste - 1.0).abs() < 0.001, "{minutes} min: {found} for {waste} GB h");
    }
}

/// A keep-alive time longer than the day.
const NEVER_UNLOAD: u64 = 10_000;

#[test]
fn fixed_keep_alive_of_even_placement() {
    let expected = [
        (5, 2.924, Some(1481.0)),
        (10, 2.026, Some(1766.0)),
        (20, 1.293, Some(2127.0)),
        (30, 1.122, Some(2400.0)),
        (60, 0.820, Some(3064.0)),
        (120, 0.658, Some(4033.0)),
        (240, 0.579, Some(5524.0)),
        (NEVER_UNLOAD, 0.506, Some(14210.0)),
    ];
    check_curve(evenly, &expected, 0.0006);
}

#[test]
fn fixed_keep_alive_of_random_placement() {
    // Measured with other dice.
    check_curve(
        at_random,
        &[(10, 2.582, None), (60, 0.995, None), (NEVER_UNLOAD, 0.563, None)],
        0.01,
    );
}

#[test]
fn starts_of_no_length_leave_the_floor_of_the_all_warm_timeline() {
    let day = day(evenly);
    let functions = day.footprints(|_, _| Span::ZERO);
    let mut curve = FixedCurve::new(&functions, &[Span::FOREVER]);
    for call in &day.calls {
        curve.observe(call).expect("the day is in order");
    }
    let floor = day.bounds(&functions, &[]).never_unload().cold_min;
    assert_eq!(curve.finish(Instant::ZERO)[0].cold, floor);
}
