//! What a node expects of its functions, for people.

use swell_api::forecast::{
    Anomaly, ForecastQuality, ForecastRow, ForecastStep, FunctionForecast, MinuteForecast,
    MinuteStep,
};

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;
use crate::connect;
use crate::error::Letter;
use crate::figure::{bytes, elapsed, moment};
use crate::listing::{Column, facts, show, show_one, table};
use crate::say::say;

const ROWS: [Column<ForecastRow>; 7] = [
    Column::text("FUNCTION", |one| one.function.clone()),
    Column::number("NEXT", |one| number(one.next_median)),
    Column::number("AT MOST", |one| number(one.next_high)),
    Column::number("HORIZON", |one| number(one.horizon_median)),
    Column::number("MASE", |one| share(one.quality.mase)),
    Column::number("COVER 80", |one| percent(one.quality.coverage_80)),
    Column::number("SCORED", |one| one.quality.n.to_string()),
];

const STEPS: [Column<ForecastStep>; 8] = [
    Column::text("AT", |one| moment(one.at_ms)),
    Column::number("CALLS", |one| number(one.median)),
    Column::number("80 %", |one| format!("{} to {}", number(one.low_80), number(one.high_80))),
    Column::number("95 %", |one| format!("{} to {}", number(one.low_95), number(one.high_95))),
    Column::number("AT ONCE", |one| number(one.peak_high)),
    Column::number("CPUS UP TO", |one| format!("{:.2}", one.cpu_high)),
    Column::number("MEMORY UP TO", |one| bytes(one.memory_high_bytes as u64)),
    Column::number("NETWORK", |one| {
        format!("{}/s", bytes(one.network_high_bytes_per_second as u64))
    }),
];

const MINUTES: [Column<MinuteStep>; 4] = [
    Column::text("MINUTE", |one| moment(one.at_ms)),
    Column::number("CHANCE", |one| percent(Some(one.chance))),
    Column::number("CALLS", |one| number(one.median as f32)),
    Column::number("AT MOST", |one| number(one.high as f32)),
];

const ANOMALIES: [Column<Anomaly>; 4] = [
    Column::text("AT", |one| moment(one.at_ms)),
    Column::text("FUNCTION", |one| one.function.clone()),
    Column::text("KIND", |one| one.kind.clone()),
    Column::text("WHAT", |one| one.text.clone()),
];

/// All functions.
pub fn list(output: Listing, node: &NodeArguments) -> Result<(), Letter> {
    let told = connect::node(node)?.forecasts()?;
    if matches!(output, Listing::Json | Listing::Yaml) {
        return show_one(&told, "forecasts", |_| String::new(), output);
    }
    let model = &told.model;
    if !model.name.is_empty() {
        say(format!("forecast by {}: {}", model.name, model.why));
    }
    show(&told.functions, &ROWS, |one| one.function.clone(), output)
}

/// One function, step by step.
pub fn one(name: &str, output: Listing, node: &NodeArguments) -> Result<(), Letter> {
    let told = connect::node(node)?.forecast(name)?;
    show_one(&told, &told.function, |wide| text(&told, wide), output)
}

/// What was out of the ordinary.
pub fn anomalies(
    function: Option<&str>,
    limit: usize,
    output: Listing,
    node: &NodeArguments,
) -> Result<(), Letter> {
    let told = connect::node(node)?.anomalies(function, limit)?;
    show(&told, &ANOMALIES, |one| one.function.clone(), output)
}

fn text(told: &FunctionForecast, wide: bool) -> String {
    let recent = told.recent.iter().map(|count| count.map_or("-".to_string(), |n| n.to_string()));
    let recent: Vec<String> = recent.collect();
    let head = facts(&[
        ("function", told.function.clone()),
        ("mode", told.mode.word().to_string()),
        ("forecast", moment(told.made_at_ms)),
        ("step", elapsed(told.step_ms / 1_000)),
        ("note", told.note.clone().unwrap_or_default()),
        ("by", told.model.clone()),
        ("because", told.why.clone()),
        ("how good", quality(&told.quality)),
        ("calls of late", recent.join(" ")),
        ("surely called", known(&told.known_at_ms)),
        ("predictable", format!("{}: {}", told.verdict.predictable, told.verdict.text)),
        ("clones", clones(told)),
    ]);
    let steps = table(&told.steps, &STEPS, wide);
    let minutes =
        told.minutes.as_ref().map_or_else(String::new, |minutes| of_minutes(minutes, wide));
    format!("{head}\n{steps}{minutes}")
}

/// A line for each version that gets calls.
fn clones(told: &FunctionForecast) -> String {
    let is_one = told.clones.len() == 1;
    let line = |one: &swell_api::forecast::CloneProspect| match is_one {
        true => one.text.clone(),
        false => format!("version {}: {}", one.version, one.text),
    };
    told.clones.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The minutes by which clones are decided, and how good such chances were.
fn of_minutes(minutes: &MinuteForecast, wide: bool) -> String {
    let score = match (minutes.n, minutes.skill) {
        (0, _) => "nothing was scored yet".to_string(),
        (n, None) => format!("{} of {n} minutes saw a call", percent(Some(minutes.called))),
        (n, Some(skill)) => format!(
            "{} of minutes saw a call; the error is {} {} than of always saying so, {n} scored",
            percent(Some(minutes.called)),
            percent(Some(skill.abs())),
            if skill < 0.0 { "more" } else { "less" },
        ),
    };
    let head = facts(&[("clones go by", minutes.model.clone()), ("how good", score)]);
    format!("\n{head}\n{}", table(&minutes.steps, &MINUTES, wide))
}

fn quality(quality: &ForecastQuality) -> String {
    match quality.n {
        0 => "nothing was scored yet".to_string(),
        n => format!(
            "MASE {}, wQL90 {}, {} within the 80 % band, {n} scored",
            share(quality.mase),
            share(quality.wql90),
            percent(quality.coverage_80),
        ),
    }
}

fn known(at_ms: &[u64]) -> String {
    match at_ms {
        [] => String::new(),
        [first] => moment(*first),
        [first, .., last] => {
            format!("{} times, from {} to {}", at_ms.len(), moment(*first), moment(*last))
        }
    }
}

/// Whole numbers as such, others with a digit.
fn number(number: f32) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_string(), |share| format!("{share:.2}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_string(), |share| format!("{:.0} %", share * 100.0))
}
