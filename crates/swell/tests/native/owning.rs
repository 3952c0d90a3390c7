//! Processes that own a flow: they get it, lose it, and it goes on without them.

use std::time::Duration;

use swell_flow_client::consumer::Consumer;
use swell_flow_client::error::{ClientError, Refused};

use crate::node::until;
use crate::stage::{PATIENCE, consumer, frames, number, owner, producer, seen, socket, with_flow};

const SHORT: Option<Duration> = Some(Duration::from_millis(20));

#[test]
fn a_function_has_it_while_no_process_is_there() {
    let node = with_flow(
        "from = \"camera\"\nto = \"detect\"\nowners = [\"native:fast\", \"native:spare\"]\n",
    );
    let film = |from: u32, to: u32| {
        for number in from..to {
            assert_eq!(node.call("camera", number.to_string().as_bytes()).status, 200);
        }
    };
    film(0, 5);
    until("`detect` has them", || (frames(&node)["items"]["done"] == 5).then_some(()));
    let mut fast = owner(&node, "fast");
    film(5, 10);
    for expected in 5..8 {
        assert_eq!(number(&mut fast), Some(expected));
    }
    assert!(fast.done());
    assert_eq!(frames(&node)["owner"], "native:fast");
    // Another stands by, and gets the rest when the first leaves: what it was not done with.
    let mut spare = consumer(&node, "spare");
    assert!(spare.pop(SHORT).expect("the node is there").is_none() && !spare.owns());
    assert_eq!(number(&mut fast), Some(8));
    drop(fast);
    assert_eq!(number(&mut spare), Some(8));
    assert_eq!(number(&mut spare), Some(9));
    assert!(spare.done());
    // A person takes it away; what is not done with goes along.
    film(10, 12);
    assert_eq!(number(&mut spare), Some(10));
    node.fine("flow migrate frames detect");
    until("`detect` has them", || {
        (frames(&node)["depth"] == 0).then_some(()).or_else(|| {
            let _ = spare.pop(SHORT);
            None
        })
    });
    assert!(!spare.done(), "they went to another");
    assert_eq!(seen(&node), [0, 1, 2, 3, 4, 10, 11]);
    // And gives it back.
    node.fine("flow migrate frames native:spare");
    film(12, 14);
    assert_eq!((number(&mut spare), number(&mut spare)), (Some(12), Some(13)));
    assert!(spare.done());
    node.run("flow migrate frames native:fast").ended(1, "no process is connected");
    drop(spare);
    until("it is back", || (frames(&node)["owner"] == "detect").then_some(()));
    film(14, 15);
    until("all are done", || (frames(&node)["depth"] == 0).then_some(()));
    assert_eq!(seen(&node), [0, 1, 2, 3, 4, 10, 11, 14]);
    node.stop();
}

#[test]
fn moved_to_and_fro_nothing_is_stuck() {
    let node = with_flow("from = \"camera\"\nto = \"detect\"\nowners = [\"native:fast\"]\n");
    let mut fast = owner(&node, "fast");
    for round in 0..10u32 {
        for to in ["detect", "native:fast", "detect", "native:fast"] {
            node.fine(&format!("flow migrate frames {to}"));
        }
        assert_eq!(node.call("camera", round.to_string().as_bytes()).status, 200);
        assert_eq!(number(&mut fast), Some(round));
        assert!(fast.done());
    }
    assert_eq!(seen(&node), [0u32; 0]);
    node.stop();
}

#[test]
fn a_process_that_does_not_let_go_is_left_behind() {
    let node = with_flow("from = \"camera\"\nto = \"detect\"\nowners = [\"native:slow\"]\n");
    let mut slow = owner(&node, "slow");
    for number in 0..3u32 {
        assert_eq!(node.call("camera", number.to_string().as_bytes()).status, 200);
    }
    assert_eq!(number(&mut slow), Some(0));
    // It works on, as if frozen, while the flow is taken from it.
    node.fine("flow migrate frames detect");
    until("`detect` has all", || (frames(&node)["depth"] == 0).then_some(()));
    assert_eq!(seen(&node), [0, 1, 2]);
    assert!(!slow.done(), "what it did came too late");
    assert!(slow.pop(SHORT).expect("the node is there").is_none());
    node.stop();
}

#[test]
fn who_may_not_is_told_why() {
    let node = with_flow("from = \"native:sensor\"\nto = \"native:viewer\"\n");
    let refused = |flow: &str, name: &str| {
        let patience = Duration::from_millis(20);
        match Consumer::connect(socket(&node), flow, name, patience) {
            Err(ClientError::Refused { code, why }) => (code, why),
            other => panic!("{:?}", other.err()),
        }
    };
    assert_eq!(refused("nothing", "viewer").0, Refused::UnknownFlow);
    assert_eq!(refused("frames", "sensor").0, Refused::NotDeclared);
    assert_eq!(refused("frames", "").0, Refused::NotDeclared);
    assert_eq!(refused(&"f".repeat(3_000), "x").0, Refused::UnknownFlow);
    let _viewer = consumer(&node, "viewer");
    let (code, why) = refused("frames", "viewer");
    assert_eq!(code, Refused::Taken, "{why}");
    node.stop();
}

#[test]
fn a_flow_that_is_changed_or_restarted_is_found_again() {
    let flow = "from = \"native:sensor\"\nto = \"native:viewer\"\nitem = \"1KiB\"\n";
    let node = with_flow(flow);
    let (mut sensor, mut viewer) = (producer(&node, "sensor"), consumer(&node, "viewer"));
    for number in 0..3u32 {
        sensor.push(number.to_string().as_bytes(), None).expect("there is room");
    }
    assert_eq!(number(&mut viewer), Some(0));
    assert!(viewer.done());
    let app = std::fs::read_to_string(node.folder.0.join("app.toml")).expect("it is there");
    node.write("app.toml", app.replace("1KiB", "2KiB").as_bytes());
    node.fine("deploy -f app.toml");
    sensor.push(b"3", None).expect("there is room");
    for expected in 1..4 {
        assert_eq!(number(&mut viewer), Some(expected));
    }
    assert!(viewer.done());
    sensor.push(b"4", None).expect("there is room");
    sensor.flush(Some(PATIENCE)).expect("it is accepted");
    assert_eq!(sensor.item_max(), 2048);
    let folder = node.stop();
    let node = crate::node::Node::on(folder, "");
    sensor.push(b"5", None).expect("there is room");
    assert_eq!((number(&mut viewer), number(&mut viewer)), (Some(4), Some(5)));
    assert!(viewer.done());
    assert_eq!((sensor.lost(), sensor.dropped()), (0, 0));
    node.stop();
}
