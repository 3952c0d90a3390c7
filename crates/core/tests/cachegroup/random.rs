//! Seeds: each a run of two minutes with whatever may go wrong, and then a quiet end.

use swell_core::cachegroup::action::Input;
use swell_core::cachegroup::leader_table::LeaderTag;
use swell_core::ids::RequestId;
use swell_core::rng;
use swell_core::time::{Instant, Span};

use crate::clients::{CONTENTS, home};
use crate::world::{GROUPS, NODES, STORE, World};
use swell_core::cachegroup::names::ContentId;

/// The operation of whoever changes voters, and waits for no answer.
const NOBODY: RequestId = RequestId(0);

impl World {
    /// Something goes wrong, or right again.
    pub(crate) fn fault(&mut self) {
        let node = rng::below(&mut self.rng, NODES as u64) as usize;
        let weather = self.weather;
        match rng::below(&mut self.rng, if weather.has_changes { 10 } else { 8 }) {
            0 if weather.has_crashes => {
                let down = (0..NODES).find(|&node| self.nodes[node].is_none());
                match (&self.nodes[node], down) {
                    (None, _) => self.start(node),
                    (Some(_), Some(down)) if weather.is_one_down => self.start(down),
                    (Some(_), _) => self.crash(node),
                }
            }
            1 if weather.has_crashes => {
                for node in 0..NODES {
                    if self.nodes[node].is_none() {
                        self.start(node);
                    }
                }
            }
            2 if weather.has_partitions => {
                let other = rng::below(&mut self.rng, STORE as u64 + 1) as usize;
                self.broken.insert((node, other));
                if rng::below(&mut self.rng, 2) == 0 {
                    self.broken.insert((other, node));
                }
            }
            3 => self.broken.clear(),
            4 if weather.has_outages => self.is_store_up = !self.is_store_up,
            5 if weather.has_jumps => {
                let nanos =
                    rng::below(&mut self.rng, 20_000_000_000).cast_signed() - 10_000_000_000;
                self.jump(node, nanos);
            }
            6 => {
                let content = ContentId(u128::from(rng::below(&mut self.rng, CONTENTS)));
                let version = self.nodes[node].as_ref().and_then(|n| n.table().version(content));
                if let Some(version) = version {
                    self.tell(node, Input::Evicted { content, version });
                }
            }
            7 => {
                let content = ContentId(u128::from(rng::below(&mut self.rng, CONTENTS)));
                let from = self.store.content(content).group.unwrap_or_else(|| home(content));
                let to = GROUPS[usize::from(from == GROUPS[0].0)].0;
                for node in 0..NODES {
                    self.tell(node, Input::Move { content, from, to });
                }
            }
            8 | 9 => {
                let (group, _) = GROUPS[rng::below(&mut self.rng, 2) as usize];
                let after = self.store.group(group).voters.number;
                let (request, names) = (NOBODY, self.some_nodes());
                self.tell(node, Input::Change { request, group, after, names });
            }
            _ => {}
        }
    }

    /// Everything is right again, and stays so.
    fn heal(&mut self) {
        self.is_over = true;
        self.broken.clear();
        self.is_store_up = true;
        for node in 0..NODES {
            if self.nodes[node].is_none() {
                self.start(node);
            }
        }
    }

    /// What has not come to its end.
    fn open(&self) -> Vec<String> {
        let mut open = Vec::new();
        if self.clients.iter().any(|client| client.waits()) {
            open.push("L2: an operation has not ended".into());
        }
        for (group, _) in GROUPS {
            let leads = |node: usize| self.nodes[node].as_ref()?.reign(group, self.local(node));
            let Some(reign) = (0..NODES).find_map(leads) else {
                open.push(format!("L3: {group:?} has no leader"));
                continue;
            };
            for (content, row) in reign.table() {
                let is_free = matches!(
                    row.tag,
                    LeaderTag::Free(_) | LeaderTag::Unknown | LeaderTag::Elsewhere { .. }
                );
                if !is_free {
                    open.push(format!("L1: {content:?} is still {:?}", row.tag));
                }
            }
        }
        open
    }
}

/// One run. The faults it found, and how much it did.
fn run(seed: u64) -> (Vec<String>, usize, usize) {
    let mut world = World::new(seed);
    let end = Instant::ZERO + Span::from_secs(120);
    world.run(end);
    world.heal();
    world.run(end + Span::from_secs(60));
    let open = world.open();
    let (keeps_time, keeps_pending) =
        (world.weather.keeps_time(), world.weather.keeps_what_is_pending());
    let mut history = world.history;
    history.faults.extend(open);
    history.check_durable(keeps_pending);
    if keeps_time {
        history.check_strict();
        history.check_bounded();
    }
    (history.faults, history.done.len(), history.pending.len())
}

/// A number that was given for this run.
#[expect(clippy::disallowed_methods, reason = "a test's edge is where its seed is read")]
fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// `SWELL_SEED=17` runs one seed, `SWELL_SEEDS=5000` so many.
#[test]
fn histories_are_what_was_promised() {
    let one: Option<u64> = given("SWELL_SEED");
    let count = given("SWELL_SEEDS").unwrap_or(150);
    let seeds = one.map_or(0..count, |seed| seed..seed + 1);
    let (mut operations, mut pending) = (0, 0);
    for seed in seeds {
        let (faults, done, waited) = run(seed);
        operations += done;
        pending += waited;
        let some: Vec<&String> = faults.iter().take(5).collect();
        assert!(
            faults.is_empty(),
            "{} faults, such as {some:#?}\nto see them again: SWELL_SEED={seed} cargo test \
             -p swell-core --test cachegroup random",
            faults.len()
        );
    }
    assert!(operations > 100, "a history of nothing promises nothing: {operations}");
    assert!(pending > 0 || one.is_some(), "nothing was ever pending");
}
