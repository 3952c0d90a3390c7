//! A function in words, for a person who wants to know all of it.

use swell_api::function::Function;
use swell_api::spec::{FunctionSpec, Isolation};
use swell_api::trigger::Trigger;

use crate::client::node::word;
use crate::figure::{bytes, span_ms};
use crate::listing::facts;

/// The function, a fact a line; what is as by default and does nothing is left out.
pub fn describe(function: &Function) -> String {
    let Function { spec, instances, calls, .. } = function;
    let traffic: Vec<String> = function
        .traffic
        .iter()
        .map(|share| format!("{}% to v{}", share.percent, share.version))
        .collect();
    let mut pairs = vec![
        ("name", function.name.clone()),
        ("state", with_reason(&word(&function.state), function.reason.as_deref())),
        ("url", function.url.clone()),
        ("version", format!("v{} of {} kept", function.version, function.versions)),
        ("traffic", traffic.join(", ")),
        (
            "instances",
            format!(
                "{} idle, {} busy, {} starting, {} paused",
                instances.idle, instances.busy, instances.starting, instances.paused
            ),
        ),
        (
            "calls",
            format!(
                "{}, of them {} cold, {} failed, {} refused",
                calls.total, calls.cold, calls.failed, calls.refused
            ),
        ),
    ];
    pairs.extend(specification(spec));
    facts(&pairs)
}

fn with_reason(state: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| state.to_string(), |reason| format!("{state}: {reason}"))
}

fn specification(spec: &FunctionSpec) -> Vec<(&'static str, String)> {
    let isolation = match spec.isolation {
        Isolation::Request => "a fresh guest for each request",
        Isolation::Instance => "a guest serves request after request",
    };
    let some = |text: Option<String>| text.unwrap_or_default();
    let limits = [
        spec.cpu_ms_max.map(|ms| format!("{} of CPU time", span_ms(ms))),
        spec.fuel_max.map(|fuel| format!("{fuel} of fuel")),
        Some(format!("bodies up to {}", bytes(spec.body_bytes_max))),
        Some(format!("{} waiting", spec.queue_max)),
    ];
    let keep = [
        (spec.min_warm > 0).then(|| format!("at least {} kept warm", spec.min_warm)),
        spec.max_instances.map(|most| format!("at most {most}")),
        spec.max_idle_ms.map(|ms| format!("idle for at most {}", span_ms(ms))),
        spec.pinned.then(|| "never evicted".to_string()),
    ];
    let joined =
        |texts: &[Option<String>]| texts.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    let lines = |texts: Vec<String>| texts.join("\n");
    let pairs = |map: &std::collections::BTreeMap<String, String>, arrow: &str| {
        lines(map.iter().map(|(key, value)| format!("{key}{arrow}{value}")).collect())
    };
    let routes = spec
        .routes
        .iter()
        .map(|route| format!("{}{}", route.host.as_deref().unwrap_or("*"), route.path));
    let all = vec![
        ("backend", word(&spec.backend)),
        ("code", spec.code.clone()),
        ("memory", bytes(spec.memory_bytes)),
        ("concurrency", spec.concurrency.to_string()),
        ("timeout", span_ms(spec.timeout_ms)),
        ("isolation", isolation.to_string()),
        (
            "reuse",
            if spec.reuse_max > 0 { format!("{} requests", spec.reuse_max) } else { String::new() },
        ),
        ("limits", joined(&limits)),
        ("kept", joined(&keep)),
        ("routes", lines(routes.collect())),
        ("triggers", lines(spec.triggers.iter().map(trigger).collect())),
        ("environment", pairs(&spec.environment, "=")),
        ("secrets", pairs(&spec.secrets, " from ")),
        ("files", pairs(&spec.files, " from ")),
        ("outbound", spec.outbound.join(", ")),
        ("key-value", spec.key_value.join(", ")),
        ("forecast", forecast(spec)),
        ("workload", some(spec.workload.clone())),
        ("labels", pairs(&spec.labels, "=")),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// What the function chose about its forecasts and clones, if anything.
fn forecast(spec: &FunctionSpec) -> String {
    let chosen = [
        spec.forecast.map(|mode| mode.word().to_string()),
        spec.forecast_step_ms.map(|ms| format!("in steps of {}", span_ms(ms))),
        spec.forecast_horizon_ms.map(|ms| format!("{} ahead", span_ms(ms))),
        spec.clone_memory_bytes.map(|most| format!("{} for clones", bytes(most))),
        spec.clone_starts_max.map(|most| format!("{most} clones a second")),
    ];
    chosen.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Cron { schedule, timezone, .. } => format!("cron {schedule} ({timezone})"),
        Trigger::Mqtt { broker, topic, qos, .. } => format!("mqtt {broker} {topic} (QoS {qos})"),
        Trigger::Event { matches, source } => {
            format!(
                "event {matches}{}",
                source.as_ref().map_or(String::new(), |s| format!(" from {s}"))
            )
        }
        Trigger::Function { name, on } => format!("function {name} on {}", word(on)),
    }
}
