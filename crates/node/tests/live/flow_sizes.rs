//! Who asks for more memory than a lane can have is told so: when the flow is deployed, and when a
//! lane was to grow.

use http::StatusCode;
use serde_json::{Value, json};

use swell_core::flow::entry::Entry;
use swell_core::flow::policy::Verdict;
use swell_core::flow::replay::FlowReplay;
use swell_core::units::Bytes as Memory;
use swell_journal::reader::{JournalReader, Told};

use crate::house::House;

impl House {
    /// Feeds what the journal holds of flows to a fresh analyzer, which has to order the same; how
    /// many larger regions those were.
    pub(crate) async fn decided_again(&self) -> u64 {
        let journal = self.get("/v1/journal").await;
        let mut reader = JournalReader::new(&journal.body[..]).expect("it is a journal");
        let (mut replay, mut grown) = (FlowReplay::default(), 0);
        while let Some(told) = reader.next_told().expect("it is whole") {
            let Told::Flows(entry) = told else { continue };
            assert_eq!(replay.feed(&entry), Ok(()), "{entry:?}");
            if let Entry::Looked { orders, .. } = entry {
                grown += orders.iter().filter(|order| order.verdict == Verdict::Grow).count();
            }
        }
        grown as u64
    }
}

/// Why the journal says that lanes keep their size.
async fn kept(house: &House) -> Vec<String> {
    let journal = house.get("/v1/journal").await;
    let mut reader = JournalReader::new(&journal.body[..]).expect("it is a journal");
    let mut kept = Vec::new();
    while let Some(told) = reader.next_told().expect("it is whole") {
        if let Told::Flows(Entry::Kept { why, .. }) = told {
            kept.push(why);
        }
    }
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_cannot_grow_says_why() {
    let quota = Memory::new(64 << 10);
    let house = House::up_with(|settings| settings.flow.function_memory_max = quota).await;
    house.camera_and_detect().await;
    let keys = json!({ "item_bytes": 3000, "rate": 1, "stall_ms": 1, "full": "drop-newest" });
    let answer = house.flow(keys).await;
    assert_eq!((answer.status, &answer.json()["warnings"]), (StatusCode::OK, &Value::Null));
    house.pause(true).await;
    let words = "the lane of `camera` stays at 16 KiB and cannot have 64 KiB";
    let filled = async {
        loop {
            let answer = house.call("camera", format!("{:3000}", 0)).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        }
    };
    let is_told = |flow: &Value| flow["explanation"].as_str().is_some_and(|it| it.contains(words));
    let flow = tokio::select! {
        flow = house.until("it is refused", is_told) => flow,
        () = filled => unreachable!("it goes on"),
    };
    assert!(flow["migrations"]["grow"].is_null(), "{flow:#}");
    let told = flow["explanation"].as_str().unwrap_or_default();
    assert!(told.contains("(`flow.function-memory-max`)"), "{told}");
    // The journal knows it too, and it is decided again as it was.
    assert!(house.decided_again().await >= 1);
    let kept = kept(&house).await;
    assert!(kept.len() == 1 && kept[0].starts_with(words), "{kept:?}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_beyond_all_classes_is_warned_of() {
    let house = House::up().await;
    house.camera_and_detect().await;
    let answer = house.flow(json!({ "item_bytes": 100_000, "rate": 10_000 })).await;
    let warning = answer.json()["warnings"][0].to_string();
    assert!(warning.contains("the largest size class has 16 MiB"), "{answer:?}");
    let told = house.frames().await["explanation"].to_string();
    assert!(told.contains("Warning: `item`, `rate` and `stall` ask for"), "{told}");
    house.down().await;
}
