//! Flows that go from node to node: with all that is in them, in order and once, whatever
//! breaks off, is too old, or goes down in between.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use swell_api::flow::FlowSpec;
use swell_fifo::envelope::Envelope;
use swell_fifo::transfer::{LaneManifest, Manifest, write};
use swell_link::authority::{Authority, Issued};
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;
use swell_node::settings::{FlowLinkSettings, NodeSettings};
use swell_samples::samples;

use crate::house::{Answer, House};

const DAY: Duration = Duration::from_secs(86_400);

/// A cluster, and a folder for the certificates of its nodes.
pub(crate) struct Cluster {
    authority: Authority,
    folder: TempDir,
}

impl Cluster {
    pub(crate) fn found() -> Self {
        let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
        Self { authority, folder: tempfile::tempdir().expect("a folder for the test") }
    }

    fn issue(&self, name: &str) -> Issued {
        let issued = self.authority.issue(name, Purpose::Flow, SystemTime::now(), DAY);
        issued.expect("it is issued")
    }

    /// How the node `name` meets the others.
    pub(crate) fn link(&self, name: &str) -> FlowLinkSettings {
        let issued = self.issue(name);
        let file = |ending: &str, text: &str| {
            let path = self.folder.path().join(format!("{name}.{ending}"));
            std::fs::write(&path, text).expect("it is written");
            path
        };
        FlowLinkSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            authority: file("authority.pem", self.authority.certificate()),
            certificate: file("pem", &issued.certificate),
            key: file("key", &issued.key),
        }
    }

    /// A node `name` with functions, which meets the others.
    pub(crate) async fn node(&self, name: &str) -> House {
        let house = meeting(&self.link(name)).await;
        house.camera_and_detect().await;
        house
    }

    /// Somebody who says that they are the node `name`.
    pub(crate) fn pretend(&self, name: &str) -> Client {
        let Issued { certificate, key } = self.issue(name);
        let identity = Identity::of_pem(self.authority.certificate(), &certificate, &key);
        Client::new(identity.expect("it is an identity"))
    }
}

/// A node that meets others.
pub(crate) async fn meeting(link: &FlowLinkSettings) -> House {
    House::up_with(|settings| settings.flow.link = Some(link.clone())).await
}

/// A node that was down comes up at the same door.
pub(crate) async fn again(folder: TempDir, door: SocketAddr, link: &FlowLinkSettings) -> House {
    let link = FlowLinkSettings { listen: door, ..link.clone() };
    let change = move |settings: &mut NodeSettings| settings.flow.link = Some(link.clone());
    House::up_in(folder, change).await
}

impl House {
    /// Where it listens for flows.
    pub(crate) fn door(&self) -> SocketAddr {
        self.node.as_ref().and_then(|node| node.flow_address).expect("it listens for flows")
    }

    pub(crate) async fn send_to(&self, node: &str, other: &House) -> Answer {
        let order = json!({ "to_node": format!("{node}={}", other.door()) }).to_string();
        self.send(Method::POST, "/v1/flows/frames/migrate", order).await
    }

    /// Stops, and comes up again at the same doors.
    pub(crate) async fn again(self, link: &FlowLinkSettings) -> House {
        let door = self.door();
        again(self.down().await, door, link).await
    }

    pub(crate) async fn put_numbers(&self, range: std::ops::Range<u32>) {
        for number in range {
            let answer = self.call("camera", number.to_string()).await;
            assert_eq!(answer.status, StatusCode::OK, "{number}: {answer:?}");
        }
    }
}

pub(crate) fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_goes_on_at_another_node_and_comes_back() {
    for ack in ["consume", "append"] {
        let cluster = Cluster::found();
        let (berlin, paris) = (cluster.node("berlin").await, cluster.node("paris").await);
        let answer = berlin.flow(json!({ "ack": ack, "item_bytes": 64, "full": "spill" })).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        berlin.pause(true).await;
        berlin.put_numbers(0..30).await;
        let epoch = berlin.frames().await["epoch"].as_u64();
        let answer = berlin.send_to("paris", &paris).await;
        assert_eq!(answer.status, StatusCode::OK, "{ack}: {answer:?}");
        let moved = answer.json()["moved"].clone();
        assert!(paris.frames().await["epoch"].as_u64() > epoch, "{ack}: owners are counted on");
        assert_eq!(answer.json()["migrations"], json!({ "to-node": 1 }), "{ack}");
        assert_eq!((&moved["node"], &moved["items"]), (&"paris".into(), &30.into()), "{ack}");
        // What comes at its old place is sent on, and what its new place has of its own is in.
        berlin.put_numbers(30..40).await;
        let there = paris.until("all are done", |flow| flow["items"]["done"] == 40).await;
        assert_eq!(there["migrations"], json!({ "from-node": 1 }), "{ack}");
        assert_eq!(paris.seen().await, numbers(0..40), "{ack}");
        assert_eq!(paris.call("camera", "local").await.status, StatusCode::OK);
        paris.until("it is done", |flow| flow["items"]["done"] == 41).await;
        assert_eq!(berlin.frames().await["moved"]["node"], "paris", "{ack}");
        // It can be deployed where it is, and only there.
        let again = json!({ "ack": ack, "item_bytes": 65, "full": "spill" });
        assert_eq!(berlin.flow(again.clone()).await.status, StatusCode::CONFLICT);
        assert_eq!(paris.flow(again).await.status, StatusCode::OK);

        // And back, where the lanes of both go on.
        paris.pause(true).await;
        berlin.put_numbers(40..50).await;
        let answer = paris.send_to("berlin", &berlin).await;
        assert_eq!(answer.status, StatusCode::OK, "{ack}: {answer:?}");
        assert_eq!(answer.json()["moved"]["items"], 10, "{ack}");
        berlin.pause(false).await;
        berlin.put_numbers(50..60).await;
        let back = berlin.until("all are done", |flow| flow["depth"] == 0).await;
        assert_eq!(back["migrations"], json!({ "from-node": 1, "to-node": 1 }), "{ack}");
        assert_eq!(paris.call("camera", "abroad").await.status, StatusCode::OK);
        berlin.until("all are done", |flow| flow["depth"] == 0).await;
        let mut seen = berlin.seen().await;
        assert_eq!(seen.pop().as_deref(), Some("abroad"), "{ack}");
        assert_eq!(seen, numbers(40..60), "{ack}");
        berlin.down().await;
        paris.down().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_go_down_in_between_take_nothing_with_them() {
    let cluster = Cluster::found();
    let links = ["berlin", "paris"].map(|name| cluster.link(name));
    let (berlin, paris) = (meeting(&links[0]).await, meeting(&links[1]).await);
    for house in [&berlin, &paris] {
        house.camera_and_detect().await;
    }
    let retry = json!({ "attempts_max": 100, "backoff_ms": 1, "backoff_ms_max": 10 });
    assert_eq!(berlin.flow(json!({ "item_bytes": 64, "retry": retry })).await.status, 200);
    paris.pause(true).await;
    berlin.put_numbers(0..10).await;
    berlin.until("all are done", |flow| flow["items"]["done"] == 10).await;
    let answer = berlin.send_to("paris", &paris).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    berlin.put_numbers(10..20).await;
    let berlin = berlin.again(&links[0]).await;
    berlin.put_numbers(20..30).await;
    let paris = paris.again(&links[1]).await;
    berlin.put_numbers(30..40).await;
    paris.pause(false).await;
    paris.until("all are done", |flow| flow["depth"] == 0).await;
    assert_eq!(paris.seen().await, numbers(10..40));
    let names = berlin.seen().await;
    assert_eq!(names, numbers(0..10));
    berlin.down().await;
    paris.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_cannot_go_stays_as_it_was() {
    let cluster = Cluster::found();
    let (berlin, paris) = (cluster.node("berlin").await, cluster.node("paris").await);
    assert_eq!(berlin.flow(json!({ "item_bytes": 64 })).await.status, StatusCode::OK);
    berlin.pause(true).await;
    berlin.put_numbers(0..10).await;
    let removed = paris.send(Method::DELETE, "/v1/functions/detect", "").await;
    assert!(removed.status.is_success(), "{removed:?}");
    let order = |node: &str| {
        let order = json!({ "to_node": node }).to_string();
        berlin.send(Method::POST, "/v1/flows/frames/migrate", order)
    };
    for (node, status, words) in [
        (format!("paris={}", paris.door()), 409, "no function of that name is here"),
        (format!("rome={}", paris.door()), 503, "cannot reach `rome`"),
        ("rome=127.0.0.1:1".to_string(), 503, "cannot reach `rome`"),
        ("nowhere".to_string(), 400, "is no node"),
        ("berlin=127.0.0.1:1".to_string(), 400, "`frames` is at `berlin`"),
    ] {
        let answer = order(&node).await;
        assert_eq!(answer.status.as_u16(), status, "{node}: {answer:?}");
        assert!(answer.text().contains(words), "{node}: {}", answer.text());
        assert_eq!(berlin.frames().await["depth"], 10, "{node}");
    }
    berlin.pause(false).await;
    berlin.put_numbers(10..20).await;
    berlin.until("all are done", |flow| flow["items"]["done"] == 20).await;
    assert_eq!(berlin.seen().await, numbers(0..20));
    berlin.down().await;
    paris.down().await;
}

fn chunk(term: u32, lane: &str, first: u64, items: &[&str]) -> Vec<u8> {
    chunk_of("frames", term, lane, first, items)
}

/// Items of a lane as they are sent.
pub(crate) fn chunk_of(flow: &str, term: u32, lane: &str, first: u64, items: &[&str]) -> Vec<u8> {
    let head = json!({
        "flow": flow, "term": term, "lane": lane, "born": 0, "wait_ms": 0,
    });
    let head = head.to_string().into_bytes();
    let mut bytes = (head.len() as u32).to_le_bytes().to_vec();
    bytes.extend(head);
    let lanes = vec![LaneManifest { first, next: first + items.len() as u64 }];
    let manifest = Manifest { id: 0, epoch: term, lanes };
    let put = |_, sequence: u64, buffer: &mut Vec<u8>| {
        let item = items[(sequence - first) as usize].as_bytes();
        *buffer = Envelope { put_us: 1, hops: 1, media_type: "" }.wrap(item);
        Ok(())
    };
    write(&manifest, &mut bytes, put).expect("memory takes all bytes");
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_off_or_is_too_old_is_refused() {
    let cluster = Cluster::found();
    let paris_link = cluster.link("paris");
    let paris = meeting(&paris_link).await;
    paris.camera_and_detect().await;
    let (berlin, rome) = (cluster.pretend("berlin"), cluster.pretend("rome"));
    let to = Address { name: "paris".to_string(), at: paris.door().to_string() };
    let ask = |client: &Client, path: &str, body: Vec<u8>| {
        let (client, to, path) = (client.clone(), to.clone(), format!("/flow/{path}"));
        async move {
            let answer =
                client.post(&to, &path, body.into(), 1 << 16, Duration::from_secs(20)).await;
            match answer {
                Ok(_) => 200,
                Err(LinkError::Refused { status, .. }) => status,
                Err(error) => panic!("{path}: {error}"),
            }
        }
    };
    let offer = |term: u32| {
        let mut spec = FlowSpec::plain("frames", &["camera"], "detect");
        spec.item_bytes = 64;
        let offer = json!({
            "spec": spec, "term": term, "lanes": ["camera@berlin"], "owner": null,
            "pinned": null, "frozen": false,
        });
        offer.to_string().into_bytes()
    };
    let text = |value: Value| value.to_string().into_bytes();
    let seal = |term: u32, first: u64, next: u64| {
        let lanes = json!([{ "lane": "camera@berlin", "first": first, "next": next }]);
        text(json!({ "flow": "frames", "term": term, "lanes": lanes }))
    };
    let order = |term: u32| text(json!({ "flow": "frames", "term": term }));
    let lane = "camera@berlin";

    for (lanes, status) in [("camera", 400), ("../x@berlin", 400), ("camera@../x", 400)] {
        let hurt = String::from_utf8(offer(5)).expect("JSON is text");
        let hurt = hurt.replace("[\"camera@berlin\"]", &json!([lanes]).to_string());
        assert_eq!(ask(&berlin, "offer", hurt.into_bytes()).await, status, "{lanes}");
    }
    assert_eq!(ask(&berlin, "items", chunk(5, lane, 0, &["a"])).await, 409, "never offered");
    assert_eq!(ask(&berlin, "offer", offer(5)).await, 200);
    let whole = chunk(5, lane, 7, &["a", "b", "c"]);
    for cut in [0, 3, 40, whole.len() / 2, whole.len() - 1] {
        assert_eq!(ask(&berlin, "items", whole[..cut].to_vec()).await, 400, "cut at {cut}");
    }
    assert_eq!(ask(&rome, "items", whole.clone()).await, 409, "of another node");
    assert_eq!(ask(&berlin, "items", chunk(4, lane, 7, &["x"])).await, 409, "of another term");
    assert_eq!(ask(&berlin, "items", chunk(5, "camera@rome", 7, &["x"])).await, 400);
    assert_eq!(ask(&berlin, "activate", order(5)).await, 409, "not all is there");
    assert_eq!(ask(&berlin, "seal", seal(5, 7, 10)).await, 409, "three are missing");
    assert_eq!(paris.get("/v1/flows/frames").await.status, StatusCode::NOT_FOUND);

    // Sent twice, and sealed, it waits for its time, whatever else happens.
    for _ in 0..2 {
        assert_eq!(ask(&berlin, "items", whole.clone()).await, 200);
    }
    assert_eq!(ask(&berlin, "seal", seal(5, 8, 10)).await, 200);
    assert_eq!(ask(&rome, "offer", offer(6)).await, 409, "another came before");
    assert_eq!(ask(&rome, "activate", order(5)).await, 409, "of another node");
    let paris = paris.again(&paris_link).await;
    assert_eq!(paris.get("/v1/flows/frames").await.status, StatusCode::NOT_FOUND);
    for _ in 0..2 {
        assert_eq!(ask(&berlin, "activate", order(5)).await, 200);
    }
    paris.until("all are done", |flow| flow["items"]["done"] == 2).await;
    assert_eq!(paris.seen().await, ["b", "c"], "the first was done with before");
    assert_eq!(ask(&berlin, "offer", offer(9)).await, 409, "it is here");

    // What is sent on afterwards has numbers that go on from there.
    let put = |first: u64, items: &'static [&'static str]| {
        ask(&berlin, "put", chunk(0, lane, first, items))
    };
    assert_eq!(put(11, &["e"]).await, 409, "one is missing");
    assert_eq!(put(10, &["d"]).await, 200);
    assert_eq!(put(10, &["d", "e"]).await, 200, "one of them again");
    assert_eq!(ask(&rome, "put", chunk(0, lane, 12, &["x"])).await, 403);
    paris.until("all are done", |flow| flow["items"]["done"] == 4).await;
    assert_eq!(paris.seen().await, ["b", "c", "d", "e"]);
    paris.down().await;
}

/// Items of the backlog, and bytes of each: 64 MiB.
const BACKLOG: (u32, usize) = (1_024, 64 << 10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_backlog_goes_under_load() {
    let cluster = Cluster::found();
    let (berlin, paris) = (cluster.node("berlin").await, cluster.node("paris").await);
    for house in [&berlin, &paris] {
        let keep = |spec: &mut swell_api::spec::FunctionSpec| {
            spec.key_value = vec!["seen".to_string()];
        };
        assert_eq!(house.deploy("detect", samples::NOTE, keep).await.status, StatusCode::OK);
    }
    let (count, bytes) = BACKLOG;
    let keys = json!({
        "full": "spill", "item_bytes": bytes, "disk_bytes": 256 << 20, "rate": 20,
    });
    assert_eq!(berlin.flow(keys).await.status, StatusCode::OK);
    berlin.pause(true).await;
    paris.pause(true).await;
    let item = move |number: u32| format!("{number:0>8}{:1$}", "", bytes - 8);
    for number in 0..count {
        assert_eq!(berlin.call("camera", item(number)).await.status, StatusCode::OK);
    }
    let berlin = Arc::new(berlin);
    let (next, stop) = (Arc::new(AtomicU32::new(count)), Arc::new(AtomicBool::new(false)));
    let load = {
        let (berlin, next, stop) = (berlin.clone(), next.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let number = next.load(Ordering::Relaxed);
                let answer = berlin.call("camera", item(number)).await;
                assert_eq!(answer.status, StatusCode::OK, "{number}: {answer:?}");
                next.store(number + 1, Ordering::Relaxed);
            }
        })
    };
    let answer = berlin.send_to("paris", &paris).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let moved = &answer.json()["moved"];
    let more = next.load(Ordering::Relaxed) + 20;
    while next.load(Ordering::Relaxed) < more && !load.is_finished() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, Ordering::Relaxed);
    load.await.expect("all calls are answered");
    let all = next.load(Ordering::Relaxed);
    println!(
        "{} items went with the flow, {} MiB, and {} were put in meanwhile and after; nothing was \
         taken out for {:.1} ms",
        moved["items"],
        moved["bytes"].as_u64().unwrap_or(0) >> 20,
        all - count,
        moved["pause_us"].as_f64().unwrap_or(0.0) / 1e3
    );
    paris.pause(false).await;
    paris.until("all are done", |flow| flow["items"]["done"] == all).await;
    let expected: Vec<String> = (0..all).map(|number| format!("{number:0>8}")).collect();
    assert_eq!(paris.seen().await, expected);
    let berlin = Arc::into_inner(berlin).expect("nobody else looks at it");
    berlin.down().await;
    paris.down().await;
}
