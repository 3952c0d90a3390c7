//! Forecasts in the words of the API.

use std::sync::Arc;

use swell_api::forecast as api;
use swell_api::spec::ForecastMode;
use swell_forecast::bands::{Forecast, HIGH, LOW, MEDIAN};
use swell_forecast::needs::needs;
use swell_forecast::panel::Trigger;

use crate::demand::book::Window;
use crate::foresight::ground::Ground;
use crate::foresight::outlook::{Outlook, Row};
use crate::foresight::score::Score;

/// Steps back that are shown beside a forecast.
const RECENT: u64 = 12;

/// All functions that are forecast.
pub fn all(ground: &Ground) -> api::Forecasts {
    let latest = ground.desk.latest();
    let rows = latest.iter().flat_map(|outlook| &outlook.rows);
    let scores = ground.desk.scores.read();
    let row = |row: &Row| {
        let steps = &row.forecast.steps;
        let first = steps.first();
        api::ForecastRow {
            function: row.name.to_string(),
            next_median: first.map_or(0.0, |step| step[MEDIAN]),
            next_high: first.map_or(0.0, |step| step[HIGH]),
            horizon_median: steps.iter().map(|step| step[MEDIAN]).sum(),
            quality: quality(scores.get(&row.name)),
        }
    };
    api::Forecasts {
        mode: ground.parts.settings.mode,
        step_ms: ground.step_ms(),
        horizon_steps: ground.parts.settings.horizon_steps,
        model: model(ground, latest.as_ref()),
        functions: rows.map(row).collect(),
    }
}

/// Who forecasts, and where learning stands.
fn model(ground: &Ground, latest: Option<&Arc<Outlook>>) -> api::ForecastModel {
    let learning = ground.desk.learning.read().clone();
    api::ForecastModel {
        name: latest.map_or_else(String::new, |outlook| outlook.model.clone()),
        why: latest.map_or_else(String::new, |outlook| outlook.why.clone()),
        trained_at_ms: learning.trained_ms,
        is_training: learning.is_training,
        trainings: learning.trainings,
        training_seconds: learning.training_seconds,
        forecasting_seconds: learning.forecasting_seconds,
        coverage_80: ground.desk.coverage(),
        history: learning.history,
    }
}

/// What is expected of one function; none if nothing was said of it so far.
pub fn one(ground: &Ground, name: &str) -> Option<api::FunctionForecast> {
    let outlook = ground.desk.latest()?;
    let row = outlook.row(name)?;
    let function = ground.parts.registry.get(name)?;
    let spec = &function.leading().spec;
    if ground.mode(spec.forecast) == ForecastMode::Off {
        return None;
    }
    let step_seconds = ground.step_ms() as f64 / 1e3;
    let begins = |ahead: usize| ground.step_begins_ms(outlook.origin + ahead as u64);
    let forecast = raised(&row.forecast, &row.known_ms, begins);
    let needs = needs(&forecast, &row.costs, step_seconds, spec.concurrency);
    let each = forecast.steps.iter().zip(&needs).enumerate();
    let steps = each.map(|(ahead, (counts, need))| api::ForecastStep {
        at_ms: begins(ahead),
        median: counts[MEDIAN],
        low_80: counts[LOW],
        high_80: counts[HIGH],
        low_95: counts[0],
        high_95: counts[4],
        peak_high: need.peak[HIGH],
        cpu_high: need.cpu_cores[HIGH],
        memory_high_bytes: need.memory_bytes[HIGH],
        network_high_bytes_per_second: need.network_bytes_per_second[HIGH],
    });
    Some(api::FunctionForecast {
        function: name.to_string(),
        mode: ground.mode(spec.forecast),
        made_at_ms: outlook.made_ms,
        origin_ms: begins(0),
        step_ms: ground.step_ms(),
        model: row.chosen.as_ref().map_or(&outlook.model, |chosen| &chosen.method).clone(),
        why: row.chosen.as_ref().map_or(&outlook.why, |chosen| &chosen.why).clone(),
        quality: quality(ground.desk.scores.read().get(&row.name)),
        steps: steps.collect(),
        known_at_ms: row.known_ms.clone(),
        recent: recent(ground, &row.name, outlook.origin),
    })
}

/// A forecast in which no step has fewer calls than a schedule makes certain.
fn raised(forecast: &Forecast, known_ms: &[u64], begins: impl Fn(usize) -> u64) -> Forecast {
    let before = |ahead: usize| known_ms.partition_point(|&at_ms| at_ms < begins(ahead));
    let steps = forecast.steps.iter().enumerate().map(|(ahead, step)| {
        let surely = (before(ahead + 1) - before(ahead)) as f32;
        step.map(|count| count.max(surely))
    });
    Forecast { steps: steps.collect() }
}

fn recent(ground: &Ground, name: &Arc<str>, origin: u64) -> Vec<Option<u32>> {
    let window = Window { step: ground.step_minutes(), steps: RECENT, end: origin };
    let functions = [(name.clone(), Trigger::Unknown)];
    let panel = ground.parts.demand.book.lock().panel(&window, &functions);
    (0..panel.len()).map(|step| panel.members[0].counts.get(step)).collect()
}

fn quality(score: Option<&Score>) -> api::ForecastQuality {
    let Some(score) = score else { return api::ForecastQuality::default() };
    api::ForecastQuality {
        mase: score.mase(),
        wql90: score.wql90(),
        coverage_80: score.coverage(),
        n: score.scored,
    }
}

/// What was out of the ordinary, newest first, at most so many.
pub fn anomalies(ground: &Ground, function: Option<&str>, limit: usize) -> Vec<api::Anomaly> {
    let all = ground.desk.anomalies().into_iter();
    let chosen = all.filter(|one| function.is_none_or(|name| one.function == name));
    let chosen = chosen.take(limit).map(|one| api::Anomaly {
        at_ms: one.at_ms,
        function: one.function,
        kind: one.kind,
        text: one.text,
    });
    chosen.collect()
}
