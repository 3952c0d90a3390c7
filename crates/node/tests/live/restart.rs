//! What survives: functions and versions over a restart, and the proof that a live node
//! decides as a fresh mind does.

use http::{Method, StatusCode};

use swell_core::history::Taken;
use swell_core::ids::FunctionId;
use swell_core::site::Site;
use swell_journal::reader::JournalReader;
use swell_samples::samples;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn functions_come_back() {
    let house = House::up().await;
    house.deploy("hello", samples::HELLO, |_| {}).await;
    house.deploy("hello", samples::ECHO, |_| {}).await;
    assert_eq!(house.call("hello", "one").await.text(), "one");
    let folder = house.down().await;

    let house = House::up_in(folder, |_| {}).await;
    assert_eq!(house.node.as_ref().expect("it is up").restored, 1);
    let echoed = house.call("hello", "two").await;
    assert_eq!((echoed.text(), echoed.header("x-swell-version")), ("two", "2"));
    let back = house.send(Method::POST, "/v1/functions/hello/rollback", r#"{"version":1}"#).await;
    assert_eq!(back.status, StatusCode::OK, "{back:?}");
    assert_eq!(house.call("hello", "").await.text(), "Hello, world!\n");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_mind_decides_as_the_node_did() {
    let house = House::up().await;
    house.deploy("hello", samples::HELLO, |_| {}).await;
    house.deploy("trap", samples::TRAP, |spec| spec.concurrency = 3).await;
    for _ in 0..20 {
        let calls = (house.call("hello", ""), house.call("trap", ""), house.call("hello", ""));
        tokio::join!(calls.0, calls.1, calls.2);
    }
    house.send(Method::DELETE, "/v1/functions/trap", "").await;
    house.call("hello", "").await;

    let journal = house.get("/v1/journal").await;
    assert_eq!(journal.status, StatusCode::OK);
    let mut reader = JournalReader::new(&journal.body[..]).expect("it is a journal");
    let mut mind = Site::new(&reader.header().settings).expect("its policy is known");
    let (mut events, mut invocations) = (0, 0);
    while let Some(record) = reader.next_record().expect("it is whole") {
        let mut orders = Vec::new();
        mind.handle(record.at, record.event, &mut orders);
        assert_eq!(orders, record.actions, "event {events}");
        events += 1;
        let invoked = |order: &&_| matches!(order, swell_core::action::Action::Invoke { .. });
        invocations += orders.iter().filter(invoked).count();
    }
    assert_eq!(invocations, 61);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_comes_back() {
    let house = House::up().await;
    house.deploy("zebra", samples::HELLO, |_| {}).await;
    for _ in 0..50 {
        house.call("zebra", "").await;
    }
    // The next run numbers functions by name, so this one gets the number of the other.
    house.deploy("ant", samples::HELLO, |_| {}).await;
    let folder = house.down().await;

    let house = House::up_in(folder, |_| {}).await;
    let journal = house.get("/v1/journal").await;
    let mut reader = JournalReader::new(&journal.body[..]).expect("it is a journal");
    let mut mind = Site::new(&reader.header().settings).expect("its policy is known");
    while let Some(record) = reader.next_record().expect("it is whole") {
        mind.handle(record.at, record.event, &mut Vec::new());
    }
    assert_eq!(mind.taken(), Some(Taken::All));
    let ran = |number| mind.pool().known(FunctionId(number)).run().is_measured();
    assert_eq!((ran(0), ran(1)), (false, true), "the ant has never run, the zebra has");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_functions_keep_comes_back() {
    let house = House::up().await;
    house
        .deploy("visits", samples::VISITS, |spec| spec.key_value = vec!["visits".to_string()])
        .await;
    house.deploy("barred", samples::VISITS, |_| {}).await;
    assert_eq!(house.call("visits", "").await.text(), "1\n");
    assert_eq!(house.call("visits", "").await.text(), "2\n");
    assert_eq!(house.call("barred", "").await.status, StatusCode::FORBIDDEN);
    let house = House::up_in(house.down().await, |_| {}).await;
    assert_eq!(house.call("visits", "").await.text(), "3\n");
    house.down().await;
}
