//! The simple methods come to the figures that other programs give for them on the same data:
//! a table computed with numpy and statsforecast, function by function, over seven origins.

mod data;

use swell_forecast::backtest::Backtest;
use swell_forecast::catalogue::LOCALS;
use swell_forecast::forecaster::Budget;
use swell_forecast::split::Split;

#[test]
fn methods_come_to_the_published_figures() {
    let panel = data::azure(1);
    let split = Split { origins: (240..=276).step_by(6).collect(), horizon: 12 };
    let backtest = Backtest::new(&panel, &split).expect("the split fits");
    // MASE, WAPE, pin90, wQL90, and by how much each may differ: weights are searched for
    // by another search in the last three.
    for (name, expected, within) in [
        ("zero", [20.747, 1.000, 18.672, 1.800], 0.0006),
        ("naive", [1.653, 0.372, 0.906, 0.303], 0.0006),
        ("snaive", [2.493, 0.442, 1.036, 0.330], 0.0006),
        ("window-1h", [1.573, 0.328, 0.836, 0.306], 0.0006),
        ("window-4h", [1.888, 0.412, 0.869, 0.326], 0.0006),
        ("croston-sba", [3.22, 0.597, 1.042, 0.378], 0.005),
        ("tsb", [1.90, 0.395, 0.916, 0.308], 0.005),
        ("adida", [1.81, 0.418, 0.918, 0.313], 0.005),
        ("imapa", [1.82, 0.409, 0.911, 0.307], 0.015),
        ("ses", [1.76, 0.394, 0.884, 0.307], 0.02),
    ] {
        let entry = LOCALS.iter().find(|entry| entry.name == name).expect("it is listed");
        let model = entry.forecaster.fit(&panel.before(240), &Budget::FULL, 1);
        let (_, all) = backtest.score(&backtest.run(&*model, 0..panel.members.len()))[0];
        for (found, expected) in [all.mase, all.wape, all.pin90, all.wql90].iter().zip(expected) {
            assert!((found - expected).abs() <= within, "{name}: {expected} and {all:?}");
        }
    }
}
