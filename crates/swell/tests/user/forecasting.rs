//! Forecasts as a user meets them: a manifest with a timer, what is expected of it, events
//! announced and taken back, a receipt, and all of it there after a restart.

use serde_json::Value;

use crate::node::{Node, Ran, command, until};
use crate::shell::Folder;

/// A second of the wall's is a minute of the node's.
const FAST: &str = "--speed 60 --policy lru --set forecast.step=1m";

/// Called for each anomaly; its first call is one itself.
const GUARD: &str = r#"version = 1

[[function]]
name = "guard"
backend = "modelled"
model = { start = "1ms", run = "1ms" }
triggers = [{ type = "event", match = "swell.anomaly.*" }]

[[function]]
name = "web"
backend = "modelled"
model = { start = "1ms", run = "1ms" }
forecast-horizon = "10m"
forecast-step = "5m"
clone-memory = "128MiB"
clone-starts = 3
"#;

/// Called each second by the clock; gone ten of the node's seconds after a call.
const TIMER: &str = r#"version = 1

[[function]]
name = "tick"
backend = "modelled"
model = { start = "2s", run = "500ms" }
max-idle = "10s"
triggers = [{ type = "cron", schedule = "* * * * * *" }]
"#;

fn on(mode: &str) -> Node {
    let node = Node::up(&format!("{FAST} --set forecast.mode={mode}"));
    node.write("app.toml", TIMER.as_bytes());
    node.fine("deploy -f app.toml");
    node
}

/// What is forecast of the timer's function, once anything is.
fn forecast(node: &Node) -> Value {
    until("the node forecasts", || {
        let ran = node.run("forecast show tick -o json");
        (ran.code == Some(0)).then(|| ran.json())
    })
}

#[test]
fn what_a_clock_calls_is_warm_in_time() {
    let node = on("on");
    let known = until("schedules are known in advance", || {
        let known = forecast(&node)["known_at_ms"].as_array().map_or(0, Vec::len);
        (known > 5).then_some(known)
    });
    assert!(known <= 64, "{known}");
    until("clones serve calls", || {
        (node.metric("swell_clones_total{fate=\"used\"}") >= 2.0).then_some(())
    });
    let calls = || node.metric("swell_invocation_starts_total{function=\"tick\"");
    let cold = || node.metric("swell_cold_starts_total{function=\"tick\"");
    let (begun, before) = (calls(), cold());
    until("ten more calls", || (calls() >= begun + 10.0).then_some(()));
    assert!(cold() - before <= 3.0, "{} of 10 calls waited for a start", cold() - before);
    let receipt = node.fine("receipt --since 1h");
    assert!(receipt.out.contains("clones were made"), "{receipt:?}");
    let journal = node.fine("journal save j.bin");
    assert!(journal.told.is_empty() || !journal.told.contains("error"), "{journal:?}");
    let replayed = node.fine("replay j.bin");
    assert!(replayed.out.starts_with("identical: "), "forecasts are in the journal: {replayed:?}");
    let told = node.fine("journal forecasts j.bin -o csv").out;
    let came = |line: &str| line.rsplit(',').next().and_then(|came| came.parse::<u32>().ok());
    assert!(told.starts_with("at_s,step_s,ahead,function,chance,"), "{told}");
    assert!(told.lines().filter_map(came).any(|came| came > 0), "with what came: {told}");
    node.run("journal forecasts app.toml").ended(1, "not a journal");
    node.stop();
}

#[test]
fn events_are_announced_listed_and_kept_and_shadow_makes_nothing() {
    let node = on("shadow");
    let told = forecast(&node);
    assert_eq!(told["steps"].as_array().map(Vec::len), Some(60), "{told}");
    let shown = node.fine("forecast show tick");
    for words in ["mode", "shadow", "80 %", "95 %", "because", "surely called"] {
        assert!(shown.out.contains(words), "`{words}` is missing: {shown:?}");
    }
    let words = "events add campaign --at 2031-05-01T09:00 --for 3h --functions shop-* --effect x2";
    let added = node.fine(&format!("{words} --zone Europe/Berlin --id spring -o json")).json();
    assert_eq!(added["start_ms"], 1_935_385_200_000u64, "{added}");
    node.write(
        "nights.csv",
        b"start,end,kind,functions,effect\n\
          2031-05-02T01:00:00Z,2031-05-02T03:00:00Z,maintenance,*,unmeasured\n\
          yesterday,2031-05-02T03:00:00Z,maintenance,*,unmeasured\n",
    );
    let read = node.fine("events import nights.csv -o json");
    assert_eq!(read.json()["taken"], 1, "{read:?}");
    assert!(read.told.contains("line 3"), "{read:?}");
    node.run("events add campaign --at soon").ended(2, "`--at`");
    node.run("events add campaign --at 2031-05-01 --effect much").ended(2, "--effect");
    node.run("events add campaign --at 2031-05-01 --for 0s").ended(2, "--for");
    node.run("events add campaign --at 2031-05-01 --until 2031-04-01").ended(2, "`--until`");
    node.write("broken.csv", b"start,end\nsoon,later\n");
    node.run("events import broken.csv").ended(2, "no event could be read");
    node.run("events remove nobody").ended(1, "no event `nobody`");
    node.run("forecast show nobody").ended(1, "no function `nobody`");
    node.run("receipt --since soon").ended(2, "--since");
    assert_eq!(node.metric("swell_starts_total{cause=\"clone\""), 0.0);
    let scored = |told: &Value| told["quality"]["n"].as_u64().unwrap_or(0);
    let before = until("forecasts are scored", || {
        let before = scored(&forecast(&node));
        (before > 3).then_some(before)
    });

    let node = Node::on(node.stop(), &format!("{FAST} --set forecast.mode=shadow"));
    let events = node.fine("events list -o json").json();
    assert_eq!(events.as_array().map(Vec::len), Some(2), "{events}");
    node.fine("events remove spring");
    let after = scored(&forecast(&node));
    assert!(after >= before, "what came is there: {after} of {before}");
    node.stop();
}

#[test]
fn an_anomaly_calls_whoever_wants_it_and_forecasts_stand_beside_what_came() {
    let node = Node::up(&format!("{FAST} --set forecast.mode=on"));
    node.write("app.toml", GUARD.as_bytes());
    node.fine("deploy -f app.toml");
    let described = node.fine("describe web").out;
    let chosen = "in steps of 5m, 10m ahead, 128MiB for clones, 3 clones a second";
    assert!(described.contains(chosen), "{described}");
    // A call a minute of the node's, for a while.
    let scored = || {
        node.call("web", b"");
        let told = node.run("forecast show web -o json");
        (told.code == Some(0))
            .then(|| told.json())
            // Some dozen steps with calls, so that a burst is something new.
            .filter(|told| told["quality"]["n"].as_u64() > Some(120))
    };
    let told = until("forecasts are scored", || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        scored()
    });
    assert_eq!(told["steps"].as_array().map(Vec::len), Some(2), "ten minutes in fives: {told}");
    assert_eq!(told["minutes"]["steps"].as_array().map(Vec::len), Some(10), "{told}");
    assert!(told["clones"][0]["text"].is_string() && told["verdict"]["text"].is_string(), "{told}");
    let spike = until("a burst is noticed", || {
        (0..300).for_each(|_| drop(node.call("web", b"")));
        let found = node.fine("forecast anomalies --function web -o json").json();
        found.as_array()?.iter().find(|one| one["kind"] == "spike").cloned()
    });
    assert!(
        spike["seen"].as_u64() > Some(20) && spike["expected"]["high_95"].is_number(),
        "{spike}"
    );
    let called = until("the guard is called", || {
        let calls = node.fine("queue list --function guard -o json").json();
        calls.as_array()?.iter().find(|call| call["state"] == "done").cloned()
    });
    assert_eq!(called["trigger"], "event", "{called}");
    let told = node.fine("journal forecasts -o csv").out;
    let line = |by: &str, step: u32| {
        let words = format!(",{step},0,web,{by}");
        told.lines().any(|line| line.contains(&words) && !line.ends_with(",0"))
    };
    assert!(line("occurrence", 1) && line("the window", 1), "{told}");
    node.stop();
}

#[test]
fn an_announced_event_makes_clones_before_it_begins() {
    const ALIKE: &str = r#"
[[function]]
name = "NAME"
backend = "modelled"
model = { start = "2s", run = "500ms" }
max-idle = "30s"
"#;
    let node = Node::up(&format!("{FAST} --set forecast.mode=on"));
    let both = ["sale", "calm"].map(|name| ALIKE.replace("NAME", name)).concat();
    node.write("app.toml", format!("version = 1\n{both}").as_bytes());
    node.fine("deploy -f app.toml");
    let chances = || {
        let told = node.run("forecast show sale -o json");
        (told.code == Some(0)).then(|| told.json()["minutes"]["steps"].clone())
    };
    // Both are called alike, and seldom enough that nobody would make a clone for it.
    until("both are known", || {
        ["sale", "calm"].iter().for_each(|name| assert_eq!(node.call(name, b"").status, 200));
        std::thread::sleep(std::time::Duration::from_secs(2));
        chances().filter(|steps| steps.as_array().is_some_and(|steps| !steps.is_empty()))
    });
    let now_ms = || chrono::Utc::now().timestamp_millis();
    let begins_ms = now_ms() / 1_000 * 1_000 + 5_000;
    let at = chrono::DateTime::from_timestamp_millis(begins_ms).expect("it is a time");
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    node.fine(&format!("events add campaign --at {at} --for 20s --functions sale --effect x100"));
    let made = until("a clone is there before the event", || {
        let all = node.fine("ps -o json").json();
        let waits = |name: &str| {
            let mut all = all.as_array()?.iter();
            all.find(|one| one["function"] == name && one["state"] == "pre-warmed").cloned()
        };
        let is_late = now_ms() > begins_ms + 1_000;
        assert!(!is_late, "the event has begun: {all} {:?}", chances());
        let since_ms = waits("sale")?["since_ms"].as_i64()?;
        (since_ms + 1_600 > begins_ms).then(|| (since_ms, waits("calm").is_some()))
    });
    assert!(made.0 < begins_ms, "{made:?} before {begins_ms}");
    assert!(!made.1, "one that the event does not touch has none");
    node.stop();
}

#[test]
fn settings_of_forecasts_have_origins_and_are_checked() {
    let folder = Folder::new();
    let run = |words: &str| Ran::of(command(&folder, words));
    let shown = run("config show --origin --set forecast.mode=on --set forecast.training=5%");
    for words in ["forecast.mode", "forecast.step", "forecast.training-memory"] {
        assert!(shown.out.contains(words), "{shown:?}");
    }
    for (setting, told) in [
        ("forecast.mode=maybe", "none of `off`, `shadow` and `on`"),
        ("forecast.step=7m", "neither 1m nor one of"),
        ("forecast.horizon=7m", "whole steps"),
        ("forecast.zone=Mars/North", "no time zone"),
        ("forecast.policy=expected-costs", "did you mean `expected-cost`?"),
        ("forecast.memory=0%", "no share"),
        ("forecast.record-max=1KiB", "less than 1MiB"),
        ("forecast.training-memory=24MiB", "less than the 32MiB"),
        ("forecast.moode=on", "forecast.mode"),
    ] {
        run(&format!("config show --set {setting}")).ended(2, told);
    }
}
