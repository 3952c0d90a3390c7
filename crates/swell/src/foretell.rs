//! What a node expects of its functions, for people.

use swell_api::forecast::{
    Anomaly, Band, CallUse, ForecastQuality, ForecastRow, ForecastStep, FunctionForecast,
    MinuteForecast, MinuteStep,
};

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;
use crate::connect;
use crate::error::Letter;
use crate::figure::{bytes, elapsed, moment};
use crate::listing::{Column, facts, show, show_one, table};
use crate::say::say;

const ROWS: [Column<ForecastRow>; 8] = [
    Column::text("FUNCTION", |one| one.function.clone()),
    Column::number("NEXT", |one| or_none(one.next_median)),
    Column::number("AT MOST", |one| or_none(one.next_high)),
    Column::number("HORIZON", |one| or_none(one.horizon_median)),
    Column::number("MASE", |one| share(one.quality.mase)),
    Column::number("COVER 80", |one| percent(one.quality.coverage_80)),
    Column::number("COVER 95", |one| percent(one.quality.coverage_95)),
    Column::number("SCORED", |one| one.quality.n.to_string()),
];

const STEPS: [Column<ForecastStep>; 4] = [
    Column::text("AT", |one| moment(one.at_ms)),
    Column::number("CALLS", |one| number(one.median)),
    Column::number("80 %", |one| format!("{} to {}", number(one.low_80), number(one.high_80))),
    Column::number("95 %", |one| format!("{} to {}", number(one.low_95), number(one.high_95))),
];

/// Median, 80 % and 95 % band of each.
const NEEDS: [Column<ForecastStep>; 5] = [
    Column::text("AT", |one| moment(one.at_ms)),
    Column::number("AT ONCE", |one| band(&one.at_once, &number)),
    Column::number("CPUS", |one| band(&one.cpu_cores, &significant)),
    Column::number("MEMORY", |one| band(&one.memory_bytes, &|held| bytes(held as u64))),
    Column::number("NETWORK A SECOND", |one| {
        band(&one.network_bytes_per_second, &|sent| bytes(sent as u64))
    }),
];

const MINUTES: [Column<MinuteStep>; 5] = [
    Column::text("MINUTE", |one| moment(one.at_ms)),
    Column::number("CHANCE", |one| percent(Some(one.chance))),
    Column::number("CALLS", |one| number(one.median)),
    Column::number("80 %", |one| format!("{} to {}", number(one.low_80), number(one.high_80))),
    Column::number("95 %", |one| format!("{} to {}", number(one.low_95), number(one.high_95))),
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
    for series in &told.followed {
        let newest = series.newest.zip(series.newest_at_ms);
        let newest = newest.map(|(value, at_ms)| format!("{value} at {}", moment(at_ms)));
        let newest = newest.unwrap_or_else(|| "nothing so far".to_string());
        let problem = series.problem.as_ref().map(|why| format!("; it cannot be fetched: {why}"));
        say(format!("follows {}: {newest}{}", series.name, problem.unwrap_or_default()));
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
    if told.steps.is_empty() {
        return head;
    }
    let steps = table(&told.steps, &STEPS, wide);
    let needs = table(&told.steps, &NEEDS, wide);
    let used = facts(&[("a call uses", of_a_call(&told.of_a_call))]);
    let minutes =
        told.minutes.as_ref().map_or_else(String::new, |minutes| of_minutes(minutes, wide));
    format!(
        "{head}\n{steps}\n{used}what these calls need: half of all cases below (80 % band; 95 % band)\n\
         \n{needs}{minutes}"
    )
}

fn band(band: &Band, shown: &dyn Fn(f32) -> String) -> String {
    let [median, low_80, high_80, low_95, high_95] =
        [band.median, band.low_80, band.high_80, band.low_95, band.high_95].map(shown);
    format!("{median} ({low_80} to {high_80}; {low_95} to {high_95})")
}

/// What a call uses, and what of that is not measured.
fn of_a_call(used: &CallUse) -> String {
    let limit = bytes(used.memory_limit_bytes);
    let memory = match used.memory_bytes {
        Some(held) => format!("{} of memory (of {limit} that it may)", bytes(held as u64)),
        None => format!("up to {limit} of memory (its limit; nothing was measured)"),
    };
    let seconds = |seconds: Option<f64>, of: &str| {
        seconds.map(|seconds| format!("{} ms {of}", significant((seconds * 1e3) as f32)))
    };
    let network = used.network_bytes.map(|sent| format!("{} of network", bytes(sent as u64)));
    let known = [
        seconds(used.run_seconds, "from end to end"),
        seconds(used.cpu_seconds, "of a processor"),
        Some(memory),
        network,
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
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
    let held = match (minutes.coverage_80, minutes.coverage_95) {
        (None, _) => String::new(),
        (of_80, of_95) => {
            format!(
                "{} of the next minute within 80 %, {} within 95 %",
                percent(of_80),
                percent(of_95)
            )
        }
    };
    let head =
        facts(&[("clones go by", minutes.model.clone()), ("how good", score), ("bands", held)]);
    format!("\n{head}\n{}", table(&minutes.steps, &MINUTES, wide))
}

fn quality(quality: &ForecastQuality) -> String {
    match quality.n {
        0 => "nothing was scored yet".to_string(),
        n => format!(
            "MASE {}, wQL90 {}, {} within the 80 % band, {} within the 95 % band, {n} scored",
            share(quality.mase),
            share(quality.wql90),
            percent(quality.coverage_80),
            percent(quality.coverage_95),
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

/// With three digits that tell something.
fn significant(number: f32) -> String {
    let places = match number {
        0.0 => 0,
        _ => (2.0 - number.abs().log10().floor()).clamp(0.0, 6.0) as usize,
    };
    format!("{number:.places$}")
}

/// Whole numbers as such, others with a digit.
fn number(number: f32) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// A number, where anything is known.
fn or_none(known: Option<f32>) -> String {
    known.map_or_else(|| "-".to_string(), number)
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_string(), |share| format!("{share:.2}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_string(), |share| format!("{:.0} %", share * 100.0))
}
