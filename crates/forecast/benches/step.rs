//! What the parts around a model cost each function at each step, in microseconds: `cargo bench
//! -p swell-forecast --bench step`. The fastest round is the machine's truth.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a measurement asks the clock and speaks"
)]

use std::hint::black_box;
use std::time::Instant as Clock;

use swell_forecast::bands::{Forecast, Quantiles};
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::plan::{Occurrence, plan};
use swell_forecast::calendar::repeats::Repeats;
use swell_forecast::calibrate::layer::Calibration;
use swell_forecast::calibrate::ledger::Ledger;
use swell_forecast::calibrate::stream::Came;
use swell_forecast::effects::book::Book;
use swell_forecast::effects::layer::Ahead;
use swell_forecast::effects::tell::{Hindsight, tell};
use swell_forecast::needs::{CallUse, needs};
use swell_forecast::watch::board::Board;
use swell_forecast::watch::watcher::Sight;

const FUNCTIONS: usize = 10_000;
const HORIZON: usize = 12;
const ROUNDS: usize = 5;

fn quantiles(function: usize) -> Quantiles {
    let mean = [0.0, 0.3, 2.0, 20.0, 300.0][function % 5];
    [0.3, 0.6, 1.0, 1.5, 2.0].map(|share: f32| (share * mean).round())
}

fn main() {
    let names: Vec<String> =
        (0..FUNCTIONS).map(|function| format!("function-{function}")).collect();
    let forecasts: Vec<Forecast> =
        (0..FUNCTIONS).map(|function| Forecast::flat(quantiles(function), HORIZON)).collect();

    let mut board = Board::default();
    let mut step = 0u64;
    measure("watch", || {
        for (function, name) in names.iter().enumerate() {
            let (count, place) = (Some((function % 5) as u32), step as usize % 288);
            let quantiles = Some(quantiles(function));
            black_box(board.look(name, &Sight { step, count, quantiles, place, day: 288 }));
        }
        step += 1;
    });

    let mut layer = Calibration::new(4, HORIZON);
    let mut ledger = Ledger::new(4, HORIZON, 288.0);
    measure("edges and account, 12 ahead", || {
        for group in 0..4 {
            for ahead in 0..HORIZON {
                let came: Vec<(&str, Came)> = (group..FUNCTIONS)
                    .step_by(4)
                    .map(|function| {
                        let plain = quantiles(function);
                        let came = Came { plain, shown: plain, count: plain[function % 5] };
                        (names[function].as_str(), came)
                    })
                    .collect();
                layer.learn(group, ahead, &came);
                for (_, came) in &came {
                    ledger.add(group, ahead, &came.shown, came.count);
                }
            }
        }
        for (function, forecast) in forecasts.iter().enumerate() {
            black_box(layer.apply(function % 4, &names[function], forecast.clone(), 1e9));
        }
    });

    let occurrences: Vec<Occurrence> = (0..20)
        .map(|of| Occurrence {
            occasion: of.to_string(),
            kind: "sale".to_string(),
            announced: Announced::Times(2.0),
            is_holiday: false,
            floor: None,
            span_ms: 0..1,
            steps: 10 * of..10 * of + 5,
            edges: [0.0; 2],
            members: (0..FUNCTIONS).collect(),
        })
        .collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let book = Book::default();
    measure("20 occasions told and applied", || {
        let events = tell(&occurrences, &book, &known, Hindsight::AsOf(0));
        let ahead = Ahead::of(&events, 100, HORIZON);
        for (function, forecast) in forecasts.iter().enumerate() {
            black_box(ahead.apply(function, forecast.clone(), 1e9));
        }
    });

    let daily: Vec<Occasion> = (0..1000u64)
        .map(|of| Occasion {
            id: of.to_string(),
            kind: "sale".to_string(),
            start_ms: 1_262_304_000_000 + of * 3_600_000,
            end_ms: 1_262_304_000_000 + (of + 1) * 3_600_000,
            functions: vec![format!("function-{of}")],
            repeats: Some(Repeats {
                rules: vec!["FREQ=DAILY".to_string()],
                zone: "Europe/Berlin".to_string(),
                ..Repeats::default()
            }),
            ..Occasion::default()
        })
        .collect();
    let grid = Grid { first_ms: 1_795_000_000_000, step_ms: 300_000 };
    measure("1000 rules over 14 days planned", || {
        black_box(plan(&daily, grid, 14 * 288, &known));
    });

    let of_call =
        CallUse { run_seconds: 0.2, cpu_seconds: 0.1, memory_bytes: 3e7, network_bytes: 1e4 };
    measure("needs, 12 steps", || {
        for forecast in &forecasts {
            black_box(needs(forecast, &of_call, 300.0, 1));
        }
    });
}

fn measure(name: &str, mut work: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Clock::now();
        work();
        best = best.min(begun.elapsed().as_nanos() as f64 / 1e3 / FUNCTIONS as f64);
    }
    println!("{name:<32} {best:>8.2} us");
}
