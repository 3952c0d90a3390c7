//! Items pass from processes to functions, from functions to processes, and between processes.

use crate::node::until;
use crate::stage::{PATIENCE, consumer, frames, number, producer, seen, with_flow};

#[test]
fn from_a_process_to_a_function() {
    let node = with_flow("from = \"native:sensor\"\nto = \"detect\"\nitem = \"4KiB\"\n");
    let mut sensor = producer(&node, "sensor");
    assert_eq!((sensor.next(), sensor.item_max()), (0, 4096));
    for number in 0..500u32 {
        sensor.push(number.to_string().as_bytes(), None).expect("there is room in time");
    }
    sensor.flush(Some(PATIENCE)).expect("it is on disk in time");
    assert_eq!(sensor.next(), 500);
    let shown = frames(&node);
    assert_eq!(shown["natives"][0]["name"], "native:sensor");
    assert_eq!(shown["natives"][0]["role"], "producer");
    assert_eq!(shown["natives"][0]["pid"], std::process::id());
    until("all are done", || (frames(&node)["items"]["done"] == 500).then_some(()));
    assert_eq!(seen(&node), (0..500).collect::<Vec<_>>());
    let error = sensor.push(&[0; 4097], None).expect_err("it is too long");
    assert!(error.to_string().contains("up to 4096"), "{error}");
    drop(sensor);
    until("it has left", || frames(&node)["natives"].as_array()?.is_empty().then_some(()));
    assert_eq!(producer(&node, "sensor").next(), 500, "it goes on where it was");
    node.stop();
}

#[test]
fn from_a_function_to_a_process() {
    let node = with_flow("from = \"camera\"\nto = \"native:viewer\"\n");
    for number in 0..20u32 {
        assert_eq!(node.call("camera", number.to_string().as_bytes()).status, 200);
    }
    assert!(node.fine("flow explain frames").out.contains("waits for the process"));
    let mut viewer = consumer(&node, "viewer");
    for expected in 0..20 {
        let item = viewer.pop(Some(PATIENCE)).expect("the node is there").expect("an item");
        assert_eq!(item.name(), format!("camera/{expected}"));
        assert_eq!(item.payload, expected.to_string().as_bytes());
        assert!(viewer.done());
    }
    assert!(viewer.owns());
    until("all are done", || (frames(&node)["items"]["done"] == 20).then_some(()));
    assert_eq!(frames(&node)["natives"][0]["owns"], true);
    assert!(node.fine("flow show frames").out.contains("native:viewer: consumer, owns the flow"));
    assert_eq!(node.call("camera", b"20").status, 200);
    assert_eq!(number(&mut viewer), Some(20));
    node.stop();
}

#[test]
fn between_processes_in_every_mode() {
    for lines in [
        "ack = \"append\"\n",
        "ack = \"consume\"\n",
        "ack = \"append\"\nfull = \"spill\"\nrate = 1\n",
        "ack = \"append\"\nfull = \"reject\"\n",
    ] {
        let lines = format!(
            "from = [\"native:left\", \"native:right\"]\nto = \"native:viewer\"\nitem = \"2KiB\"\n\
             {lines}"
        );
        let node = with_flow(&lines);
        let mut ends = [producer(&node, "left"), producer(&node, "right")];
        let mut viewer = consumer(&node, "viewer");
        let putting = std::thread::spawn(move || {
            let mut refused = 0u32;
            for number in 0..2_000u32 {
                let item = [number.to_string().into_bytes(), vec![b' '; 300]].concat();
                for end in &mut ends {
                    // With `reject` it is told at once where there is no room.
                    while end.push(&item, None).is_err() {
                        refused += 1;
                        std::thread::sleep(std::time::Duration::from_millis(1));
                    }
                }
            }
            ends.iter_mut().for_each(|end| end.flush(Some(PATIENCE)).expect("in time"));
            refused
        });
        let mut next = std::collections::BTreeMap::new();
        for _ in 0..4_000 {
            let items = viewer.pop_batch(1, Some(PATIENCE)).expect("the node is there");
            let [item] = &items[..] else { panic!("none in time: {next:?} with {lines}") };
            let text = std::str::from_utf8(&item.payload).expect("text");
            let number: u32 = text.trim().parse().expect("a number");
            let due = next.entry(item.from.to_string()).or_insert(0);
            assert_eq!(number, *due, "{} with {lines}", item.from);
            *due += 1;
            assert!(viewer.done());
        }
        let refused = putting.join().expect("it puts all in");
        assert!(refused == 0 || lines.contains("reject"), "{refused} with {lines}");
        until("all are done", || (frames(&node)["items"]["done"] == 4_000).then_some(()));
        assert_eq!(frames(&node)["depth"], 0);
        node.stop();
    }
}

#[test]
fn a_lane_that_grows_is_followed() {
    // Bursts that do not fit: the lane goes on in a larger region while a process owns it.
    let node = with_flow(
        "from = \"native:left\"\nto = \"native:viewer\"\nitem = \"1KiB\"\nrate = 1\n\
         ack = \"append\"\n",
    );
    let mut viewer = consumer(&node, "viewer");
    let mut left = producer(&node, "left");
    let before = frames(&node)["lanes"][0]["class_bytes"].as_u64().expect("a number");
    let putting = std::thread::spawn(move || {
        for number in 0..20_000u32 {
            let item = [number.to_string().into_bytes(), vec![b' '; 900]].concat();
            left.push(&item, None).expect("there is room in time");
        }
        left.flush(Some(PATIENCE)).expect("in time");
    });
    for due in 0..20_000u32 {
        let item = viewer.pop(Some(PATIENCE)).expect("the node is there").expect("in time");
        let text = std::str::from_utf8(&item.payload).expect("text");
        assert_eq!(text.trim().parse(), Ok(due));
        // A slow owner in bursts, which is what larger regions are for.
        if due % 64 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    putting.join().expect("it puts all in");
    let after = frames(&node)["lanes"][0]["class_bytes"].as_u64().expect("a number");
    assert!(after >= before, "{before} to {after}");
    node.stop();
}

#[test]
fn lines_and_files_by_command() {
    use std::io::Write;
    use std::process::Stdio;
    let node = with_flow("from = \"native:sensor\"\nto = \"native:viewer\"\n");
    let socket = crate::stage::socket(&node);
    let end = format!("--socket {}", socket.display());
    let mut send = node.command(&format!("flow send frames --as sensor {end}"));
    let mut send = send.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = send.stdin.take().expect("it is piped");
    lines.write_all(b"one\ntwo\n\nfour").expect("it reads");
    drop(lines);
    let sent = crate::node::Ran::with(send.wait_with_output().expect("it ends"));
    sent.ended(0, "frames: 4 items accepted");
    node.write("photo.bin", b"\x00\x01\x02");
    node.fine(&format!("flow send frames photo.bin --as sensor {end} --media-type image/x"));
    let lines = node.fine(&format!("flow receive frames --as viewer -n 4 --names {end}"));
    let expected = "native:sensor/0\tone\nnative:sensor/1\ttwo\nnative:sensor/2\t\n\
                    native:sensor/3\tfour\n";
    assert_eq!(lines.out, expected);
    node.fine(&format!("flow receive frames --as viewer --idle 200ms --folder got {end}"));
    let got = std::fs::read(node.folder.0.join("got/native-sensor-4")).expect("it is there");
    assert_eq!(got, b"\x00\x01\x02");
    for (words, code, told) in [
        (format!("send other --as sensor {end}"), 1, "no flow `other`"),
        (format!("send frames --as viewer {end}"), 1, "does not name `native:viewer` in `from`"),
        (format!("receive frames --as sensor {end}"), 1, "in `to` or `owners`"),
        ("send frames --as s --socket none --patience 10ms".to_string(), 1, "no node answers"),
    ] {
        node.run(&format!("flow {words}")).ended(code, told);
    }
    node.stop();
}
