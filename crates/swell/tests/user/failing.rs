//! Functions that fail are answered with a reason, and hurt nobody else.

use std::sync::{Mutex, Weak};

use swell_samples::samples;

use crate::node::Node;
use crate::wire::{chunked, request};

static NODE: Mutex<Weak<Node>> = Mutex::new(Weak::new());

#[test]
fn each_failure_has_its_reason_and_others_are_unhurt() {
    let node = Node::shared(&NODE);
    let cases = [
        ("trap", samples::TRAP, "", 502, "function-failed"),
        ("hog", samples::HOG, "", 502, "function-failed"),
        ("silent", samples::SILENT, "", 502, "bad-answer"),
        ("spin", samples::SPIN, "--timeout 300ms", 504, "timed-out"),
    ];
    for (name, code, words, ..) in cases {
        node.deploy(name, code, words);
    }
    node.deploy("well", samples::HELLO, "");
    std::thread::scope(|scope| {
        let failing = cases.map(|(name, _, _, status, code)| {
            let node = &node;
            scope.spawn(move || {
                for _ in 0..3 {
                    let answer = node.call(name, b"");
                    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{name}");
                }
            })
        });
        while !failing.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            let answer = node.call("well", b"Ada");
            assert_eq!((answer.status, answer.text().as_str()), (200, "Hello, Ada!\n"));
        }
    });
    for (name, ..) in cases {
        assert_eq!(node.run(&format!("invoke {name}")).code, Some(3), "{name}");
        assert_eq!(node.about(name)["instances"]["busy"], 0, "{name}");
    }
    assert_eq!(node.about("well")["calls"]["failed"], 0);
}

#[test]
fn a_long_body_is_refused_however_it_comes() {
    let node = Node::shared(&NODE);
    let mut manifest = "version = 1\n".to_string();
    for (name, code) in
        [("hello", samples::HELLO), ("echo", samples::ECHO), ("shout", samples::SHOUT)]
    {
        node.write(&format!("{name}.wasm"), code);
        manifest += &format!("[[function]]\nname = \"long-{name}\"\ncode = \"{name}.wasm\"\n");
        manifest += "body-max = \"8B\"\n";
    }
    node.write("long.toml", manifest.as_bytes());
    node.fine("deploy -f long.toml");
    node.write("big", &vec![b'x'; 8 << 20]);
    let chunks = |name: &str, body: &[u8]| {
        let path = format!("/function/{name}");
        let headers = "transfer-encoding: chunked\r\n";
        request(&node.address, "POST", &path, headers, &chunked(body))
    };
    for name in ["long-hello", "long-echo", "long-shout"] {
        for fits in [node.call(name, b"12345678"), chunks(name, b"12345678")] {
            assert_eq!((fits.status, fits.whole), (200, true), "{name}: {fits:?}");
        }
        let long = node.call(name, b"123456789");
        assert_eq!((long.status, long.code().as_str()), (413, "too-large"), "{name}");
        let long = chunks(name, b"123456789");
        match name {
            // It may have begun to answer before: then all that is left is to break off.
            "long-echo" => assert!(long.status == 413 || !long.whole, "{long:?}"),
            _ => assert_eq!((long.status, long.code().as_str()), (413, "too-large"), "{name}"),
        }
        // The reason is heard even if the body is too long to be sent in one go.
        node.run(&format!("invoke {name} -d @big")).ended(1, "longer than the 8 bytes");
        assert_eq!(node.call(name, b"short").status, 200, "{name}");
    }
}
