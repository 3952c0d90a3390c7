//! What forecasting ten thousand functions costs: `cargo bench -p swell-forecast`.
//!
//! The functions are those of the recorded day, drawn with repetition, each shifted by some
//! hours and made busier or calmer by chance, so that no two are the same, nor two of its days; on
//! weekends a third of them have a third of the calls. Learning runs on one thread, forecasting on
//! two. Seconds of processors are the figure to quote; those of the clock also hold what neighbours
//! took; memory is the most that the process held up to then, with the functions' counts. A number
//! after `--` is the share of the usual budget to learn with, for who only wants to know about
//! forecasting; one such as `2d` how many days there are, in place of the fourteen that a node looks
//! back on; one such as `1000f` how many functions. With `learn` it ends once it has learned. The
//! digest tells whether two programs forecast the same.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a measurement asks the clock and speaks"
)]

#[path = "../tests/data/mod.rs"]
mod data;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant as Clock;

use swell_core::rng::{below, split, unit};
use swell_forecast::bands::Forecast;
use swell_forecast::catalogue::entries;
use swell_forecast::days::Days;
use swell_forecast::forecaster::{Budget, Model, Notes};
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

/// How many functions, unless others are asked for.
const FUNCTIONS: usize = 10_000;
const THREADS: usize = 2;
const HORIZON: usize = 12;
/// Steps of a day.
const DAY: usize = 288;
/// Functions forecast in one go.
const CHUNK: usize = 128;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |unit: char| words.iter().find_map(|word| word.strip_suffix(unit)?.parse().ok());
    let functions: usize = number('f').unwrap_or(FUNCTIONS);
    let panel = panel(functions, number('d').unwrap_or(14));
    println!("{functions} functions, {} steps, {HORIZON} steps ahead with bands", panel.len());
    let past = panel.before(panel.len() - 8);
    let hybrid = entries().find(|entry| entry.name == "hybrid").expect("the hybrid is listed");
    let share = words.iter().find_map(|word| word.parse::<f32>().ok());
    let budget =
        Budget { rounds: Budget::FULL.rounds, ..Budget::FULL.scaled(share.unwrap_or(1.0)) };
    let model =
        measured("learning anew, on one thread", || hybrid.forecaster.fit(&past, &budget, 1));
    if words.iter().any(|word| word == "learn") {
        return;
    }
    let chunks = functions.div_ceil(CHUNK);
    let notes: Vec<Mutex<Notes>> = (0..chunks).map(|_| Mutex::default()).collect();
    let tell = |origin| forecast(&panel, &*model, origin, &notes);
    measured("the first forecasts, nothing noted", || tell(past.origin()));
    for later in 1..=6 {
        measured(&format!("forecasts {later} steps later"), || tell(past.origin() + later));
    }
    let said = model.predict(&panel.before(past.origin() + 3), 0..functions.min(500), HORIZON);
    println!("digest {:>49x}", digest(&said));
}

/// Functions like the recorded ones, over some days.
fn panel(functions: usize, days: usize) -> Panel {
    let day = data::azure(1);
    let mut rng = split(7, "functions");
    let member = |number: usize| {
        let counts = &day.members[below(&mut rng, day.members.len() as u64) as usize].counts;
        let shift = below(&mut rng, counts.len() as u64) as usize;
        let factor = 0.5 + 1.5 * unit(&mut rng);
        let drawn = (0..days * counts.len()).map(|step| {
            let count = counts.get((step + shift) % counts.len())?;
            let is_free = number.is_multiple_of(3) && step / counts.len() % 7 >= 5;
            let scaled = f64::from(count) * if is_free { factor / 3.0 } else { factor };
            Some((scaled + unit(&mut rng)).floor() as u32)
        });
        let counts = Series::from_counts(drawn.collect::<Vec<_>>());
        Member { name: number.to_string(), counts, ..Member::default() }
    };
    let members = (0..functions).map(member).collect();
    Panel { days: Days::even(0, DAY, 0, days + 1), ..Panel::new(members, 12) }
}

fn forecast(panel: &Panel, model: &dyn Model, origin: usize, notes: &[Mutex<Notes>]) -> usize {
    let (next, told) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            let Some(notes) = notes.get(chunk) else { break };
            let members = chunk * CHUNK..panel.members.len().min((chunk + 1) * CHUNK);
            let mut notes = notes.lock().expect("no thread broke");
            let past = panel.before(origin);
            let forecasts = model.predict_noted(&past, members, HORIZON, &mut notes);
            told.fetch_add(forecasts.len(), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(work);
        }
        work();
    });
    told.into_inner()
}

fn digest(said: &[Forecast]) -> u64 {
    let numbers = said.iter().flat_map(|forecast| &forecast.steps).flatten();
    numbers.fold(0, |digest: u64, number| {
        (digest ^ u64::from(number.to_bits())).wrapping_mul(0x0100_0000_01b3).rotate_left(29)
    })
}

fn measured<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (begun, used) = (Clock::now(), processor_seconds());
    let done = work();
    let clock = begun.elapsed().as_secs_f64();
    let used = processor_seconds().zip(used).map_or(f64::NAN, |(after, before)| after - before);
    let memory = memory_max().map_or_else(|| "?".to_string(), |mib| mib.to_string());
    println!("{name:<38} {used:>8.2} s of processors {clock:>8.2} s by the clock {memory:>6} MiB");
    done
}

/// Seconds that all threads of this process ran, where the system tells.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

/// The most memory that this process held, in MiB, where the system tells.
fn memory_max() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}
