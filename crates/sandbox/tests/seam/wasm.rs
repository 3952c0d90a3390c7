//! The WebAssembly backend, through the seam: what functions may do, what they may not,
//! and that one's misfortune is not another's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Channel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use swell_samples::samples;
use swell_sandbox::backend::PrepareError;
use swell_sandbox::body::{Body, BodyError, full};
use swell_sandbox::call::{CallError, Outcome};
use swell_sandbox::code::Code;
use swell_sandbox::key_value::KeyValue;
use swell_sandbox::limits::Isolation;

use crate::shelf::Shelf;
use crate::stage::{LONG, Stage, ask, call, fail};

#[tokio::test]
async fn a_component_answers() {
    let stage = Stage::new();
    let hello = stage.instance(samples::HELLO, |_| {}).await;
    for (body, answer) in [
        ("", "Hello, world!\n"),
        ("Ada", "Hello, Ada!\n"),
        (r#"{"name": "Grace"}"#, "Hello, Grace!\n"),
        (r#"{"nobody": 1}"#, "Hello, world!\n"),
        (r#"{"name"#, "Hello, world!\n"),
    ] {
        assert_eq!(ask(&hello, "/", body).await, answer, "{body}");
    }
}

#[tokio::test]
async fn a_task_that_never_rests_gets_every_answer() {
    let stage = Stage::new();
    let hello = stage.instance(samples::HELLO, |_| {}).await;
    // One task, which the runtime wants to rest after a while, and which does not.
    for round in 0..500 {
        assert_eq!(ask(&hello, "/", "Ada").await, "Hello, Ada!\n", "{round}");
    }
}

#[tokio::test]
async fn a_command_reads_and_writes() {
    let stage = Stage::new();
    let shout = stage.instance(samples::SHOUT, |_| {}).await;
    let long = "abc".repeat(100_000);
    assert_eq!(ask(&shout, "/", "quiet, please").await, "QUIET, PLEASE");
    assert_eq!(ask(&shout, "/", &long).await, long.to_uppercase());
    let made = call(&shout, "/", full(vec![b'a'; 2 << 20])).await;
    assert_eq!(made.answer.err(), Some(CallError::TooLarge { limit: 1 << 20 }));
}

#[tokio::test]
async fn isolation_is_kept_as_promised() {
    let stage = Stage::new();
    let fresh = stage.instance(samples::COUNTER, |_| {}).await;
    let kept = stage
        .instance(samples::COUNTER, |code| {
            code.isolation = Isolation::Instance { reuse_max: Some(3) };
        })
        .await;
    for round in 0..7u32 {
        assert_eq!(ask(&fresh, "/", "").await, "1\n");
        assert_eq!(ask(&kept, "/", "").await, format!("{}\n", round % 3 + 1));
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_and_hurts_nobody_else() {
    let stage = Stage::new();
    let hello = stage.instance(samples::HELLO, |_| {}).await;
    for isolation in [Isolation::Request, Isolation::Instance { reuse_max: None }] {
        let bad = async |bytes, cpu, fuel| {
            let instance = stage
                .instance(bytes, |code| {
                    code.isolation = isolation;
                    code.limits.cpu = cpu;
                    code.limits.fuel = fuel;
                })
                .await;
            let first = fail(&instance, "/").await;
            let again = fail(&instance, "/").await;
            assert_eq!(first.0, again.0, "it goes wrong the same way again");
            assert_eq!(first.1.outcome, Outcome::Failed);
            assert!(!first.1.instance_lost);
            first.0
        };
        let cpu = Duration::from_millis(50);
        assert!(matches!(bad(samples::TRAP, None, None).await, CallError::Trapped(_)));
        assert_eq!(bad(samples::HOG, None, None).await, CallError::OutOfMemory { limit: 8 << 20 });
        assert_eq!(bad(samples::SPIN, Some(cpu), None).await, CallError::OutOfCpu { limit: cpu });
        let fuel = 100_000;
        assert_eq!(
            bad(samples::SPIN, None, Some(fuel)).await,
            CallError::OutOfFuel { limit: fuel }
        );
        assert!(matches!(bad(samples::SILENT, None, None).await, CallError::NoAnswer(_)));
        assert_eq!(ask(&hello, "/", "").await, "Hello, world!\n");
    }
}

#[tokio::test]
async fn a_guest_that_waits_takes_no_processor_and_one_that_computes_does() {
    let stage = Stage::new();
    let template = stage.prepare(stage.code(samples::WORK)).await.expect("it is prepared");
    let work = template.start().await.expect("it starts");
    let begun = template.processor_time();
    assert!(begun > Duration::ZERO, "a start takes some");
    assert_eq!(ask(&work, "/?m=150", "").await, "done\n");
    let waited = template.processor_time() - begun;
    assert!(waited > Duration::ZERO && waited < Duration::from_millis(75), "{waited:?}");
    assert_eq!(ask(&work, "/?k=60000", "").await, "done\n");
    let computed = template.processor_time() - begun - waited;
    // No processor counts faster than ten times in a nanosecond.
    assert!(computed > Duration::from_millis(6), "{computed:?}");
    // A guest has memory as long as its call goes on at least.
    let there = async {
        while template.guest_memory() == Some(0) {
            tokio::task::yield_now().await;
        }
    };
    let looked = tokio::time::timeout(LONG, there);
    let (answer, looked) = tokio::join!(ask(&work, "/?m=150", ""), looked);
    assert_eq!(answer, "done\n");
    looked.expect("it was seen to have some");
    drop(work);
    assert_eq!(template.guest_memory(), Some(0));
}

#[tokio::test]
async fn what_a_guest_writes_is_heard() {
    let stage = Stage::new();
    let trap = stage.instance(samples::TRAP, |_| {}).await;
    let made = call(&trap, "/", full("")).await;
    assert!(made.answer.is_err());
    assert_eq!(*made.log.0.lock(), [(true, "about to trap\n".to_string())]);
}

/// Two threads: one is held up by the guest now and then, the other keeps the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_stops_the_guest() {
    let stage = Stage::new();
    for isolation in [Isolation::Request, Isolation::Instance { reuse_max: None }] {
        let spin = stage.instance(samples::SPIN, |code| code.isolation = isolation).await;
        let (tell, end) = tokio::sync::oneshot::channel();
        let request = http::Request::get("/").header("host", "test");
        let call = swell_sandbox::call::Call {
            request: request.body(full("")).expect("it is a request"),
            log: swell_sandbox::log::Silence::shared(),
            flows: None,
            end: swell_sandbox::call::EndSignal::new(move |end| drop(tell.send(end))),
        };
        let spinning = tokio::spawn(spin.invoke(call));
        tokio::task::yield_now().await;
        spinning.abort();
        let end = tokio::time::timeout(LONG, end).await.expect("it stops").expect("it is told");
        assert_eq!(end.outcome, Outcome::Cancelled);
    }
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let stage = Stage::new();
    let echo = stage.instance(samples::ECHO, |_| {}).await;
    let (mut feed, body) = Channel::<Bytes, BodyError>::new(1);
    feed.send_data(Bytes::from("one")).await.expect("it is read");
    let mut made = call(&echo, "/", body.boxed_unsync()).await;
    let mut answer = made.answer.expect("the head comes before the end of the request");
    assert_eq!(next(answer.body_mut()).await, "one");
    assert!(made.end.try_recv().is_err(), "the guest is still at it");
    feed.send_data(Bytes::from("two")).await.expect("it is read");
    assert_eq!(next(answer.body_mut()).await, "two");
    drop(feed);
    assert!(answer.body_mut().frame().await.is_none());
    assert_eq!(made.end.await.expect("it is told").outcome, Outcome::Answered);

    let large = "0123456789".repeat(300_000);
    assert!(ask(&echo, "/", &large).await == large, "three megabytes come back unchanged");
}

async fn next(body: &mut Body) -> Bytes {
    let frame = body.frame().await.expect("there is more").expect("it is whole");
    frame.into_data().expect("it is data")
}

#[tokio::test]
async fn dropping_an_answer_stops_its_guest() {
    let stage = Stage::new();
    let events = stage.instance(samples::EVENTS, |_| {}).await;
    let made = call(&events, "/?n=1000000&m=1", full("")).await;
    let mut answer = made.answer.expect("it begins");
    assert_eq!(next(answer.body_mut()).await, "data: tick\n\n");
    drop(answer);
    assert_eq!(made.end.await.expect("it is told").outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn events_come_one_by_one_to_the_end() {
    let stage = Stage::new();
    let events = stage.instance(samples::EVENTS, |_| {}).await;
    assert_eq!(ask(&events, "/?n=3&m=1", "").await, "data: tick\n\n".repeat(3));
}

#[tokio::test]
async fn guests_of_one_instance_share_its_memory() {
    let stage = Stage::new();
    // Room for three guests of two pages.
    let echo = stage
        .instance(samples::ECHO, |code| {
            code.limits.memory = 6 << 16;
            code.isolation = Isolation::Instance { reuse_max: None };
        })
        .await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let (feed, body) = Channel::<Bytes, BodyError>::new(1);
        let made = call(&echo, "/", body.boxed_unsync()).await;
        open.push((feed, made.answer.expect("there is room for three")));
    }
    let (error, _) = fail(&echo, "/").await;
    assert_eq!(error, CallError::OutOfMemory { limit: 6 << 16 });
    let (feed, answer) = open.pop().expect("three are open");
    drop(feed);
    answer.into_body().collect().await.expect("it ends well");
    assert_eq!(ask(&echo, "/", "again").await, "again");
}

#[tokio::test]
async fn compiled_code_is_found_again_and_damage_is_mended() {
    let stage = Stage::new();
    stage.instance(samples::HELLO, |_| {}).await;
    let compiled = || {
        let list = |folder: &Path| {
            let entries = std::fs::read_dir(folder).expect("the cache is there");
            entries.map(|entry| entry.expect("it is read").path()).collect::<Vec<_>>()
        };
        list(&stage.cache()).iter().flat_map(|folder| list(folder)).collect::<Vec<_>>()
    };
    let [first] = &compiled()[..] else { panic!("one piece of code, one file") };
    let made = std::fs::metadata(first).and_then(|data| data.modified()).expect("it has a time");
    stage.instance(samples::HELLO, |_| {}).await;
    let same = std::fs::metadata(first).and_then(|data| data.modified()).expect("it has a time");
    assert_eq!(made, same, "it is not compiled again");

    let mut bytes = std::fs::read(first).expect("it is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(first, &bytes).expect("it is hurt");
    let hello = stage.instance(samples::HELLO, |_| {}).await;
    assert_eq!(ask(&hello, "/", "").await, "Hello, world!\n");
    assert_ne!(std::fs::read(first).expect("it is there"), bytes, "it was mended");
}

#[tokio::test]
async fn a_thousand_clones_live_at_once() {
    let stage = Stage::new();
    let mut code = stage.code(samples::HELLO);
    code.isolation = Isolation::Instance { reuse_max: None };
    let template = stage.prepare(code).await.expect("it is prepared");
    let mut clones = Vec::new();
    for _ in 0..1000 {
        clones.push(template.start().await.expect("there is room"));
    }
    assert!(template.start().await.is_err(), "and then there is none");
    assert_eq!(ask(&clones[999], "/", "").await, "Hello, world!\n");
    assert!(template.costs().clone > Duration::ZERO);
}

#[tokio::test]
async fn a_probe_tells_health_and_changes_nothing() {
    let stage = Stage::new();
    let kept = stage
        .instance(samples::COUNTER, |code| {
            code.isolation = Isolation::Instance { reuse_max: None };
        })
        .await;
    let command = stage.instance(samples::SHOUT, |_| {}).await;
    for round in 1..4u32 {
        assert_eq!(kept.clone().probe().await, Ok(()));
        assert_eq!(command.clone().probe().await, Ok(()));
        assert_eq!(ask(&kept, "/", "").await, format!("{round}\n"));
    }
    assert_eq!(ask(&command, "/", "still").await, "STILL");

    // A guest a call, and none that is made ahead, however long a clone takes where this runs.
    let fresh = stage
        .instance(samples::HELLO, |code| {
            code.isolation = Isolation::Instance { reuse_max: Some(1) };
        })
        .await;
    assert_eq!(ask(&fresh, "/", "").await, "Hello, world!\n");
    let template = stage.prepare(stage.code(samples::COUNTER)).await.expect("it is prepared");
    let mut others = Vec::new();
    while let Ok(other) = template.start().await {
        others.push(other);
    }
    let why = fresh.clone().probe().await.expect_err("there is no room for its next guest");
    assert!(!why.is_empty());
    drop(others);
    assert_eq!(fresh.clone().probe().await, Ok(()));
    assert_eq!(ask(&fresh, "/", "").await, "Hello, world!\n");
}

#[tokio::test]
async fn what_is_not_a_function_is_refused_with_reasons() {
    let stage = Stage::new();
    for (bytes, part) in [
        (&b"#!/bin/sh\necho hello"[..], "a script"),
        (b"", "empty"),
        (b"\0asm\x01\0\0\0garbage", "not valid WebAssembly"),
        (b"(module)", "without `_start`"),
        (b"(module", "its text is wrong"),
        (b"(component)", "does not export"),
        (br#"(module (import "env" "magic" (func)) (func (export "_start")))"#, "env::magic"),
    ] {
        let refused = stage.prepare(stage.code(bytes)).await.err().expect("it is refused");
        let (PrepareError::NotCode(text) | PrepareError::Unsupported(text)) = refused else {
            panic!("{refused:?}");
        };
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn what_guests_keep_outlives_them_and_only_where_they_may() {
    let stage = Stage::new();
    let store = Arc::new(Shelf::default());
    let given = |names: &[&str], code: &mut Code| {
        code.key_value = names.iter().map(ToString::to_string).collect();
        code.store = store.clone();
    };
    let visits = stage.instance(samples::VISITS, |code| given(&["visits"], code)).await;
    for count in 1..=3 {
        assert_eq!(ask(&visits, "/", "").await, format!("{count}\n"));
    }
    assert_eq!(store.get("visits", "visits"), Ok(Some(b"3".to_vec())));
    let denied = stage.instance(samples::VISITS, |code| given(&["other"], code)).await;
    assert_eq!(ask(&denied, "/", "").await, "no access to the store\n");
    assert_eq!(store.get("visits", "visits"), Ok(Some(b"3".to_vec())));
}

#[tokio::test]
async fn guests_keep_objects_in_containers_they_are_given() {
    let stage = Stage::new();
    let store = Arc::new(Shelf::default());
    let album = stage.instance(samples::ALBUM, |code| {
        code.key_value = vec!["album=pictures".to_string()];
        code.store = store.clone();
    });
    let album = album.await;
    let made = call(&album, "/cat", full("a picture of a cat")).await;
    assert_eq!(made.answer.expect("it answers").status(), 204);
    assert_eq!(store.get("pictures", "cat"), Ok(Some(b"a picture of a cat".to_vec())));
    assert_eq!(ask(&album, "/cat", "").await, "a picture of a cat");
    let made = call(&album, "/dog", full("")).await;
    assert_eq!(made.answer.expect("it answers").status(), 404);
    // More than comes in one piece.
    let long = "x".repeat(3 << 20);
    let made = call(&album, "/long", full(long.clone())).await;
    assert_eq!(made.answer.expect("it answers").status(), 204);
    assert!(ask(&album, "/long", "").await == long, "all of it comes back");
    let denied = stage.instance(samples::ALBUM, |code| code.store = store.clone()).await;
    let made = call(&denied, "/cat", full("another")).await;
    assert_eq!(made.answer.expect("it answers").status(), 403);
    assert_eq!(store.get("pictures", "cat"), Ok(Some(b"a picture of a cat".to_vec())));
}

#[tokio::test]
async fn requests_leave_only_for_hosts_that_are_listed() {
    let stage = Stage::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let host = listener.local_addr().expect("it has an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = [0; 1024];
            // Its request is short; whatever it says, the answer is the same.
            let _ = client.read(&mut head).await;
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            let _ = client.write_all(answer).await;
        }
    });
    let denied = stage.instance(samples::FETCH, |_| {}).await;
    // The sixteenth error of the interface is `HTTP-request-denied`.
    assert_eq!(ask(&denied, "/", &host).await, "error 015\n");
    let allowed = stage.instance(samples::FETCH, |code| code.outbound = vec![host.clone()]).await;
    assert_eq!(ask(&allowed, "/", &host).await, "status 204\n");
    assert_eq!(ask(&allowed, "/", "other.example").await, "error 015\n");
}
