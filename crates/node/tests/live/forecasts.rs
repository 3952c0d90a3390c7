//! Forecasts in a node: a timer's function is warm before its call, shadow makes nothing,
//! what was counted and announced outlives a restart, and a model that is lost costs nothing
//! but itself.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use swell_api::spec::{BackendName, ForecastMode, FunctionSpec, Model};
use swell_api::trigger::{Missed, Trigger};
use swell_node::settings::NodeSettings;
use swell_samples::samples;

use crate::house::House;

/// A minute of the mind's in a second of the wall's.
const SPEED: f64 = 60.0;

fn forecasting(mode: ForecastMode) -> impl Fn(&mut NodeSettings) {
    move |settings| {
        settings.speed = SPEED;
        settings.policy = "lru".to_string();
        settings.forecast.mode = mode;
        settings.forecast.step_minutes = 1;
    }
}

/// Called each second by a clock, which is each minute of the mind's; an instance of it is
/// gone ten of the mind's seconds after a call.
fn timer() -> FunctionSpec {
    let mut spec = FunctionSpec::plain("tick", BackendName::Modelled);
    spec.model = Some(Model { start_us: 2_000_000, run_us: 500_000 });
    spec.max_idle_ms = Some(10_000);
    spec.triggers = vec![Trigger::Cron {
        schedule: "* * * * * *".to_string(),
        timezone: "UTC".to_string(),
        missed: Missed::Skip,
        body: String::new(),
    }];
    spec
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2_400 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("in vain: {what}");
}

/// The sum of the samples of a metric whose line has these words.
async fn metric(house: &House, name: &str, words: &str) -> f64 {
    let answer = house.get("/metrics").await;
    let lines = answer.text().lines().filter(|line| line.starts_with(name) && line.contains(words));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Waits for so many more calls; how many of them were cold.
async fn cold_of(house: &House, calls: f64) -> f64 {
    let total = async || metric(house, "swell_invocation_starts_total", "tick").await;
    let cold = async || metric(house, "swell_cold_starts_total", "tick").await;
    let (begun, before) = (total().await, cold().await);
    until("the clock calls", async || (total().await >= begun + calls).then_some(())).await;
    cold().await - before
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_a_clock_calls_is_warm_before_its_call() {
    let house = House::up_with(forecasting(ForecastMode::On)).await;
    assert!(house.put(&timer()).await.status.is_success());
    until("clones serve calls", async || {
        (metric(&house, "swell_clones_total", "used").await >= 2.0).then_some(())
    })
    .await;
    let cold = cold_of(&house, 10.0).await;
    assert!(cold <= 3.0, "{cold} of 10 calls waited for a start");
    let told = house.get("/v1/forecasts/tick").await.json();
    assert!(told["known_at_ms"].as_array().is_some_and(|known| known.len() > 5), "{told}");
    let receipt = house.get("/v1/receipt?since=1h").await.json();
    assert!(receipt["on"]["clones_used"].as_u64() >= Some(8), "{receipt}");
    assert!(receipt["on"]["cold_avoided"].as_i64() >= Some(7) && receipt.get("shadow").is_none());
    house.down().await;
}

/// Waits until clones of a function stand as they do for a reason.
async fn until_reason(house: &House, name: &str, reason: &str) {
    until(&format!("clones of {name}: {reason}"), async || {
        let told = house.get(&format!("/v1/forecasts/{name}")).await;
        let told = told.status.is_success().then(|| told.json())?;
        (told["clones"][0]["reason"] == reason).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_s_limits_hold_where_only_a_function_is_on() {
    let house = House::up_with(|settings| {
        forecasting(ForecastMode::Off)(settings);
        settings.forecast.memory_per_mille = 0;
    })
    .await;
    let mut own = timer();
    own.forecast = Some(ForecastMode::On);
    assert!(house.put(&own).await.status.is_success());
    until_reason(&house, "tick", "share-used").await;
    assert_eq!(metric(&house, "swell_starts_total", "clone").await, 0.0);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_whose_calls_fail_or_that_say_so_themselves_are_not_well() {
    let house = House::up_with(forecasting(ForecastMode::On)).await;
    let on_time = |spec: &mut FunctionSpec| {
        spec.max_idle_ms = Some(10_000);
        spec.triggers = timer().triggers;
    };
    house.deploy("trap", samples::TRAP, on_time).await;
    let sick = house.deploy("album", samples::ALBUM, |spec| {
        on_time(spec);
        spec.workload = Some("shop".to_string());
        spec.key_value = vec!["album=content:shop".to_string()];
        spec.labels = [("health".to_string(), "/nothing".to_string())].into();
    });
    assert!(sick.await.status.is_success());
    for _ in 0..4 {
        assert_eq!(house.call("trap", "").await.status, 502);
        assert!(house.send(Method::POST, "/function/album/cat", "a cat").await.status.is_success());
    }
    until_reason(&house, "trap", "calls-fail").await;
    until("a clone that is not well goes", async || {
        (metric(&house, "swell_stops_total", "unhealthy").await >= 1.0).then_some(())
    })
    .await;
    until_reason(&house, "album", "failing").await;
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_shadow_nothing_is_made() {
    let house = House::up_with(forecasting(ForecastMode::Shadow)).await;
    assert!(house.put(&timer()).await.status.is_success());
    let cold = cold_of(&house, 6.0).await;
    assert!(cold >= 5.0, "{cold} of 6 calls waited for a start");
    assert_eq!(metric(&house, "swell_starts_total", "clone").await, 0.0);
    assert!(house.get("/v1/forecasts/tick").await.status.is_success());
    let mut own = timer();
    own.forecast = Some(ForecastMode::Off);
    assert!(house.put(&own).await.status.is_success());
    until("a function that wants no forecast has none", async || {
        (house.get("/v1/forecasts/tick").await.status == 404).then_some(())
    })
    .await;
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_and_announced_outlives_a_restart() {
    let house = House::up_with(forecasting(ForecastMode::Shadow)).await;
    let mut spec = FunctionSpec::plain("shop-cart", BackendName::Modelled);
    spec.model = Some(Model { start_us: 1_000, run_us: 1_000 });
    assert!(house.put(&spec).await.status.is_success());
    let measured = async |house: &House, least: usize| -> Option<Value> {
        house.call("shop-cart", "").await;
        let told = house.get("/v1/forecasts/shop-cart").await;
        let told = told.status.is_success().then(|| told.json())?;
        let counts = told["recent"].as_array()?.iter().filter_map(Value::as_u64);
        (counts.filter(|&count| count > 0).count() >= least).then_some(told)
    };
    let told = until("minutes are counted", async || measured(&house, 4).await).await;
    assert_eq!(told["steps"].as_array().map(Vec::len), Some(12), "{told}");
    assert!(told["steps"][0]["high_95"].as_f64() > Some(0.0), "{told}");
    let scored = until("forecasts are scored", async || {
        let told = measured(&house, 1).await?;
        (told["quality"]["n"].as_u64() > Some(5)).then_some(told)
    })
    .await;
    assert!(scored["quality"]["coverage_80"].is_number(), "{scored}");
    assert!(scored["quality"]["coverage_95"].as_f64() >= scored["quality"]["coverage_80"].as_f64());

    let event = json!({ "kind": "campaign", "start_ms": 1_900_000_000_000u64,
        "end_ms": 1_900_000_600_000u64, "functions": ["shop-*"], "effect": "x2" });
    let kept = house.send(Method::POST, "/v1/calendar", event.to_string()).await;
    assert!(kept.status.is_success(), "{kept:?}");
    let id = kept.json()["id"].as_str().expect("it has an id").to_string();
    let wrong = json!({ "kind": "campaign", "start_ms": 2, "end_ms": 1 });
    let refused = house.send(Method::POST, "/v1/calendar", wrong.to_string()).await;
    assert_eq!(refused.code(), "bad-request", "{refused:?}");
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:night\r\n\
        DTSTART:20300101T010000Z\r\nDTEND:20300101T030000Z\r\nCATEGORIES:maintenance\r\n\
        RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:bad\r\nDTSTART:20300101T010000Z\r\n\
        RRULE:FREQ=OFTEN\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let read = house.send(Method::POST, "/v1/calendar/import", calendar).await.json();
    assert_eq!(read["taken"], 1, "{read}");
    assert!(read["letters"][0].as_str().is_some_and(|why| why.contains("bad")), "{read}");
    let of_a_site = "/v1/calendar/import?functions=site/lima";
    let read = house.send(Method::POST, of_a_site, calendar).await.json();
    assert_eq!(read["taken"], 0, "nobody heeds that here: {read}");
    assert!(read["letters"][1].as_str().is_some_and(|why| why.contains("`site/lima`")), "{read}");

    let house = House::up_in(house.down().await, forecasting(ForecastMode::Shadow)).await;
    let events = house.get("/v1/calendar").await.json();
    assert_eq!(events.as_array().map(Vec::len), Some(2), "{events}");
    let told = until("the node forecasts again", async || {
        let told = house.get("/v1/forecasts/shop-cart").await;
        told.status.is_success().then(|| told.json())
    })
    .await;
    let recent = told["recent"].as_array().expect("it is a list");
    assert!(recent.iter().any(|count| count.as_u64() > Some(0)), "counts are there: {told}");
    assert!(told["quality"]["n"].as_u64() > Some(5), "so are scores: {told}");
    let gone = house.send(Method::DELETE, &format!("/v1/calendar/{id}"), "").await;
    assert_eq!(gone.status, 204, "{gone:?}");
    let again = house.send(Method::DELETE, &format!("/v1/calendar/{id}"), "").await;
    assert_eq!(again.code(), "not-found");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_that_cannot_be_read_are_kept_aside() {
    let house = House::up_with(forecasting(ForecastMode::Shadow)).await;
    let folder = house.down().await;
    std::fs::write(folder.path().join("demand.redb"), b"damaged").expect("it is written");
    let house = House::up_in(folder, forecasting(ForecastMode::Shadow)).await;
    assert!(house.get("/v1/forecasts").await.status.is_success());
    let files = std::fs::read_dir(house.folder.path()).expect("it is there").flatten();
    let aside = files.filter(|file| file.file_name().to_string_lossy().contains("aside"));
    assert_eq!(aside.count(), 1);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_holds_its_floor_of_a_function_that_nobody_has_called_since_a_restart() {
    let house = House::up_with(forecasting(ForecastMode::On)).await;
    house.deploy("hello", samples::ECHO, |_| {}).await;
    house.deploy("other", samples::ECHO, |_| {}).await;
    let house = House::up_in(house.down().await, forecasting(ForecastMode::On)).await;
    // Until the test is over, whatever it is by the clock of the wall.
    let event = json!({ "kind": "campaign", "start_ms": 1_000, "end_ms": 5_000_000_000_000u64,
        "functions": ["hello"], "floor": 3 });
    let kept = house.send(Method::POST, "/v1/calendar", event.to_string()).await;
    assert!(kept.status.is_success(), "{kept:?}");
    let idle = async |house: &House, name: &str| {
        house.get(&format!("/v1/functions/{name}")).await.json()["instances"]["idle"].as_u64()
    };
    until("three are held", async || (idle(&house, "hello").await == Some(3)).then_some(())).await;
    assert_eq!(idle(&house, "other").await, Some(0));
    assert_eq!(house.call("hello", "one of them").await.text(), "one of them");
    house.down().await;
}
