//! Functions of other nodes that flows could go to, as those nodes tell.
//!
//! They are asked only while a flow here wants to go: it is nobody's business what a node has in use
//! while all is well. What was told some time ago counts as if nobody answered.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use swell_api::flow::{FlowSpec, is_native};
use swell_core::flow::topology::abroad;
use swell_core::flow::view::{OwnerId, Party};
use swell_core::time::{Instant, Span};

use crate::flow::usage::{ASKED_MAX, Usage};
use crate::flow::wire::Elsewhere;

/// How often other nodes are asked.
const EVERY: Span = Span::from_millis(500);
/// What was told is believed for so long: three questions.
const FRESH: Span = Span::from_millis(1_500);
/// For so long after a flow wanted to go they are asked about its functions.
const WANTED: Span = Span::from_secs(5);
/// For so long a flow goes nowhere that could not go.
const REST: Span = Span::from_secs(30);
/// How much a question's time counts against those before.
const LEARNING: f64 = 0.2;

/// The nodes that flows may go to, and what they told.
#[derive(Default)]
pub(crate) struct Abroad {
    nodes: Vec<Elsewhere>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// Functions that are asked about, and until when.
    wanted: BTreeMap<String, Instant>,
    asked_at: Option<Instant>,
    /// By node.
    told: BTreeMap<usize, Told>,
    /// Flows that could not go, until they may try again.
    rests: BTreeMap<String, Instant>,
}

struct Told {
    at: Instant,
    round_trip: Span,
    functions: BTreeMap<String, Usage>,
}

/// Nodes that are to be asked, by number, and about which functions.
type Questions = (Vec<(usize, Elsewhere)>, BTreeSet<String>);

/// What a flow that may go is like.
pub(crate) struct Leaving<'a> {
    pub(crate) spec: &'a FlowSpec,
    /// Its owner's place among those who can own it.
    pub(crate) owner: usize,
    /// The pause that going to a node is expected to cost that is so far away.
    pub(crate) pause: &'a dyn Fn(Span) -> Span,
    /// The share of its bytes that come from a node.
    pub(crate) share_of: &'a dyn Fn(&str) -> f64,
}

impl Abroad {
    /// The nodes by name, with their addresses for flows.
    pub(crate) fn new(nodes: &BTreeMap<String, String>) -> Self {
        let nodes = nodes.iter().map(|(node, at)| Elsewhere { node: node.clone(), at: at.clone() });
        Self { nodes: nodes.collect(), open: Mutex::default() }
    }

    /// Whether there are any.
    pub(crate) fn is_any(&self) -> bool {
        !self.nodes.is_empty()
    }

    /// A flow that these can own wants to go.
    pub(crate) fn want(&self, now: Instant, spec: &FlowSpec) {
        let mut open = self.open.lock();
        for name in owners(spec).filter(|name| !is_native(name)) {
            if open.wanted.len() < ASKED_MAX || open.wanted.contains_key(name) {
                open.wanted.insert(name.clone(), now + WANTED);
            }
        }
    }

    /// Who is to be asked now, by number, and about which functions.
    pub(crate) fn due(&self, now: Instant) -> Option<Questions> {
        let mut open = self.open.lock();
        open.wanted.retain(|_, until| *until > now);
        open.rests.retain(|_, until| *until > now);
        let is_due = open.asked_at.is_none_or(|at| now.since(at) >= EVERY);
        if open.wanted.is_empty() || !is_due {
            return None;
        }
        open.asked_at = Some(now);
        let names = open.wanted.keys().cloned().collect();
        Some((self.nodes.iter().cloned().enumerate().collect(), names))
    }

    /// A node told, after this time there and back.
    pub(crate) fn hear(
        &self,
        now: Instant,
        number: usize,
        round_trip: Span,
        functions: BTreeMap<String, Usage>,
    ) {
        let mut open = self.open.lock();
        let before = open.told.get(&number).map(|told| told.round_trip.secs_f64());
        let seconds = round_trip.secs_f64();
        let mean = before.map_or(seconds, |before| before + LEARNING * (seconds - before));
        let told = Told { at: now, round_trip: Span::from_secs_f64(mean), functions };
        open.told.insert(number, told);
    }

    /// A flow could not go.
    pub(crate) fn stays(&self, now: Instant, flow: &str) {
        self.open.lock().rests.insert(flow.to_string(), now + REST);
    }

    /// Those who could own a flow at other nodes, as far as those told of them.
    pub(crate) fn parties(&self, now: Instant, flow: &Leaving<'_>) -> Vec<Party> {
        let open = self.open.lock();
        let is_rested = open.rests.get(&flow.spec.name).is_none_or(|until| *until <= now);
        let mut parties = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let Some(told) = open.told.get(&number) else { continue };
            for (place, name) in owners(flow.spec).enumerate() {
                let Some(usage) = told.functions.get(name) else { continue };
                let is_fresh = now.since(told.at) <= FRESH;
                parties.push(Party {
                    owner: self.owner(flow.spec, number, place),
                    cpu: usage.cpu,
                    calls: usage.calls,
                    memory: usage.memory,
                    common_memory: usage.common_memory,
                    pressure: usage.pressure,
                    processors: usage.processors,
                    is_alive: usage.is_alive && is_fresh && is_rested,
                    may_own: true,
                    has_room: usage.has_room,
                    is_abroad: true,
                    dependency: (flow.share_of)(&node.node),
                    proximity: abroad(told.round_trip),
                    pause: (flow.pause)(told.round_trip),
                    // The same function before another, where all else is equal.
                    recent: u32::from(place != flow.owner),
                });
            }
        }
        parties
    }

    /// The number of an owner at a node: they follow those that are here, node by node.
    fn owner(&self, spec: &FlowSpec, number: usize, place: usize) -> OwnerId {
        let count = owners(spec).count();
        OwnerId((count * (1 + number) + place) as u32)
    }

    /// Where an owner is that is not here, and what it is called.
    pub(crate) fn place<'a>(
        &self,
        spec: &'a FlowSpec,
        owner: OwnerId,
    ) -> Option<(Elsewhere, &'a str)> {
        let count = owners(spec).count();
        let number = (owner.0 as usize / count).checked_sub(1)?;
        let name = owners(spec).nth(owner.0 as usize % count)?;
        Some((self.nodes.get(number)?.clone(), name))
    }

    /// What owners at other nodes are called, by their numbers.
    pub(crate) fn names(&self, spec: &FlowSpec) -> Vec<String> {
        let named = |node: &Elsewhere| {
            let node = node.node.clone();
            owners(spec).map(move |name| format!("{name}@{node}"))
        };
        self.nodes.iter().flat_map(named).collect()
    }

    /// An owner in words, wherever it is.
    pub(crate) fn called(&self, spec: &FlowSpec, owner: OwnerId) -> String {
        match self.place(spec, owner) {
            Some((node, name)) => format!("`{name}` at the node `{}`", node.node),
            None => format!("`{}`", owners(spec).nth(owner.0 as usize).unwrap_or(&spec.to)),
        }
    }
}

fn owners(spec: &FlowSpec) -> impl Iterator<Item = &String> {
    std::iter::once(&spec.to).chain(&spec.owners)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage {
        cpu: 0.25,
        calls: 0.5,
        memory: 0.1,
        common_memory: 0.1,
        pressure: 0.0,
        processors: 2.0,
        is_alive: true,
        has_room: true,
    };

    fn spec() -> FlowSpec {
        let mut spec = FlowSpec::plain("frames", &["camera"], "detect");
        spec.owners = vec!["native:fast".to_string(), "lite".to_string()];
        spec
    }

    fn abroad_of(nodes: &[&str]) -> Abroad {
        let at = |node: &&str| (node.to_string(), format!("{node}:7403"));
        Abroad::new(&nodes.iter().map(at).collect())
    }

    fn parties(abroad: &Abroad, at: u64) -> Vec<(String, bool)> {
        let spec = spec();
        let flow = Leaving {
            spec: &spec,
            owner: 0,
            pause: &|round_trip| round_trip * 3,
            share_of: &|node| if node == "paris" { 0.75 } else { 0.0 },
        };
        let parties = abroad.parties(Instant::from_millis(at), &flow).into_iter();
        let told = parties.map(|party| {
            assert_eq!((party.pause, party.is_abroad), (Span::from_millis(6), true));
            assert!((party.proximity - 0.1).abs() < 1e-9, "2 ms away");
            (abroad.called(&spec, party.owner), party.is_alive)
        });
        told.collect()
    }

    #[test]
    fn other_nodes_are_asked_while_a_flow_wants_to_go_and_believed_for_a_moment() {
        let abroad = abroad_of(&["paris", "berlin"]);
        let at = Instant::from_millis;
        assert!(abroad.is_any() && !Abroad::default().is_any());
        assert!(abroad.due(at(0)).is_none(), "all is well");
        abroad.want(at(0), &spec());
        let (nodes, names) = abroad.due(at(0)).expect("it is due");
        let nodes: Vec<String> = nodes.into_iter().map(|(_, node)| node.at).collect();
        assert_eq!(nodes, ["berlin:7403", "paris:7403"]);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["detect", "lite"], "no process");
        assert!(abroad.due(at(400)).is_none() && abroad.due(at(500)).is_some());

        assert!(parties(&abroad, 500).is_empty(), "nobody told anything");
        let told = [("lite".to_string(), USAGE)];
        abroad.hear(at(600), 1, Span::from_millis(2), told.into());
        let named = |is_alive| [("`lite` at the node `paris`".to_string(), is_alive)];
        assert_eq!(parties(&abroad, 700), named(true));
        assert_eq!(parties(&abroad, 2_200), named(false), "that was long ago");
        abroad.hear(at(2_300), 1, Span::from_millis(2), [("lite".to_string(), USAGE)].into());
        abroad.stays(at(2_300), "frames");
        assert_eq!(parties(&abroad, 2_400), named(false), "it could not go");
        assert!(abroad.due(at(5_100)).is_none(), "nobody wants to go any more");
    }

    #[test]
    fn owners_have_numbers_wherever_they_are() {
        let (abroad, spec) = (abroad_of(&["paris", "berlin"]), spec());
        let names = abroad.names(&spec);
        assert_eq!(names[..2], ["detect@berlin", "native:fast@berlin"]);
        assert_eq!(names[5], "lite@paris");
        for (place, name) in names.iter().enumerate() {
            let owner = OwnerId(3 + place as u32);
            let (node, function) = abroad.place(&spec, owner).expect("it is at a node");
            assert_eq!(format!("{function}@{}", node.node), *name);
        }
        assert_eq!(abroad.place(&spec, OwnerId(2)), None, "it is here");
        assert_eq!(abroad.called(&spec, OwnerId(2)), "`lite`");
        assert_eq!(abroad.place(&spec, OwnerId(9)), None, "there is no such node");
    }
}
