//! A site of two nodes beside one of one: both carry its load, one dies under it, a workload comes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use swell_samples::samples;

use crate::node::{Node, until};
use crate::uniting::{ended, holder};
use crate::wire::Answer;

/// A tenth of a second of work, as far as anybody can measure it.
fn work(name: &str) -> String {
    format!(
        "version = 1\n\n[[function]]\nname = \"{name}\"\nbackend = \"modelled\"\n\
         memory = \"8MiB\"\nmodel = {{ start = \"1ms\", run = \"100ms\" }}\n"
    )
}

/// A function that keeps values.
const KEEPS: &str = r#"version = 1

[[function]]
name = "cart"
code = "cart.wasm"
memory = "8MiB"
key-value = ["carts"]
"#;

/// So often each caller calls, each of two: 1.4 processors.
const PACE: Duration = Duration::from_millis(143);

/// Two callers of a function at a node, until told to stop.
struct Load {
    answers: Mutex<Vec<Answer>>,
    stop: AtomicBool,
}

impl Load {
    fn call(&self, node: &Node, function: &str) {
        while !self.stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let answer = node.call(function, b"");
            self.answers.lock().expect("nobody panics with it").push(answer);
            std::thread::sleep(PACE.saturating_sub(began.elapsed()));
        }
    }

    /// How many answers came so far, how many of them from that node, and how many are failures.
    fn came(&self, node: &str) -> (usize, usize, usize) {
        let answers = self.answers.lock().expect("nobody panics with it");
        let from = answers.iter().filter(|answer| answer.header("x-swell-node") == node).count();
        let failed = answers.iter().filter(|answer| answer.status != 200).count();
        (answers.len(), from, failed)
    }
}

/// Ends a load with the test, however that ends.
struct Ends<'a>(&'a Load);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

/// The site as another one sees it.
fn site(seen_by: &Node, name: &str) -> Option<Value> {
    let sites = seen_by.fine("site list -o json").json();
    sites["sites"].as_array()?.iter().find(|site| site["name"] == name).cloned()
}

/// What a site is known to bear, in thousandths of a processor.
fn cpu(seen_by: &Node, name: &str) -> Option<u64> {
    site(seen_by, name)?["utilisation"][0]["capacity"].as_u64()
}

/// The largest chance of overload ahead.
fn chance(seen_by: &Node, name: &str) -> Option<f64> {
    let site = site(seen_by, name)?;
    let steps = site["utilisation"][0]["expected"].as_array()?;
    steps.iter().filter_map(|step| step["overload_chance"].as_f64()).max_by(f64::total_cmp)
}

/// How a node of a site stands, as a node of it says.
fn stands(asked: &Node, name: &str) -> Option<String> {
    let told = asked.fine("site node list -o json").json();
    let nodes = told["nodes"].as_array()?;
    let node = nodes.iter().find(|node| node["name"] == name)?;
    node["state"].as_str().map(str::to_string)
}

fn calls(node: &Node, function: &str) -> Option<u64> {
    let ran = node.run(&format!("describe {function} -o json"));
    (ran.code == Some(0)).then(|| ran.json()["calls"]["total"].as_u64())?
}

#[test]
fn a_site_of_two_nodes_carries_what_one_does_not_bear_loses_one_and_takes_a_workload_in() {
    let seat = Node::up("");
    seat.fine("site init --name oslo --cluster town --cpu 1 --slot 500ms");
    let lima = Node::up("");
    lima.write("invitation.json", seat.fine("site invite lima").out.as_bytes());
    lima.fine("site join invitation.json --cpu 2");
    seat.fine("site mode off");
    seat.write("shop.toml", work("shop").as_bytes());
    seat.fine("deploy -f shop.toml");
    let attic = Node::up("");
    attic.write("attic.json", seat.fine("site node invite attic").out.as_bytes());
    attic.fine("site node join attic.json --cpu 1");
    until("both count", || (cpu(&lima, "oslo")? == 2_000).then_some(()));
    assert_eq!(stands(&seat, "attic").as_deref(), Some("serving"));
    assert_eq!(stands(&attic, "oslo").as_deref(), Some("seat"));

    let load = Load { answers: Mutex::default(), stop: AtomicBool::new(false) };
    let folder = std::thread::scope(|scope| {
        let _ends = Ends(&load);
        for _ in 0..2 {
            scope.spawn(|| load.call(&seat, "shop"));
        }
        until("both carry it", || {
            let (all, of_attic, _) = load.came("attic");
            (of_attic >= 10 && all - of_attic >= 10).then_some(())
        });
        until("the site used more than one processor", || {
            let used = site(&lima, "oslo")?["utilisation"][0]["seen"].as_f64()?;
            (used > 0.55).then_some(())
        });
        until("its nodes are forecast", || {
            let told = seat.run("site forecast --of-node attic -o json");
            let curves = (told.code == Some(0)).then(|| told.json())?["curves"].clone();
            let cpu = curves.as_array()?.iter().find(|curve| curve["metric"] == "cpu")?.clone();
            let expected = cpu["steps"][0]["quantiles"][2].as_f64()?;
            (cpu["node"] == "attic" && cpu["capacity"] == 1_000 && expected > 100.0).then_some(())
        });
        let (all, _, failed) = load.came("attic");
        assert_eq!(failed, 0, "nothing was lost so far");
        let folder = attic.kill();
        until("its loss is known elsewhere", || (cpu(&lima, "oslo")? == 1_000).then_some(()));
        until("overload is expected", || (chance(&lima, "oslo")? > 0.9).then_some(()));
        assert_eq!(stands(&seat, "attic").as_deref(), Some("lost"));
        until("calls go on", || (load.came("attic").0 >= all + 20).then_some(()));
        folder
    });
    let (_, _, failed) = load.came("attic");
    assert!(failed <= 2, "no more is lost than was under way there: {failed}");

    let attic = Node::on(folder, "");
    until("both count again", || (cpu(&lima, "oslo")? == 2_000).then_some(()));
    lima.write("till.toml", work("till").as_bytes());
    lima.fine("deploy -f till.toml");
    lima.fine("site mode on");
    until("it is registered", || (holder(&seat, "till")? == "lima").then_some(()));
    let through = attic.call("till", b"");
    assert_eq!((through.status, through.header("x-swell-site")), (200, "lima"), "by the seat");
    // What was before is still expected for a while.
    let filed = until("there is room for it", || {
        let is_free = chance(&lima, "oslo")? < 0.3;
        let ran =
            is_free.then(|| lima.run("authority move till --to oslo --check 1 --at-most 1"))?;
        (ran.code == Some(0)).then_some(ran)
    });
    let shown = ended(&lima, filed.out.trim());
    assert_eq!(shown["state"], "done", "{shown:#}");
    let before = calls(&attic, "till").expect("it followed before there was any traffic");
    assert_eq!(attic.call("till", b"").status, 200);
    assert_eq!(calls(&attic, "till"), Some(before + 1), "it serves it itself");

    // The seat dies: its nodes serve on, and say so.
    let _ = seat.kill();
    until("it is cut off", || (stands(&attic, "attic")? == "cut_off").then_some(()));
    assert_eq!(attic.call("shop", b"").status, 200);
    attic.run("site node leave").ended(1, "does not let this node go");
    attic.fine("site node leave --forget");
    assert!(attic.fine("list -o json").json().as_array().is_some_and(Vec::is_empty));
}

#[test]
fn what_a_node_of_a_site_may_not_is_refused_and_what_stays_at_its_seat_is_said() {
    let [seat, attic] = [Node::up(""), Node::up("")];
    seat.run("site node list").ended(1, "no site of a cluster");
    seat.run("site node leave").ended(1, "no site of a cluster");
    seat.fine("site init --name oslo --cluster town --cpu 1 --slot 500ms");
    for (words, told) in [
        ("site node invite oslo", "is a node of this site already"),
        ("site node invite At_tic", "cannot name a node"),
        ("site node remove attic", "has no node `attic`"),
        ("site node leave", "has the seat of its site"),
    ] {
        seat.run(words).ended(1, told);
    }
    let invitation = seat.fine("site node invite attic").out;
    seat.run("site node invite attic").ended(1, "is a node of this site already");
    attic.write("attic.json", invitation.as_bytes());
    attic.run("site node join nowhere.json --cpu 1").ended(2, "cannot read the invitation");
    attic.deploy("own", samples::ECHO, "");
    attic.run("site node join attic.json --cpu 1").ended(1, "has functions or flows of its own");
    attic.fine("rm own -y");
    attic.run("site node join attic.json --cpu 0").ended(2, "more than no processors");
    attic.fine("site node join attic.json --cpu 1");
    seat.run("site leave").ended(1, "has other nodes");
    attic.run("site node join attic.json --cpu 1").ended(1, "is one of site `oslo` already");
    attic.run("site init --name bergen --cpu 1").ended(1, "is one of site `oslo`");
    attic.run("site node invite cellar").ended(1, "is at another node");

    seat.deploy("shop", samples::ECHO, "");
    seat.write("cart.wasm", samples::ECHO);
    seat.write("cart.toml", KEEPS.as_bytes());
    seat.fine("deploy -f cart.toml");
    until("it has what it may have", || {
        let functions = attic.fine("list -o json").json();
        let names = functions.as_array()?.iter().filter_map(|it| it["name"].as_str());
        (names.collect::<Vec<_>>() == ["shop"]).then_some(())
    });
    until("it says what stays", || {
        let told = seat.fine("site node list").out;
        told.contains("`cart` is not everywhere: it keeps values").then_some(())
    });
    assert_eq!(attic.call("cart", b"passed on").text(), "passed on");
    attic.run("deploy own.wasm --name own").ended(1, "has what its seat has");
    attic.run("rm shop -y").ended(1, "has what its seat has");
    seat.fine("rm shop -y");
    until("it follows", || attic.fine("list -o json").json().as_array()?.is_empty().then_some(()));
    seat.fine("site node remove attic");
    until("it hears so", || {
        attic.fine("site node list").out.contains("does not count this node").then_some(())
    });
    attic.fine("site node leave --forget");
    attic.run("site node list").ended(1, "no site of a cluster");
    seat.fine("site leave --forget");
}
