//! Forecasts as a user meets them: a manifest with a timer, what is expected of it, events
//! announced and taken back, a receipt, and all of it there after a restart.

use serde_json::Value;

use crate::node::{Node, Ran, command, until};
use crate::shell::Folder;

/// A second of the wall's is a minute of the node's.
const FAST: &str = "--speed 60 --policy lru --set forecast.step=1m";

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
    node.run("events add campaign --at 2031-05-01 --effect much").ended(1, "effect");
    node.run("events remove nobody").ended(1, "no event `nobody`");
    node.run("forecast show nobody").ended(1, "no function `nobody`");
    node.run("receipt --since soon").ended(1, "`since`");
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
        ("forecast.training-memory=24MiB", "less than the 32MiB"),
        ("forecast.moode=on", "forecast.mode"),
    ] {
        run(&format!("config show --set {setting}")).ended(2, told);
    }
}
