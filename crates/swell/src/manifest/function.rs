//! The keys of a `[[function]]`, which are also the long options of `swell deploy`.

use serde_json::json;
use swell_api::spec::{Model, Retry, Route};

use crate::document::keys::{KeyOf, Shape, read_table};
use crate::document::tree::{Mistake, Node, Value};
use crate::document::value::{amount, count, flag, list, map, span_ms, span_us, text, texts, word};
use crate::manifest::entry::{Build, Entry, Source};
use crate::manifest::{schema, trigger};

const ISOLATIONS: &[&str] = &["request", "instance"];
const FORECASTS: &[&str] = &["off", "shadow", "on"];
const BACKENDS: &[&str] = &["wasm", "modelled"];

/// A key of a function.
macro_rules! key {
    ($name:literal, $shape:expr, $meaning:literal, |$node:ident, $draft:ident| $place:expr => $value:expr) => {
        KeyOf {
            name: $name,
            shape: $shape,
            meaning: $meaning,
            read: |$node, $draft| {
                $place = $value;
                Ok(())
            },
        }
    };
}

/// The keys.
pub const KEYS: &[KeyOf<Entry>] = &[
    key!("name", Shape::Text, "Its name: 1 to 63 of a-z, 0-9 and -, beginning with a letter",
        |node, entry| entry.spec.name => text(node)?),
    key!("code", Shape::Text, "Its code: a file, or the digest sha256:... of code the node has",
        |node, entry| entry.code => source(text(node)?)),
    key!("memory", Shape::Amount, "Memory of one instance",
        |node, entry| entry.spec.memory_bytes => amount(node)?),
    key!("timeout", Shape::Span, "How long a request may take in all",
        |node, entry| entry.spec.timeout_ms => span_ms(node)?),
    key!("concurrency", Shape::Count(1), "Requests that one instance serves at a time",
        |node, entry| entry.spec.concurrency => count(node, 1)?),
    key!("isolation", Shape::Word(ISOLATIONS), "request: each gets a fresh guest; instance: a guest serves one after the other",
        |node, entry| entry.spec.isolation => word(node, ISOLATIONS)?),
    key!("reuse", Shape::Count(0), "Requests after which a reused guest is replaced; 0 is never",
        |node, entry| entry.spec.reuse_max => count(node, 0)?),
    key!("min-warm", Shape::Count(0), "Instances kept at all times",
        |node, entry| entry.spec.min_warm => count(node, 0)?),
    key!("max-instances", Shape::Count(1), "Instances allowed at a time",
        |node, entry| entry.spec.max_instances => Some(count(node, 1)?)),
    key!("max-idle", Shape::Span, "An idle instance never outlives this",
        |node, entry| entry.spec.max_idle_ms => Some(span_ms(node)?)),
    key!("pinned", Shape::Flag, "Instances are never evicted nor expired",
        |node, entry| entry.spec.pinned => flag(node)?),
    key!("queue", Shape::Count(0), "Requests that may wait for an instance at a time",
        |node, entry| entry.spec.queue_max => count(node, 0)?),
    key!("body-max", Shape::Amount, "The longest request body",
        |node, entry| entry.spec.body_bytes_max => amount(node)?),
    key!("cpu", Shape::Span, "CPU time of one request",
        |node, entry| entry.spec.cpu_ms_max => Some(span_ms(node)?)),
    key!("fuel", Shape::Count(1), "Fuel of one request, about one unit per WebAssembly instruction",
        |node, entry| entry.spec.fuel_max => Some(count(node, 1)?)),
    key!("env", Shape::Map, "Environment variables of the guest",
        |node, entry| entry.spec.environment => map(node)?),
    key!("secrets", Shape::Map, "Environment variables and the secrets of the node they get",
        |node, entry| entry.spec.secrets => map(node)?),
    key!("files", Shape::Map, "Folders the guest sees, read only: path in the guest, path on the node",
        |node, entry| entry.spec.files => map(node)?),
    key!("outbound", Shape::Texts, "Where the guest may send requests: host, host:port, *.host or *",
        |node, entry| entry.spec.outbound => texts(node)?),
    key!("key-value", Shape::Texts, "Key-value stores the guest may open; `name=content:workload` is contents of a workload",
        |node, entry| entry.spec.key_value => texts(node)?),
    key!("routes", Shape::Tables(|| schema::table("A route", ROUTE_KEYS)), "Hosts and paths at which it answers besides /function/NAME",
        |node, entry| entry.spec.routes => list(node, route)?),
    key!("triggers", Shape::Tables(trigger::schema), "What calls it besides people and programs over HTTP",
        |node, entry| entry.spec.triggers => list(node, trigger::read)?),
    key!("retry", Shape::Table(|| schema::table("Retries", RETRY_KEYS)), "How asynchronous calls are tried again",
        |node, entry| entry.spec.retry => retry(node)?),
    key!("forecast", Shape::Word(FORECASTS), "Whether clones are made ahead of its calls: off, shadow (only told of), on",
        |node, entry| entry.spec.forecast => Some(word(node, FORECASTS)?)),
    key!("forecast-step", Shape::Span, "Length of a step in which its forecasts are shown: whole steps of the node's",
        |node, entry| entry.spec.forecast_step_ms => Some(step_ms(node)?)),
    key!("forecast-horizon", Shape::Span, "How far ahead clones of it may be made and its forecasts are shown",
        |node, entry| entry.spec.forecast_horizon_ms => Some(span_ms(node)?)),
    key!("clone-memory", Shape::Amount, "What its clones may hold together while they wait",
        |node, entry| entry.spec.clone_memory_bytes => Some(amount(node)?)),
    key!("clone-starts", Shape::Count(1), "Clones of it made in a second, at most",
        |node, entry| entry.spec.clone_starts_max => Some(count(node, 1)?)),
    key!("workload", Shape::Text, "The class of similar functions it belongs to",
        |node, entry| entry.spec.workload => Some(text(node)?)),
    key!("inputs", Shape::Texts, "Contents of its workload that each call reads; fetched while an instance starts",
        |node, entry| entry.spec.inputs => texts(node)?),
    key!("labels", Shape::Map, "Words of yours; criticality (of sites) and health (a path that clones and moves are asked at) are heeded, others only kept",
        |node, entry| entry.spec.labels => map(node)?),
    key!("build", Shape::Table(|| schema::table("A build", BUILD_KEYS)), "How its code is built, for `swell deploy --build` and `swell watch`",
        |node, entry| entry.build => Some(build(node)?)),
    key!("backend", Shape::Word(BACKENDS), "What makes its instances; modelled runs nothing and pretends durations",
        |node, entry| entry.spec.backend => word(node, BACKENDS)?),
    key!("model", Shape::Table(|| schema::table("A model", MODEL_KEYS)), "Durations the backend modelled pretends",
        |node, entry| entry.spec.model => Some(model(node)?)),
];

const ROUTE_KEYS: &[KeyOf<Route>] = &[
    key!("host", Shape::Text, "The host; *. at its beginning stands for any labels",
        |node, route| route.host => Some(text(node)?)),
    key!("path", Shape::Text, "The path and all below it",
        |node, route| route.path => text(node)?),
];

/// The keys of a retry.
pub const RETRY_KEYS: &[KeyOf<Retry>] = &[
    key!("attempts", Shape::Count(1), "Tries in all",
        |node, retry| retry.attempts_max => count(node, 1)?),
    key!("backoff", Shape::Span, "Pause before the second try; doubled before each further one",
        |node, retry| retry.backoff_ms => span_ms(node)?),
    key!("backoff-max", Shape::Span, "The longest pause",
        |node, retry| retry.backoff_ms_max => span_ms(node)?),
];

const BUILD_KEYS: &[KeyOf<Build>] = &[
    key!("command", Shape::Text, "The command, for the shell, in the folder of the manifest",
        |node, build| build.command => text(node)?),
    key!("watch", Shape::Texts, "Files and folders whose change asks for another build",
        |node, build| build.watch => texts(node)?),
];

const MODEL_KEYS: &[KeyOf<Model>] = &[
    key!("start", Shape::Span, "How long a start takes",
        |node, model| model.start_us => span_us(node)?),
    key!("run", Shape::Span, "How long a request runs",
        |node, model| model.run_us => span_us(node)?),
];

/// Reads a function.
pub fn read(node: &Node) -> Result<Entry, Vec<Mistake>> {
    let mut entry = Entry::blank();
    read_table(node, "a function", KEYS, &mut entry)?;
    if entry.spec.name.is_empty() {
        return Err(vec![node.wrong("a function needs a `name`")]);
    }
    Ok(entry)
}

/// Sets one key by a text, as an option of the command line does.
pub fn set(entry: &mut Entry, name: &str, text: &str) -> Result<(), Vec<Mistake>> {
    let key = KEYS.iter().find(|key| key.name == name).expect("options are named after keys");
    (key.read)(&Node::text(text), entry)
}

fn source(text: String) -> Source {
    if text.starts_with("sha256:") { Source::Digest(text) } else { Source::File(text.into()) }
}

/// A step of forecasts: whole minutes that divide a day.
fn step_ms(node: &Node) -> Result<u64, Vec<Mistake>> {
    const MINUTE_MS: u64 = 60_000;
    let ms = span_ms(node)?;
    match ms.is_multiple_of(MINUTE_MS) && (24 * 60 * MINUTE_MS).is_multiple_of(ms) {
        true => Ok(ms),
        false => Err(vec![node.wrong("it must be whole minutes that divide a day, such as `15m`")]),
    }
}

/// A table of host and path, or the short form `host/path`.
pub fn route(node: &Node) -> Result<Route, Vec<Mistake>> {
    let mut route = Route { host: None, path: "/".to_string() };
    match &node.value {
        Value::Text(text) => {
            let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
            route.host = (!host.is_empty() && host != "*").then(|| host.to_string());
            if !path.is_empty() {
                route.path = path.to_string();
            }
        }
        _ => read_table(node, "a route", ROUTE_KEYS, &mut route)?,
    }
    Ok(route)
}

/// Reads how calls are tried again.
pub fn retry(node: &Node) -> Result<Retry, Vec<Mistake>> {
    let mut retry = Retry::default();
    read_table(node, "a retry", RETRY_KEYS, &mut retry)?;
    Ok(retry)
}

fn build(node: &Node) -> Result<Build, Vec<Mistake>> {
    let mut build = Build::default();
    match &node.value {
        Value::Text(command) => build.command.clone_from(command),
        _ => read_table(node, "a build", BUILD_KEYS, &mut build)?,
    }
    if build.command.trim().is_empty() {
        return Err(vec![node.wrong("a build needs a `command`")]);
    }
    Ok(build)
}

fn model(node: &Node) -> Result<Model, Vec<Mistake>> {
    let mut model = Model { start_us: 0, run_us: 0 };
    read_table(node, "a model", MODEL_KEYS, &mut model)?;
    Ok(model)
}

/// The schema of a function.
pub fn schema() -> serde_json::Value {
    let mut schema = schema::table("A function", KEYS);
    schema["required"] = json!(["name"]);
    schema
}
