//! What clients of the API see of the sites, against all orders that could explain it: proposals that
//! they file and list over HTTP at three sites, while the one that leads goes down.
//!
//! Proposals of each workload are a set of their own, so histories fall apart by workload, and each
//! part is looked at by itself. The search for an order is that of Porcupine (Wing and Gong, 1993, as
//! improved by Lowe, 2017).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use porcupine_rs::{Model, Operation, check_operations};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::house::House;
use crate::sites::{Town, deploy};

const WORKLOADS: [&str; 2] = ["shop", "mail"];

/// What was asked, and seen, of the proposals of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// One was filed, which can be told from all others.
    File(u64),
    /// These were listed.
    List(BTreeSet<u64>),
}

#[derive(Debug, Clone)]
struct Proposals;

impl Model for Proposals {
    type State = BTreeSet<u64>;
    type Op = (&'static str, Kind);
    type Metadata = ();

    fn partition_operations(history: &[Operation<Self>]) -> Vec<Vec<Operation<Self>>> {
        let mut parts: BTreeMap<&str, Vec<Operation<Self>>> = BTreeMap::new();
        for operation in history {
            parts.entry(operation.op.0).or_default().push(operation.clone());
        }
        parts.into_values().collect()
    }

    fn init() -> Self::State {
        BTreeSet::new()
    }

    fn step(state: &Self::State, (_, kind): &Self::Op) -> (bool, Self::State) {
        match kind {
            Kind::File(number) => (true, state.iter().copied().chain([*number]).collect()),
            Kind::List(seen) => (seen == state, state.clone()),
        }
    }
}

/// One call: of what, when it was made, and when an answer came. What has none may have happened or
/// not.
type Call = (&'static str, Kind, Instant, Option<Instant>);

/// Calls of all clients.
struct History {
    began: Instant,
    calls: RefCell<Vec<Call>>,
}

impl History {
    fn new() -> Self {
        Self { began: Instant::now(), calls: RefCell::default() }
    }

    fn push(&self, workload: &'static str, kind: Kind, start: Instant, end: Option<Instant>) {
        self.calls.borrow_mut().push((workload, kind, start, end));
    }

    /// Whether one order explains all of it.
    fn is_linearizable(&self) -> bool {
        let nanos = |at: Instant| at.duration_since(self.began).as_nanos() as i64;
        let operation = |(workload, kind, start, end): Call| Operation::<Proposals> {
            client_id: None,
            call_time: nanos(start),
            return_time: end.map_or(i64::MAX, nanos),
            op: (workload, kind),
            metadata: None,
        };
        let calls = self.calls.borrow().iter().cloned().map(operation).collect::<Vec<_>>();
        check_operations(&calls)
    }

    /// Files a proposal; its number is for how many slots it wants to be checked.
    async fn file(&self, house: &House, workload: &'static str, number: u64) {
        let to = destination(workload);
        let asked = json!({ "workloads": [workload], "destination": to, "check_slots": number })
            .to_string();
        let start = Instant::now();
        let answer = house.send(Method::POST, "/v1/proposals", asked).await;
        let status = answer.status.as_u16();
        assert!([200, 503].contains(&status), "{status}: {}", answer.text());
        let end = (status == 200).then(Instant::now);
        self.push(workload, Kind::File(number), start, end);
    }

    /// Lists all proposals, if that can be done in time.
    async fn list(&self, house: &House) -> bool {
        let start = Instant::now();
        let answer = house.get("/v1/proposals?consistency=linearizable").await;
        if answer.status.as_u16() != 200 {
            return false;
        }
        let (end, shown) = (Some(Instant::now()), answer.json());
        let all = shown["proposals"].as_array().expect("a list");
        for workload in WORKLOADS {
            // Who has just come up may not know yet what a workload is called; sites it knows.
            let of_it = all.iter().filter(|one| one["destination"] == destination(workload));
            self.push(workload, Kind::List(of_it.map(number).collect()), start, end);
        }
        true
    }

    async fn client(&self, house: &House, calls: std::ops::Range<u64>) {
        for number in calls {
            let workload = WORKLOADS[number as usize / 2 % 2];
            if number % 2 == 0 {
                self.file(house, workload, number).await;
            } else {
                self.list(house).await;
            }
        }
    }
}

/// Where proposals of a workload would have it go: each to another site, at which it is not.
fn destination(workload: &str) -> &'static str {
    if workload == "shop" { "kobe" } else { "oslo" }
}

/// The number of a proposal, in what is told of how it is checked.
fn number(proposal: &Value) -> u64 {
    let told = proposal["criterion"].as_str().expect("it has one");
    let number = told.strip_prefix("over ").and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).expect("it tells for how many slots")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_see_one_order_and_sites_come_up_again_with_what_was_decided() {
    let town = Town::up().await;
    for (house, workload) in town.houses.iter().zip(WORKLOADS) {
        deploy(house, workload).await;
    }
    let are_there =
        |shown: &Value| shown["authorities"].as_array().is_some_and(|all| all.len() == 2);
    town.until("they are registered", "/v1/authorities", 0, are_there).await;
    let shadow = json!({ "mode": "shadow" }).to_string();
    let answer = town.houses[0].send(Method::PUT, "/v1/site/mode", shadow).await;
    assert!(answer.status.is_success(), "{}", answer.text());

    let history = History::new();
    let Ok([first, second, third]) = <[House; 3]>::try_from(town.houses) else {
        panic!("there are three");
    };
    let address = first.address;
    let leader_goes = async {
        history.client(&first, 10..18).await;
        first.down().await
    };
    let (folder, (), ()) =
        tokio::join!(leader_goes, history.client(&second, 40..60), history.client(&third, 70..90),);
    // All go down, and come up with what was decided.
    let mut folders = vec![(folder, address)];
    for house in [second, third] {
        let address = house.address;
        folders.push((house.down().await, address));
    }
    let mut houses = Vec::new();
    for (folder, address) in folders {
        houses.push(House::up_in(folder, move |settings| settings.listen = address).await);
    }
    let town = Town { houses };
    town.until("it still is", "/v1/authorities", 2, are_there).await;
    town.until("they decide", "/v1/site", 2, |shown| shown["state"] == "deciding").await;
    for house in &town.houses {
        assert!(history.list(house).await, "nothing is in its way");
    }
    town.down().await;
    let calls = history.calls.borrow().len();
    assert!(calls >= 20, "{calls} calls say little");
    assert!(history.is_linearizable(), "{:#?}", history.calls.borrow());
    // What no order explains is noticed: as if the last list had missed what was confirmed first.
    let seen = history.calls.borrow().iter().rev().find_map(|(workload, kind, ..)| match kind {
        Kind::List(seen) if !seen.is_empty() => Some((*workload, seen.clone())),
        _ => None,
    });
    let (workload, mut seen) = seen.expect("something was filed");
    seen.pop_first();
    let now = Instant::now();
    history.push(workload, Kind::List(seen), now, Some(now));
    assert!(!history.is_linearizable());
}
