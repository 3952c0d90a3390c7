//! Flows that go to another node while processes take part in them: the process that has the
//! flow loses it first, what it was not done with goes along, and what a process puts in at
//! the old place is sent on.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use swell_link::authority::Authority;
use swell_link::purpose::Purpose;
use swell_samples::samples;

use crate::node::{Node, until};
use crate::shell::Folder;
use crate::stage::{FUNCTIONS, PATIENCE, frames, number, owner, producer, seen};

const DAY: Duration = Duration::from_secs(86_400);

/// A node `name` with functions, which meets others of the cluster.
fn meeting(authority: &Authority, name: &str) -> Node {
    let folder = Arc::new(Folder::new());
    let certificates = folder.0.join("certificates");
    std::fs::create_dir(&certificates).expect("the folder is there");
    let issued = authority.issue(name, Purpose::Flow, SystemTime::now(), DAY);
    let issued = issued.expect("it is issued");
    for (file, text) in [
        ("authority.pem", authority.certificate()),
        ("flow.pem", &issued.certificate),
        ("flow.key", &issued.key),
    ] {
        std::fs::write(certificates.join(file), text).expect("it is written");
    }
    let words = "--set flow.listen=127.0.0.1:0 --set flow.certificates=certificates";
    let node = Node::on(folder, words);
    node.write("camera.wasm", samples::ECHO);
    node.write("detect.wasm", samples::COLLECT);
    node
}

/// Where a node listens for flows.
fn door(node: &Node) -> String {
    let line = node.running.told("of other nodes come to");
    line.rsplit(' ').next().expect("it ends with the address").to_string()
}

fn all_done(node: &Node) {
    until("all are done", || (frames(node)["depth"] == 0).then_some(()));
}

/// Waits until `detect` has been called with all of these, and nothing else: what a producer was
/// told is accepted may be on its way from the other node.
fn all_seen(node: &Node, expected: Range<u32>, ack: &str) {
    let expected: Vec<u32> = expected.collect();
    until("all have come", || {
        let seen = seen(node);
        assert!(expected.starts_with(&seen), "{seen:?} {ack}");
        (seen.len() == expected.len()).then_some(())
    });
}

#[test]
fn a_flow_goes_while_a_process_has_it_and_comes_back() {
    for ack in ["consume", "append"] {
        let authority = Authority::found("test", SystemTime::now()).expect("it is founded");
        let (berlin, paris) = (meeting(&authority, "berlin"), meeting(&authority, "paris"));
        let flow = "[[flow]]\nname = \"frames\"\nfrom = [\"camera\", \"native:sensor\"]\n\
            to = \"detect\"\nowners = [\"native:fast\"]\nitem = \"64B\"\n";
        berlin.write("app.toml", format!("{FUNCTIONS}{flow}ack = \"{ack}\"\n").as_bytes());
        berlin.fine("deploy -f app.toml");
        paris.write("app.toml", FUNCTIONS.as_bytes());
        paris.fine("deploy -f app.toml");
        let mut sensor = producer(&berlin, "sensor");
        let mut send = |from: u32, to: u32| {
            for number in from..to {
                sensor.push(number.to_string().as_bytes(), None).expect("there is room");
            }
            sensor.flush(Some(PATIENCE)).expect("it is accepted");
            assert_eq!((sensor.lost(), sensor.dropped()), (0, 0));
        };

        let mut fast = owner(&berlin, "fast");
        send(0, 10);
        assert_eq!(number(&mut fast), Some(0));
        assert!(fast.done());
        assert_eq!(number(&mut fast), Some(1));
        // It does not let go, and is left behind before anything is taken out elsewhere. With
        // `append` an item is done with once it was given out.
        berlin.fine(&format!("flow migrate frames --to-node paris={}", door(&paris)));
        assert_eq!(fast.done(), ack == "append", "what it did came too late");
        drop(fast);
        let first = if ack == "consume" { 1 } else { 2 };
        all_seen(&paris, first..10, ack);
        assert_eq!(frames(&berlin)["moved"]["node"], "paris");

        send(10, 20);
        until("it has sent on what the process put in", || {
            let native = frames(&berlin)["natives"][0].clone();
            (native["name"] == "native:sensor" && native["items"] == 10).then_some(())
        });
        all_seen(&paris, first..20, ack);
        assert_eq!(berlin.call("camera", b"20").status, 200);
        all_seen(&paris, first..21, ack);
        all_done(&paris);

        // A process there has it, as one had it here; and all is seen of both.
        let mut fast = owner(&paris, "fast");
        send(21, 25);
        for expected in 21..25 {
            let item = fast.pop(Some(PATIENCE)).expect("the node is there").expect("an item");
            assert_eq!(&*item.from, "native:sensor@berlin");
            assert_eq!(item.payload, expected.to_string().as_bytes());
        }
        assert!(fast.done());
        all_done(&paris);
        let shown = frames(&paris);
        assert_eq!(
            (&shown["owner"], &shown["natives"][0]["owns"]),
            (&"native:fast".into(), &true.into())
        );
        let alive: Vec<_> = shown["parties"].as_array().expect("a list").iter().collect();
        assert!(alive.iter().all(|party| party["is_alive"] == true), "{alive:?}");

        send(25, 28);
        assert_eq!(number(&mut fast), Some(25));
        paris.fine(&format!("flow migrate frames --to-node berlin={}", door(&berlin)));
        assert_eq!(fast.done(), ack == "append", "what it did came too late");
        drop(fast);
        send(28, 30);
        let first = if ack == "consume" { 25 } else { 26 };
        all_seen(&berlin, first..30, ack);
        berlin.stop();
        paris.stop();
    }
}
