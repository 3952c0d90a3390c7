//! Forecasts in the words of the API.

use std::sync::Arc;

use swell_api::forecast as api;
use swell_api::spec::ForecastMode;
use swell_forecast::bands::{Forecast, HIGH, LEVELS, LOW, MEDIAN, Quantiles};
use swell_forecast::foresight::steps::OCCURRENCE;
use swell_forecast::needs::{CallUse, needs};
use swell_forecast::panel::Trigger;

use crate::demand::book::Window;
use crate::foresight::ground::Ground;
use crate::foresight::outlook::{MinuteOutlook, MinuteRow, Outlook, Row};
use crate::foresight::own_steps::{self, Shape};
use crate::foresight::prospects::clones;
use crate::foresight::score::Score;
use crate::foresight::verdict::{untold, verdict};

/// Steps back that are shown beside a forecast.
const RECENT: u64 = 12;

/// All functions that are forecast.
pub fn all(ground: &Ground) -> api::Forecasts {
    let latest = ground.desk.latest();
    let rows = latest.iter().flat_map(|outlook| &outlook.rows);
    let scores = ground.desk.scores.read();
    let row = |row: &Row| {
        let known = Some(&row.forecast.steps).filter(|_| row.is_known);
        let first = known.and_then(|steps| steps.first());
        api::ForecastRow {
            function: row.name.to_string(),
            next_median: first.map(|step| step[MEDIAN]),
            next_high: first.map(|step| step[HIGH]),
            horizon_median: known.map(|steps| steps.iter().map(|step| step[MEDIAN]).sum()),
            quality: quality(scores.get(&row.name)),
        }
    };
    api::Forecasts {
        mode: ground.parts.settings.mode,
        step_ms: ground.step_ms(),
        horizon_steps: ground.parts.settings.horizon_steps,
        model: model(ground, latest.as_ref()),
        functions: rows.map(row).collect(),
        followed: ground.followed.as_ref().map_or_else(Vec::new, |followed| followed.told()),
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
        coverage_80: ground.desk.coverage().map(|shares| shares.of_80),
        coverage_95: ground.desk.coverage().map(|shares| shares.of_95),
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
    let horizon = row.forecast.steps.len();
    let shape = own_steps::shape(spec, ground.step_minutes(), horizon);
    let step_ms = ground.step_ms() * shape.each as u64;
    let step_seconds = step_ms as f64 / 1e3;
    let begins = |ahead: usize| ground.step_begins_ms(outlook.origin + (ahead * shape.each) as u64);
    let coupling = ground.desk.couplings.read().get(name).copied().unwrap_or_default();
    let forecast = shape.of(&row.forecast, coupling, outlook.origin);
    let until_ms = begins(forecast.steps.len());
    let known_ms = &row.known_ms[..row.known_ms.partition_point(|&at_ms| at_ms < until_ms)];
    let is_known = row.is_known || !known_ms.is_empty();
    let forecast = Some(raised(&forecast, known_ms, begins)).filter(|_| is_known);
    let forecast = forecast.unwrap_or_default();
    let needs = needs(&forecast, &used(row), step_seconds, spec.concurrency);
    let each = forecast.steps.iter().zip(&needs).enumerate();
    let steps = each.map(|(ahead, (counts, need))| api::ForecastStep {
        at_ms: begins(ahead),
        median: counts[MEDIAN],
        low_80: counts[LOW],
        high_80: counts[HIGH],
        low_95: counts[0],
        high_95: counts[4],
        at_once: band(&need.peak),
        cpu_cores: band(&need.cpu_cores),
        memory_bytes: band(&need.memory_bytes),
        network_bytes_per_second: band(&need.network_bytes_per_second),
    });
    let minutes = ground.desk.minutes();
    let own = minutes.as_ref().and_then(|minutes| minutes.rows.get(name)).filter(|_| is_known);
    let score = ground.desk.scores.read().get(&row.name).copied();
    Some(api::FunctionForecast {
        function: name.to_string(),
        mode: ground.mode(spec.forecast),
        made_at_ms: outlook.made_ms,
        origin_ms: begins(0),
        step_ms,
        model: row.chosen.as_ref().map_or(&outlook.model, |chosen| &chosen.method).clone(),
        why: row.chosen.as_ref().map_or(&outlook.why, |chosen| &chosen.why).clone(),
        quality: quality(score.as_ref()),
        steps: steps.collect(),
        of_a_call: api::CallUse {
            run_seconds: row.costs.run_seconds(),
            cpu_seconds: row.costs.cpu_seconds(),
            memory_bytes: row.costs.memory_bytes(),
            network_bytes: row.costs.bytes(),
            memory_limit_bytes: row.memory_limit,
        },
        known_at_ms: known_ms.to_vec(),
        recent: recent(ground, &row.name, outlook.origin, &shape),
        note: shape.note,
        verdict: match is_known {
            true => verdict(row.known_ms.len(), own.map(|row| &row.odds), score.as_ref()),
            false => untold(),
        },
        minutes: minutes.as_deref().zip(own).map(|(all, own)| of_minutes(ground, all, own)),
        clones: clones(ground, &function, !known_ms.is_empty()),
    })
}

/// What a call uses. Where nobody can tell what its guest holds, that is all that it may.
fn used(row: &Row) -> CallUse {
    let costs = &row.costs;
    let limit = row.memory_limit as f64;
    CallUse {
        run_seconds: costs.run_seconds().unwrap_or(0.0),
        cpu_seconds: costs.cpu_seconds().unwrap_or(0.0),
        memory_bytes: costs.memory_bytes().map_or(limit, |held| held.min(limit)),
        network_bytes: costs.bytes().unwrap_or(0.0),
    }
}

fn band(quantiles: &Quantiles) -> api::Band {
    api::Band {
        median: quantiles[MEDIAN],
        low_80: quantiles[LOW],
        high_80: quantiles[HIGH],
        low_95: quantiles[0],
        high_95: quantiles[LEVELS.len() - 1],
    }
}

/// What is expected of the next minutes.
fn of_minutes(ground: &Ground, all: &MinuteOutlook, own: &MinuteRow) -> api::MinuteForecast {
    let timeline = ground.parts.demand.timeline();
    let each = (all.origin..).zip(own.steps.iter().zip(&own.bands));
    let steps = each.map(|(minute, (step, counts))| {
        let api::Band { median, low_80, high_80, low_95, high_95 } = band(counts);
        let (at_ms, chance) = (timeline.wall_ms(minute), f64::from(step.chance) / 1e3);
        api::MinuteStep { at_ms, chance, median, low_80, high_80, low_95, high_95 }
    });
    let shares = own.covered.shares();
    api::MinuteForecast {
        model: OCCURRENCE.to_string(),
        made_at_ms: all.made_ms,
        step_ms: timeline.wall_ms(1).max(1),
        steps: steps.collect(),
        called: own.odds.share(),
        skill: own.odds.skill(),
        n: own.odds.scored,
        coverage_80: shares.map(|shares| shares.of_80),
        coverage_95: shares.map(|shares| shares.of_95),
    }
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

fn recent(ground: &Ground, name: &Arc<str>, origin: u64, shape: &Shape) -> Vec<Option<u32>> {
    let steps = RECENT * shape.each as u64;
    let window = Window { step: ground.step_minutes(), steps, end: origin };
    let functions = [(name.clone(), Trigger::Unknown)];
    let panel = ground.parts.demand.book.lock().panel(&window, &functions);
    let counts: Vec<_> = (0..panel.len()).map(|step| panel.members[0].counts.get(step)).collect();
    shape.counts(&counts)
}

fn quality(score: Option<&Score>) -> api::ForecastQuality {
    let Some(score) = score else { return api::ForecastQuality::default() };
    api::ForecastQuality {
        mase: score.mase(),
        wql90: score.wql90(),
        coverage_80: score.coverage().map(|shares| shares.of_80),
        coverage_95: score.coverage().map(|shares| shares.of_95),
        n: score.scored,
    }
}

/// What was out of the ordinary, newest first, at most so many.
pub fn anomalies(ground: &Ground, function: Option<&str>, limit: usize) -> Vec<api::Anomaly> {
    let all = ground.desk.anomalies().into_iter();
    let chosen = all.filter(|one| function.is_none_or(|name| one.function == name));
    chosen.take(limit).collect()
}
