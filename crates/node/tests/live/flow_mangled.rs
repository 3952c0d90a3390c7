//! What another node sends may be damaged in any way: it is refused with a reason, and what is sound
//! goes on.

use std::time::Duration;

use serde_json::{Value, json};

use swell_api::flow::FlowSpec;
use swell_core::rng::{Rng, below, split};
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;

use crate::flow_moving::{Cluster, chunk_of, meeting};

/// Damaged requests that are sent.
const TRIES: usize = 600;
const LANE: &str = "camera@berlin";

/// Numbers that are likely to be thought of last.
const EDGES: [&str; 7] =
    ["0", "-1", "4294967295", "9007199254740993", "18446744073709551615", "1e99", "null"];

/// Damages a message in one of the ways in which that happens, or in which an enemy does it.
fn mangle(rng: &mut Rng, message: &[u8]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    let any = |rng: &mut Rng, bound: usize| below(rng, bound.max(1) as u64) as usize;
    match below(rng, 6) {
        0 => bytes.truncate(any(rng, message.len())),
        1 => {
            for _ in 0..=below(rng, 4) {
                let at = any(rng, bytes.len());
                bytes[at] ^= 1 << below(rng, 8);
            }
        }
        2 => {
            let (at, length) = (any(rng, bytes.len()), any(rng, 64));
            let again = bytes[at..(at + length).min(message.len())].to_vec();
            bytes.splice(at..at, again);
        }
        3 => {
            let at = any(rng, bytes.len());
            bytes.splice(at..at, (0..below(rng, 40)).map(|_| 0xff));
        }
        4 => {
            let at = any(rng, bytes.len());
            let noise: Vec<u8> = bytes[at..].iter().map(|_| below(rng, 256) as u8).collect();
            bytes.splice(at.., noise);
        }
        // One of its numbers is another, which may well make sense.
        _ => {
            let digits: Vec<usize> =
                (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                let at = digits[any(rng, digits.len())];
                let edge = EDGES[any(rng, EDGES.len())];
                bytes.splice(at..=at, edge.bytes());
            }
        }
    }
    bytes
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_is_refused_and_what_is_sound_goes_on() {
    let seed = std::env::var("SWELL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let again = format!("SWELL_SEED={seed} cargo test --workspace --test live -- what_is_damaged");
    let cluster = Cluster::found();
    let paris = meeting(&cluster.link("paris")).await;
    paris.camera_and_detect().await;
    let berlin = cluster.pretend("berlin");
    let to = Address { name: "paris".to_string(), at: paris.door().to_string() };
    let ask = |client: &Client, path: &str, body: Vec<u8>| {
        let (client, to, path) = (client.clone(), to.clone(), format!("/flow/{path}"));
        async move {
            let limit = Duration::from_secs(60);
            match client.post(&to, &path, body.into(), 1 << 16, limit).await {
                Ok(_) => (200, String::new()),
                Err(LinkError::Refused { status, reason, .. }) => (status, reason),
                Err(error) => panic!("{path}: {error}"),
            }
        }
    };
    let offer = |flow: &str, term: u32| {
        let mut spec = FlowSpec::plain(flow, &["camera"], "detect");
        spec.item_bytes = 64;
        text(&json!({
            "spec": spec, "term": term, "lanes": [LANE], "owner": null,
            "pinned": null, "frozen": false,
        }))
    };
    let order = |flow: &str, term: u32| text(&json!({ "flow": flow, "term": term }));
    let seal = |flow: &str, term: u32| {
        let lanes = json!([{ "lane": LANE, "first": 7, "next": 9 }]);
        text(&json!({ "flow": flow, "term": term, "lanes": lanes }))
    };
    let head = json!({ "flow": "noise", "term": 0, "lane": LANE, "born": 0, "wait_ms": 0 });
    let noise = |term: u32| chunk_of("noise", term, LANE, 7, &["x", "y"]);
    let sound = [
        ("offer", offer("noise", 5)),
        ("seal", seal("noise", 5)),
        ("activate", order("noise", 5)),
        ("abort", order("noise", 5)),
        ("next", text(&head)),
        ("feed", order("noise", 5)),
        ("items", noise(5)),
        ("put", noise(0)),
    ];

    let mut rng = split(seed, "mangled requests");
    let (mut refused, mut taken) = (0, 0);
    for turn in 0..TRIES {
        let (path, message) = &sound[turn % sound.len()];
        let (status, reason) = ask(&berlin, path, mangle(&mut rng, message)).await;
        assert!(
            status == 200 || (400..500).contains(&status) || status == 507,
            "{path} was answered {status} {reason}; {again}"
        );
        // The sender learns what is wrong.
        assert!(status == 200 || !reason.trim().is_empty(), "{path}: {status}; {again}");
        if status == 200 { taken += 1 } else { refused += 1 }
    }
    assert!(refused > TRIES / 2, "{refused} refused, {taken} taken; {again}");

    // Of those that still made sense another flow may have come of it.
    let whole = [
        ("offer", offer("frames", 5)),
        ("items", chunk_of("frames", 5, LANE, 7, &["a", "b"])),
        ("seal", seal("frames", 5)),
        ("activate", order("frames", 5)),
    ];
    for (path, message) in whole {
        let (status, reason) = ask(&berlin, path, message).await;
        assert_eq!(status, 200, "{path}: {reason}; {again}");
    }
    paris.until("all are done", |flow| flow["items"]["done"] == 2).await;
    let seen: Vec<String> =
        paris.seen().await.into_iter().filter(|item| "ab".contains(&**item)).collect();
    assert_eq!(seen, ["a", "b"], "{again}");
    paris.down().await;
}
