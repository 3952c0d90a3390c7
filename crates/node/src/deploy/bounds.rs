//! Whether a specification makes sense by itself: names, amounts and what contradicts
//! what. All problems are found, not only the first, each a sentence that names the key.
//!
//! Every amount has a bound here, so that nothing which passes can make the node grow
//! without end.

use std::collections::BTreeSet;

use http::uri::PathAndQuery;
use swell_api::spec::{BackendName, FunctionSpec, Isolation, Route};
use swell_content::naming::ContentName;
use swell_core::settings::MIN_WARM_MAX;
use swell_core::units::Bytes;

use crate::store::code::is_digest;

/// Least memory of an instance.
pub const MEMORY_MIN: u64 = 1 << 20;
/// Requests that an instance may serve at a time.
pub const CONCURRENCY_MAX: u32 = 1_000;
/// The longest duration that a specification may state: thirty days.
pub const DURATION_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// Requests of a function that may wait at a time.
pub const QUEUE_MAX: u32 = 1_000_000;
/// Tries of an asynchronous call.
pub const ATTEMPTS_MAX: u32 = 1_000;
/// Entries that a list or a map may have.
pub const ENTRIES_MAX: usize = 256;
/// Bytes that texts of a list or a map may have together.
pub const TEXT_BYTES_MAX: usize = 256 << 10;

/// The label by which a function says how much it matters.
pub const CRITICALITY: &str = "criticality";
/// The label that says at which path a function answers whether it is well: calling it has no
/// effects.
pub const HEALTH: &str = "health";
/// What it can say.
const CRITICALITIES: [&str; 3] = ["low", "normal", "critical"];

/// Paths that the node answers itself.
const RESERVED: [&str; 6] =
    ["/v1", "/function", "/async-function", "/healthz", "/readyz", "/metrics"];

/// Everything that is wrong with a specification by itself, on a node with `memory`.
pub fn problems(spec: &FunctionSpec, memory: Bytes) -> Vec<String> {
    let mut found = Vec::new();
    if !is_name(&spec.name) {
        found.push(format!("`name` is `{}`; {NAME_RULE}", short(&spec.name)));
    }
    code(spec, &mut found);
    amounts(spec, memory, &mut found);
    environment(spec, &mut found);
    places(spec, &mut found);
    routes(&spec.routes, &mut found);
    found
}

/// The most contents that a function may declare to read.
const INPUTS_MAX: usize = 64;
/// What a store begins with that is contents of a workload.
pub const CONTENTS: &str = "content:";

/// What a name is, in words that follow the name.
pub const NAME_RULE: &str = "a name is 1 to 63 of `a-z`, `0-9` and `-`, begins with a letter \
                             and does not end with `-`";

/// Whether this can be the name of a function.
pub fn is_name(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = text.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
    begins && text.len() <= 63 && text.bytes().all(fine) && !text.ends_with('-')
}

/// The beginning of a text that came from outside, for a message.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

fn code(spec: &FunctionSpec, found: &mut Vec<String>) {
    match spec.backend {
        BackendName::Wasm => {
            if spec.code.is_empty() {
                found.push("`code` is missing; upload the code with `POST /v1/code` and name the digest it answers".to_string());
            } else if !is_digest(&spec.code) {
                found.push(format!(
                    "`code` is `{}`; it must be `sha256:` and 64 hexadecimal digits in lower case",
                    short(&spec.code)
                ));
            }
            if spec.model.is_some() {
                found.push("`model` belongs to the backend `modelled`; leave it out, or set `backend` to `modelled`".to_string());
            }
        }
        BackendName::Modelled => {
            if !spec.code.is_empty() {
                found.push(
                    "`code` is set, but the backend `modelled` runs none; leave it out".to_string(),
                );
            }
            match spec.model {
                None => found.push(
                    "`model` is missing; the backend `modelled` needs its `start_us` and `run_us`"
                        .to_string(),
                ),
                Some(model) => {
                    for (key, value) in [("start_us", model.start_us), ("run_us", model.run_us)] {
                        within(&format!("model.{key}"), value, 0, DURATION_MS_MAX * 1_000, found);
                    }
                }
            }
        }
    }
}

fn amounts(spec: &FunctionSpec, memory: Bytes, found: &mut Vec<String>) {
    if spec.memory_bytes < MEMORY_MIN {
        found.push(format!(
            "`memory_bytes` is {}; an instance needs at least {MEMORY_MIN} (1 MiB)",
            spec.memory_bytes
        ));
    } else if spec.memory_bytes > memory.get() {
        found.push(format!(
            "`memory_bytes` is {}, but this node has {} for all instances together; ask for \
             less, or give the node more",
            spec.memory_bytes,
            memory.get()
        ));
    }
    within("concurrency", spec.concurrency.into(), 1, CONCURRENCY_MAX.into(), found);
    within("timeout_ms", spec.timeout_ms, 1, DURATION_MS_MAX, found);
    within("min_warm", spec.min_warm.into(), 0, MIN_WARM_MAX.into(), found);
    within("queue_max", spec.queue_max.into(), 0, QUEUE_MAX.into(), found);
    if let Some(most) = spec.max_instances {
        within("max_instances", most.into(), 1, u32::MAX.into(), found);
        if most > 0 && spec.min_warm > most {
            found.push(format!(
                "`min_warm` is {} and `max_instances` {most}; the first cannot exceed the second",
                spec.min_warm
            ));
        }
    }
    if let Some(longest) = spec.max_idle_ms {
        within("max_idle_ms", longest, 0, DURATION_MS_MAX, found);
    }
    if let Some(cpu) = spec.cpu_ms_max {
        within("cpu_ms_max", cpu, 1, DURATION_MS_MAX, found);
    }
    if let Some(fuel) = spec.fuel_max {
        within("fuel_max", fuel, 1, u64::MAX, found);
    }
    if spec.reuse_max > 0 && spec.isolation == Isolation::Request {
        found.push("`reuse_max` bounds how often a guest is reused, but `isolation` is `request`, so each request has a guest of its own; leave it out, or set `isolation` to `instance`".to_string());
    }
    foresight(spec, memory, found);
    let retry = &spec.retry;
    within("retry.attempts_max", retry.attempts_max.into(), 1, ATTEMPTS_MAX.into(), found);
    within("retry.backoff_ms_max", retry.backoff_ms_max, 0, DURATION_MS_MAX, found);
    if retry.backoff_ms > retry.backoff_ms_max {
        found.push(format!(
            "`retry.backoff_ms` is {} and `retry.backoff_ms_max` {}; the first cannot exceed \
             the second",
            retry.backoff_ms, retry.backoff_ms_max
        ));
    }
}

/// What a function chose about its forecasts and clones.
fn foresight(spec: &FunctionSpec, memory: Bytes, found: &mut Vec<String>) {
    const MINUTE_MS: u64 = 60_000;
    const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
    if let Some(step) = spec.forecast_step_ms {
        let divides =
            step >= MINUTE_MS && step.is_multiple_of(MINUTE_MS) && DAY_MS.is_multiple_of(step);
        if !divides {
            found.push(format!(
                "`forecast_step_ms` is {step}; it must be whole minutes that divide a day, such as \
                 900000 (15 minutes)"
            ));
        }
    }
    if let Some(horizon) = spec.forecast_horizon_ms {
        within("forecast_horizon_ms", horizon, MINUTE_MS, DAY_MS, found);
        if let Some(step) = spec.forecast_step_ms.filter(|&step| step > horizon) {
            found.push(format!(
                "`forecast_step_ms` is {step} and `forecast_horizon_ms` {horizon}; the first cannot \
                 exceed the second"
            ));
        }
    }
    if let Some(most) = spec.clone_memory_bytes {
        let (least, limit) = (spec.memory_bytes, memory.get());
        if most < least {
            found.push(format!(
                "`clone_memory_bytes` is {most}, less than the {least} of one instance, so no clone \
                 could be made; give it that much, or set `forecast` to `shadow` or `off`"
            ));
        } else if most > limit {
            found.push(format!(
                "`clone_memory_bytes` is {most}, but this node has {limit} for all instances \
                 together; ask for less, or leave it out"
            ));
        }
    }
    if let Some(most) = spec.clone_starts_max {
        within("clone_starts_max", most.into(), 1, u32::MAX.into(), found);
    }
}

fn within(key: &str, value: u64, least: u64, most: u64, found: &mut Vec<String>) {
    if value < least {
        found.push(format!("`{key}` is {value}; it must be at least {least}"));
    } else if value > most {
        found.push(format!("`{key}` is {value}; it can be at most {most}"));
    }
}

fn environment(spec: &FunctionSpec, found: &mut Vec<String>) {
    let variables = spec.environment.keys().map(|name| ("environment", name));
    let secrets = spec.secrets.keys().map(|name| ("secrets", name));
    for (key, name) in variables.chain(secrets) {
        if name.is_empty() || name.contains(['=', '\0']) {
            found.push(format!(
                "`{key}` has a variable `{}`; a variable has a name without `=`",
                short(name)
            ));
        }
    }
    for (name, value) in &spec.environment {
        if value.contains('\0') {
            found.push(format!("the value of `environment.{}` has a zero byte", short(name)));
        }
        if spec.secrets.contains_key(name) {
            found.push(format!(
                "`{}` is both in `environment` and in `secrets`; name it once",
                short(name)
            ));
        }
    }
    for (key, map) in [
        ("environment", &spec.environment),
        ("secrets", &spec.secrets),
        ("files", &spec.files),
        ("labels", &spec.labels),
    ] {
        let bytes = map.iter().map(|(name, value)| name.len() + value.len()).sum();
        size(key, map.len(), bytes, found);
    }
    if let Some(workload) = spec.workload.as_deref().filter(|workload| !is_name(workload)) {
        found.push(format!("`workload` is `{}`; {NAME_RULE}", short(workload)));
    }
    let matters = spec.labels.get(CRITICALITY).map(String::as_str);
    if let Some(other) = matters.filter(|word| !CRITICALITIES.contains(word)) {
        found.push(format!(
            "the label `{CRITICALITY}` is `{}`; it is one of `{}`",
            short(other),
            CRITICALITIES.join("`, `")
        ));
    }
    if let Some(path) = spec.labels.get(HEALTH) {
        let is_path = path.starts_with('/') && path.parse::<PathAndQuery>().is_ok();
        if !is_path {
            found.push(format!(
                "the label `{HEALTH}` is `{}`; it is the path that answers whether the function is \
                 well, such as `/healthz`",
                short(path)
            ));
        }
    }
    if spec.inputs.len() > INPUTS_MAX {
        found.push(format!("`inputs` has more than {INPUTS_MAX} contents"));
    }
    match spec.workload.as_deref() {
        None if !spec.inputs.is_empty() => {
            found.push("`inputs` are contents of a workload; set `workload`".to_string());
        }
        Some(workload) if is_name(workload) => {
            let wrong = spec.inputs.iter().map(|name| ContentName::new(workload, name));
            found.extend(wrong.filter_map(Result::err).map(|error| format!("`inputs`: {error}")));
        }
        _ => {}
    }
}

fn size(key: &str, entries: usize, bytes: usize, found: &mut Vec<String>) {
    if entries > ENTRIES_MAX {
        found.push(format!("`{key}` has {entries} entries; it can have at most {ENTRIES_MAX}"));
    }
    if bytes > TEXT_BYTES_MAX {
        found.push(format!("`{key}` has {bytes} bytes; it can have at most {TEXT_BYTES_MAX}"));
    }
}

fn places(spec: &FunctionSpec, found: &mut Vec<String>) {
    for (inside, here) in &spec.files {
        if !inside.starts_with('/') || inside.split('/').any(|part| part == "..") {
            found.push(format!(
                "`files` has the guest path `{}`; it must begin with `/` and have no `..`",
                short(inside)
            ));
        }
        if !std::path::Path::new(here).is_absolute() {
            found.push(format!(
                "`files` shows the folder `{}` of this node; it must be an absolute path",
                short(here)
            ));
        }
    }
    for place in &spec.outbound {
        if !is_outbound(place) {
            found.push(format!(
                "`outbound` has `{}`; write `host`, `host:port`, `*.host`, or `*` for anywhere, \
                 without `http://` and path",
                short(place)
            ));
        }
    }
    for store in &spec.key_value {
        let (name, leads_to) = store.split_once('=').unwrap_or((store, store));
        let target = leads_to.strip_prefix(CONTENTS).unwrap_or(leads_to);
        if !is_name(name) || !is_name(target) {
            found.push(format!(
                "`key_value` has `{}`; write a name, or `name=content:workload` for contents of \
                 a workload; {NAME_RULE}",
                short(store)
            ));
        }
    }
    for (key, list) in [("outbound", &spec.outbound), ("key_value", &spec.key_value)] {
        size(key, list.len(), list.iter().map(String::len).sum(), found);
    }
}

/// `host`, `host:port`, `*.host`, `[v6]:port` or `*`.
fn is_outbound(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    port_fits && v6.map_or_else(|| is_host(host), |v6| v6.parse::<std::net::Ipv6Addr>().is_ok())
}

/// A host without port, with `*.` at its beginning or not.
fn is_host(text: &str) -> bool {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(fine);
    text.len() <= 253 && labels.split('.').all(label)
}

fn routes(routes: &[Route], found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for route in routes {
        let Route { host, path } = route;
        let shown = short(&shown(route));
        if let Some(host) = host.as_ref().filter(|host| !is_host(host)) {
            found.push(format!(
                "`routes` has the host `{}`; write a host without port, or `*.host`",
                short(host)
            ));
        }
        if !path.starts_with('/') || path.contains(['?', '#', ' ']) || path.contains("//") {
            found.push(format!(
                "`routes` has the path `{}`; a path begins with `/` and has no `?`, `#`, `//` or \
                 blank",
                short(path)
            ));
        }
        let below = |taken: &&&str| {
            path.strip_prefix(**taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(taken) = RESERVED.iter().find(below).filter(|_| host.is_none()) {
            found.push(format!("`routes` has `{shown}`, but the node answers `{taken}` itself; choose another path, or name a host"));
        }
        if !seen.insert(route) {
            found.push(format!("`routes` has `{shown}` twice; name it once"));
        }
    }
    let bytes = routes.iter().map(|route| route.path.len()).sum();
    size("routes", routes.len(), bytes, found);
}

/// A route, as people write it.
pub fn shown(route: &Route) -> String {
    format!("{}{}", route.host.as_deref().unwrap_or(""), route.path)
}
