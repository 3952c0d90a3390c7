//! Specifications that make no sense, and what is said of each.

use swell_api::spec::{BackendName, FunctionSpec, Isolation, Model, Route};
use swell_api::trigger::{CallEnd, Missed, Trigger};

use crate::world::{MEMORY, World, modelled};

/// What a change makes of a specification that is fine, and words of the one problem that
/// follows from it; none if it stays fine.
type Row = (fn(&mut FunctionSpec), Option<&'static str>);

fn check(world: &World, rows: &[Row]) {
    for (place, (change, words)) in rows.iter().enumerate() {
        let mut spec = modelled("hello");
        change(&mut spec);
        let problems = world.deployer.problems(&spec);
        match words {
            None => assert_eq!(problems, [""; 0], "row {place}"),
            Some(words) => assert!(
                problems.len() == 1 && problems[0].contains(words),
                "row {place} should say {words:?}, but says {problems:?}"
            ),
        }
    }
}

fn named(name: &str) -> Trigger {
    Trigger::Function { name: name.to_string(), on: CallEnd::Success }
}

fn cron(schedule: &str, timezone: &str) -> Trigger {
    let (schedule, timezone) = (schedule.to_string(), timezone.to_string());
    Trigger::Cron { schedule, timezone, missed: Missed::Skip, body: String::new() }
}

fn mqtt(broker: &str, topic: &str, qos: u8) -> Trigger {
    let (username, password_secret) = (None, None);
    let (broker, topic) = (broker.to_string(), topic.to_string());
    Trigger::Mqtt { broker, topic, qos, username, password_secret }
}

fn event(matches: &str, source: Option<&str>) -> Trigger {
    Trigger::Event { matches: matches.to_string(), source: source.map(str::to_string) }
}

fn route(host: Option<&str>, path: &str) -> Route {
    Route { host: host.map(str::to_string), path: path.to_string() }
}

#[test]
fn names() {
    let world = World::new();
    for (name, fine) in [
        ("a", true),
        ("a-1", true),
        ("resize-image", true),
        ("", false),
        ("1a", false),
        ("a-", false),
        ("-a", false),
        ("A", false),
        ("a_b", false),
        ("a/b", false),
        ("ä", false),
    ] {
        assert_eq!(world.deployer.problems(&modelled(name)).is_empty(), fine, "{name}");
    }
    assert!(world.deployer.problems(&modelled(&"a".repeat(63))).is_empty());
    assert!(!world.deployer.problems(&modelled(&"a".repeat(64))).is_empty());
}

#[test]
fn amounts() {
    check(
        &World::new(),
        &[
            (|_| {}, None),
            (|spec| spec.memory_bytes = 1 << 20, None),
            (|spec| spec.memory_bytes = (1 << 20) - 1, Some("`memory_bytes` is 1048575")),
            (|spec| spec.memory_bytes = MEMORY, None),
            (|spec| spec.memory_bytes = MEMORY + 1, Some("this node has 4294967296")),
            (|spec| spec.concurrency = 0, Some("`concurrency` is 0; it must be at least 1")),
            (|spec| spec.concurrency = 1_001, Some("at most 1000")),
            (|spec| spec.timeout_ms = 0, Some("`timeout_ms`")),
            (|spec| spec.timeout_ms = u64::MAX, Some("`timeout_ms`")),
            (|spec| spec.max_idle_ms = Some(u64::MAX), Some("`max_idle_ms`")),
            (|spec| spec.queue_max = u32::MAX, Some("`queue_max`")),
            (|spec| spec.cpu_ms_max = Some(0), Some("`cpu_ms_max`")),
            (|spec| spec.fuel_max = Some(0), Some("`fuel_max`")),
            (|spec| spec.max_instances = Some(0), Some("`max_instances` is 0")),
            (|spec| (spec.min_warm, spec.max_instances) = (3, Some(2)), Some("`min_warm` is 3")),
            (|spec| (spec.min_warm, spec.max_instances) = (2, Some(2)), None),
            (|spec| spec.min_warm = 64, None),
            (|spec| spec.min_warm = 65, Some("this node has")),
            (|spec| spec.reuse_max = 5, Some("`isolation` is `request`")),
            (|spec| (spec.reuse_max, spec.isolation) = (5, Isolation::Instance), None),
            (|spec| spec.retry.attempts_max = 0, Some("`retry.attempts_max`")),
            (|spec| spec.retry.backoff_ms = u64::MAX, Some("`retry.backoff_ms`")),
            (|spec| spec.workload = Some("Big Ones".to_string()), Some("`workload`")),
            (|spec| spec.forecast_step_ms = Some(900_000), None),
            (|spec| spec.forecast_step_ms = Some(420_000), Some("divide a day")),
            (|spec| spec.forecast_step_ms = Some(0), Some("divide a day")),
            (|spec| spec.forecast_horizon_ms = Some(u64::MAX), Some("`forecast_horizon_ms`")),
            (
                |spec| {
                    spec.forecast_step_ms = Some(900_000);
                    spec.forecast_horizon_ms = Some(600_000);
                },
                Some("cannot exceed the second"),
            ),
            (|spec| spec.clone_memory_bytes = Some(64 << 20), None),
            (|spec| spec.clone_memory_bytes = Some(1 << 20), Some("no clone could be made")),
            (|spec| spec.clone_memory_bytes = Some(MEMORY + 1), Some("this node has")),
            (|spec| spec.clone_starts_max = Some(0), Some("`clone_starts_max` is 0")),
        ],
    );
}

#[test]
fn code_and_models() {
    check(
        &World::new(),
        &[
            (|spec| spec.model = None, Some("needs its `start_us` and `run_us`")),
            (|spec| spec.code = "x".to_string(), Some("runs none")),
            (
                |spec| spec.model = Some(Model { start_us: u64::MAX, run_us: 0 }),
                Some("`model.start_us`"),
            ),
            (
                |spec| *spec = FunctionSpec::plain("hello", BackendName::Wasm),
                Some("upload the code with `POST /v1/code`"),
            ),
            (
                |spec| {
                    *spec = FunctionSpec::plain("hello", BackendName::Wasm);
                    spec.code = "sha256:12".to_string();
                },
                Some("64 hexadecimal digits"),
            ),
            (
                |spec| (spec.backend, spec.code) = (BackendName::Wasm, format!("sha256:{:064}", 0)),
                Some("belongs to the backend `modelled`"),
            ),
        ],
    );
}

#[test]
fn what_guests_are_given() {
    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_string(), other.to_string())
    }
    check(
        &World::new(),
        &[
            (|spec| spec.environment.extend([pair("A", "1")]), None),
            (|spec| spec.environment.extend([pair("A=B", "1")]), Some("without `=`")),
            (|spec| spec.environment.extend([pair("", "1")]), Some("`environment`")),
            (|spec| spec.environment.extend([pair("A", "\0")]), Some("zero byte")),
            (|spec| spec.environment.extend([pair("A", &"x".repeat(1 << 20))]), Some("bytes")),
            (|spec| spec.secrets.extend([pair("A", "KEY")]), Some("file of secrets")),
            (|spec| spec.files.extend([pair("/data", "relative")]), Some("absolute")),
            (|spec| spec.files.extend([pair("data", "/")]), Some("must begin with `/`")),
            (|spec| spec.files.extend([pair("/a/../b", "/")]), Some("no `..`")),
            (|spec| spec.files.extend([pair("/data", "/no/such/folder")]), Some("no such folder")),
            (|spec| spec.files.extend([pair("/data", "/")]), None),
            (|spec| spec.key_value = vec!["Not a name".to_string()], Some("`key_value`")),
            (|spec| spec.key_value = vec!["counters".to_string()], None),
            (
                |spec| spec.labels.extend((0..300).map(|n| pair(&n.to_string(), ""))),
                Some("300 entries"),
            ),
            (|spec| spec.labels.extend([pair("criticality", "critcal")]), Some("`critical`")),
            (|spec| spec.labels.extend([pair("criticality", "critical")]), None),
        ],
    );
    let world = World::new();
    for (place, fine) in [
        ("*", true),
        ("example.org", true),
        ("example.org:8443", true),
        ("*.example.org", true),
        ("10.0.0.7:80", true),
        ("[::1]:80", true),
        ("http://example.org", false),
        ("example.org/path", false),
        ("example.org:0", false),
        ("example.org:x", false),
        ("*.*.org", false),
        ("", false),
        ("a..b", false),
    ] {
        let mut spec = modelled("hello");
        spec.outbound = vec![place.to_string()];
        assert_eq!(world.deployer.problems(&spec).is_empty(), fine, "{place}");
    }
}

#[test]
fn triggers() {
    check(
        &World::new(),
        &[
            (|spec| spec.triggers = vec![cron("*/5 * * * *", "UTC")], None),
            (|spec| spec.triggers = vec![cron("30 */5 * * * *", "Europe/Berlin")], None),
            (|spec| spec.triggers = vec![cron("61 * * * *", "UTC")], Some("`61 * * * *`")),
            (|spec| spec.triggers = vec![cron("", "UTC")], Some("makes no sense")),
            (|spec| spec.triggers = vec![cron("* * * * *", "Mars/Olympus")], Some("IANA")),
            (|spec| spec.triggers = vec![mqtt("mqtt://broker:1883", "a/+/b/#", 2)], None),
            (|spec| spec.triggers = vec![mqtt("mqtt://broker", "a", 1)], None),
            (|spec| spec.triggers = vec![mqtt("broker:1883", "a", 1)], Some("`mqtt://host:port`")),
            (|spec| spec.triggers = vec![mqtt("mqtt://", "a", 1)], Some("`mqtt://host:port`")),
            (|spec| spec.triggers = vec![mqtt("mqtt://b", "a/#/b", 1)], Some("at the end only")),
            (|spec| spec.triggers = vec![mqtt("mqtt://b", "a+/b", 1)], Some("one whole level")),
            (|spec| spec.triggers = vec![mqtt("mqtt://b", "", 1)], Some("the topic")),
            (|spec| spec.triggers = vec![mqtt("mqtt://b", "a", 3)], Some("0, 1 or 2")),
            (|spec| spec.triggers = vec![event("order.*", None)], None),
            (|spec| spec.triggers = vec![event("*", Some("/shop"))], None),
            (|spec| spec.triggers = vec![event("or*der", None)], Some("at its end")),
            (|spec| spec.triggers = vec![event("", None)], Some("the match")),
            (|spec| spec.triggers = vec![event("a", Some(""))], Some("leave it out")),
            (|spec| spec.triggers = vec![named("other")], None),
            (|spec| spec.triggers = vec![named("Not a name")], Some("`Not a name`")),
            (|spec| spec.triggers = vec![event("a", None); 65], Some("65 entries")),
        ],
    );
}

#[test]
fn routes() {
    check(
        &World::new(),
        &[
            (|spec| spec.routes = vec![route(None, "/"), route(Some("a.example"), "/")], None),
            (|spec| spec.routes = vec![route(Some("*.example"), "/v1")], None),
            (|spec| spec.routes = vec![route(None, "api")], Some("begins with `/`")),
            (|spec| spec.routes = vec![route(None, "/a?b")], Some("no `?`")),
            (|spec| spec.routes = vec![route(None, "/v1/x")], Some("answers `/v1` itself")),
            (|spec| spec.routes = vec![route(None, "/v1x")], None),
            (|spec| spec.routes = vec![route(None, "/metrics")], Some("answers `/metrics`")),
            (|spec| spec.routes = vec![route(Some("a:80"), "/")], Some("without port")),
            (|spec| spec.routes = vec![route(None, "/a"), route(None, "/a")], Some("twice")),
        ],
    );
}

#[tokio::test]
async fn all_problems_come_in_one_answer() {
    let world = World::new();
    let mut spec = modelled("hello");
    spec.concurrency = 0;
    spec.timeout_ms = 0;
    spec.triggers = vec![cron("never", "UTC")];
    let refusal = world.deployer.deploy(spec).await.unwrap_err();
    assert!(refusal.title.contains("3 problems"), "{}", refusal.title);
    let detail = refusal.detail.expect("it lists them");
    for words in ["`concurrency`", "`timeout_ms`", "`never`"] {
        assert!(detail.contains(words), "{detail}");
    }
    let mut spec = modelled("hello");
    spec.concurrency = 0;
    let refusal = world.deployer.deploy(spec).await.unwrap_err();
    assert!(refusal.title.contains("`concurrency` is 0"), "{}", refusal.title);
    assert!(world.registry.is_empty());
}

#[tokio::test]
async fn what_others_have_is_taken() {
    let world = World::new();
    let mut first = modelled("first");
    first.routes = vec![route(Some("Shop.example"), "/api"), route(None, "/")];
    first.min_warm = 60;
    world.deployer.deploy(first.clone()).await.expect("all is free");
    let mut second = modelled("second");
    for (taken, words) in [
        (route(Some("shop.example"), "/api"), Some("is a route of `first`")),
        (route(None, "/"), Some("is a route of `first`")),
        (route(Some("shop.example"), "/"), None),
        (route(None, "/api"), None),
    ] {
        second.routes = vec![taken];
        match (world.deployer.deploy(second.clone()).await, words) {
            (Err(refusal), Some(words)) => assert!(refusal.title.contains(words), "{refusal:?}"),
            (result, words) => assert_eq!((result.is_ok(), words), (true, None)),
        }
    }
    second.min_warm = 5;
    let refusal = world.deployer.deploy(second.clone()).await.unwrap_err();
    assert!(refusal.title.contains("other functions keep"), "{refusal:?}");
    second.min_warm = 4;
    world.deployer.deploy(second).await.expect("it fits exactly");
    // One's own routes and warm instances are not in one's way.
    first.timeout_ms += 1;
    world.deployer.deploy(first).await.expect("they are its own");
}

#[tokio::test]
async fn functions_do_not_call_each_other_in_a_circle() {
    let world = World::new();
    let mut spec = modelled("own");
    spec.triggers = vec![named("own")];
    let refusal = world.deployer.deploy(spec).await.unwrap_err();
    assert!(refusal.detail.expect("both say so").contains("for ever"));
    for (name, after) in [("a", None), ("b", Some("a")), ("c", Some("b")), ("d", Some("b"))] {
        let mut spec = modelled(name);
        spec.triggers = after.map(named).into_iter().collect();
        world.deployer.deploy(spec).await.expect("it is no circle");
    }
    let mut spec = modelled("a");
    spec.triggers = vec![named("d"), named("x")];
    let refusal = world.deployer.deploy(spec).await.unwrap_err();
    assert!(refusal.title.contains("a -> b -> d -> a"), "{}", refusal.title);
}

#[tokio::test]
async fn what_is_named_must_be_here() {
    let world = World::new();
    let mut spec = FunctionSpec::plain("hello", BackendName::Wasm);
    spec.code = format!("sha256:{:064}", 0);
    spec.secrets.insert("TOKEN".to_string(), "KEY".to_string());
    std::fs::write(world.path().join("secrets"), "OTHER=1").expect("it is writable");
    let detail = world.deployer.deploy(spec.clone()).await.unwrap_err().detail.expect("both");
    assert!(detail.contains("was not uploaded") && detail.contains("add a line `KEY="), "{detail}");
    spec.code = world.upload("hello").await;
    std::fs::write(world.path().join("secrets"), "KEY=1").expect("it is writable");
    world.deployer.deploy(spec).await.expect("all is here");
}
