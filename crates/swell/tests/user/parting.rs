//! Whole nodes in network namespaces: a cable is pulled, one direction fails, a node is killed.

use std::process::Command;
use std::sync::Arc;

use swell_samples::samples;

use crate::namespaces::Namespaces;
use crate::node::{Node, Ran, command, until, write};
use crate::shell::Folder;

/// A function that the clock calls each second.
const CLOCK: &str = r#"version = 1

[[function]]
name = "clock"
code = "shop.wasm"
memory = "8MiB"
triggers = [{ type = "cron", schedule = "* * * * * *" }]
"#;

/// A node in a namespace of its own.
struct Place {
    node: Node,
    namespace: String,
}

/// The same command in a namespace.
fn inside(namespace: &str, of: &Command) -> Command {
    let mut inside = Command::new("ip");
    inside.args(["netns", "exec", namespace]).arg(of.get_program()).args(of.get_args());
    inside.current_dir(of.get_current_dir().expect("it has one"));
    for (name, value) in of.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    inside.stdin(std::process::Stdio::null());
    inside
}

impl Place {
    fn up(namespace: &str, at: &str, folder: Arc<Folder>) -> Self {
        let words = format!(
            "up --listen {at}:7070 --memory 1GiB --data data --set api.token=secret \
                     --set node.machine=shared"
        );
        let node = Node::by(inside(namespace, &command(&folder, &words)), folder);
        Self { node, namespace: namespace.to_string() }
    }

    fn run(&self, words: &str) -> Ran {
        let mut of = self.node.command(words);
        of.env("SWELL_TOKEN", "secret");
        Ran::of(inside(&self.namespace, &of))
    }

    fn fine(&self, words: &str) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(0), "swell {words}: {ran:?}");
        ran
    }

    fn holder(&self, workload: &str) -> Option<String> {
        let rows = self.fine("authority list -o json").json()["authorities"].as_array()?.clone();
        let row = rows.into_iter().find(|row| row["workload"] == workload)?;
        row["holder"].as_str().map(str::to_string)
    }

    /// How often a function was called here; never, where it is not.
    fn calls(&self, function: &str) -> u64 {
        let ran = self.run(&format!("describe {function} -o json"));
        if ran.code != Some(0) {
            return 0;
        }
        ran.json()["calls"]["total"].as_u64().expect("it is counted")
    }

    fn stands(&self, state: &str) -> Option<()> {
        (self.fine("site status -o json").json()["state"] == state).then_some(())
    }

    /// Moves a workload and waits until that is done.
    fn moves(&self, workload: &str, to: &str) {
        // What moved a moment ago rests first, and a leader may just be elected.
        let filed = until("it can be filed", || {
            let ran = self.run(&format!("authority move {workload} --to {to} --check 1"));
            (ran.code == Some(0)).then_some(ran)
        });
        let shown = until("the proposal ends", || {
            let shown = self.run(&format!("proposal show {} -o json", filed.out.trim()));
            (shown.code == Some(0)).then(|| shown.json()).filter(|it| it["is_ended"] == true)
        });
        assert_eq!(shown["state"], "done", "{shown:#}");
    }
}

#[test]
fn whole_nodes_bear_pulled_cables_one_way_cuts_and_kills() {
    let namespaces = match Namespaces::new(3) {
        Ok(namespaces) => namespaces,
        Err(why) => return println!("SKIPPED: {why}"),
    };
    let addresses = namespaces.addresses();
    let at = |site: usize| addresses[site].split(':').next().expect("it has a host").to_string();
    let folders: Vec<Arc<Folder>> = (0..3).map(|_| Arc::new(Folder::new())).collect();
    let up =
        |site: usize| Place::up(&namespaces.name(site as u32), &at(site), folders[site].clone());
    let [oslo, lima, kobe] = [up(0), up(1), up(2)];
    oslo.fine("site init --name oslo --cluster town --cpu 2 --slot 500ms");
    for (place, name) in [(&lima, "lima"), (&kobe, "kobe")] {
        let invitation = oslo.fine(&format!("site invite {name}")).out;
        place.node.write("invitation.json", invitation.as_bytes());
        place.fine("site join invitation.json --cpu 2");
    }
    write(&lima.node.folder.0, "shop.wasm", samples::ECHO);
    lima.fine("deploy shop.wasm --name shop --memory 8MiB");
    until("it is registered", || (oslo.holder("shop")? == "lima").then_some(()));
    lima.node.write("clock.toml", CLOCK.as_bytes());
    lima.fine("deploy -f clock.toml");
    until("the clock calls it", || (lima.calls("clock") > 2).then_some(()));
    let keeps = |place: &Place| {
        let kept = std::fs::read_dir(place.node.folder.0.join("data/site/standby"));
        kept.is_ok_and(|files| {
            let is_whole = |path: std::path::PathBuf| path.extension() == Some("json".as_ref());
            files.flatten().filter(|it| is_whole(it.path())).count() >= 2
        })
    };
    until("somebody stands by", || (keeps(&oslo) || keeps(&kobe)).then_some(()));

    namespaces.cable(1, false);
    until("another site has it", || (oslo.holder("shop")? != "lima").then_some(()));
    assert_eq!(lima.holder("shop").as_deref(), Some("lima"), "it cannot know, and serves");
    until("it knows that it is cut off", || lima.stands("cut_off"));
    let heir = until("another site has the clock", || match oslo.holder("clock")?.as_str() {
        "oslo" => Some(&oslo),
        "kobe" => Some(&kobe),
        _ => None,
    });
    until("the clock calls it there", || (heir.calls("clock") > 0).then_some(()));
    let before = (lima.calls("clock"), heir.calls("clock"));
    until("it goes on", || (heir.calls("clock") >= before.1 + 4).then_some(()));
    assert_eq!(lima.calls("clock"), before.0, "its lease is over: another one acts");
    lima.run("authority move shop --to oslo").ended(1, "no majority of the sites");
    namespaces.cable(1, true);
    until("it decides again", || lima.stands("deciding"));
    until("it has caught up", || (lima.holder("shop")? != "lima").then_some(()));
    until("it lets go of what another has", || {
        lima.fine("list -o json").json().as_array()?.is_empty().then_some(())
    });

    // Messages of oslo do not reach kobe; lima reaches both.
    namespaces.way(0, 2, false);
    until("the majority decides", || {
        (lima.run("site mode shadow --workload shop").code == Some(0)).then_some(())
    });
    namespaces.way(0, 2, true);
    until("all decide again", || {
        (oslo.run("site mode on --workload shop").code == Some(0)).then_some(())
    });

    let holder = oslo.holder("shop").expect("somebody has it");
    let to = if holder == "lima" { "kobe" } else { "lima" };
    let folder = oslo.node.kill();
    if holder != "oslo" {
        kobe.moves("shop", to);
    }
    let oslo = Place::up(&namespaces.name(0), &at(0), folder);
    until("all know the same", || (oslo.holder("shop")? == kobe.holder("shop")?).then_some(()));
}
