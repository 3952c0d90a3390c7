//! The figures of forecasts for whoever collects metrics.

use crate::foresight::covered::Shares;
use crate::foresight::ground::Ground;
use crate::observe::gauges::{ForecastGauges, Gauges};

/// Fills them in.
pub fn fill(ground: &Ground, gauges: &mut Gauges) {
    let latest = ground.desk.latest();
    let learning = ground.desk.learning.read().clone();
    let tally = ground.parts.live.clones();
    let pair = |shares: Shares| [shares.of_80, shares.of_95];
    let minutes = ground.desk.covered.lock().minutes.shares();
    let micros = |seconds: f64| (seconds * 1e6) as u64;
    gauges.forecasts = ForecastGauges {
        functions: latest.as_ref().map_or(0, |outlook| outlook.rows.len() as u64),
        coverage_millionths: ground.desk.coverage().map(|shares| pair(shares).map(micros)),
        minutes_coverage_millionths: minutes.map(|shares| pair(shares).map(micros)),
        anomalies: ground.desk.anomalies().len() as u64,
        trainings: [learning.trainings, learning.failures],
        training_us: micros(learning.training_seconds),
        forecasting_us: micros(learning.forecasting_seconds),
        made_ms: latest.as_ref().map_or(0, |outlook| outlook.made_ms),
        clones: [tally.made, tally.used, tally.unused],
        demand_bytes: ground.parts.demand.book.lock().bytes() as u64,
    };
}
