//! Where a call goes: the rule of core over what nodes told.
//!
//! The cost of processing is counted in whole turns: as many calls as there are processors run at
//! once, so a node with an idle one costs the work itself and no more, and among such nodes the
//! network decides. Finer steps would compare nothing but the last second's noise.

use std::time::Duration;

use swell_core::cachegroup::names::NodeId;
use swell_core::cachegroup::placement::{Candidate, Demand, Place, place};
use swell_core::time::Span;
use swell_core::units::Bytes;

/// Work of a call of which nothing is known, in seconds of one processor.
const WORK_UNKNOWN: f64 = 0.01;
/// Part of its timeout that a call may take until its work is done, for a node to be suitable.
const SUITABLE_PART: u64 = 2;

/// A node as one that could run a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// Whether this is where the call arrived.
    pub is_here: bool,
    /// Why it is in the group, if it is.
    pub membership: Option<String>,
    /// Whether the call would find room.
    pub has_room: bool,
    /// Its processors.
    pub cores: u32,
    /// Work that one of them does a second.
    pub power: f64,
    /// Calls that run or wait there.
    pub busy: u32,
    /// The way there and back.
    pub round_trip: Duration,
    /// Bytes of its inputs that are not there.
    pub missing: u64,
    /// How long a start takes that it would wait for there, if clones wait for it elsewhere.
    pub start: Duration,
}

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Need {
    /// Work in microseconds of one processor, if it is known.
    pub run_us: Option<u64>,
    /// How long it may take.
    pub timeout: Duration,
    /// Bytes a second at which nodes fetch.
    pub bandwidth: f64,
}

impl Choice {
    fn candidate(&self, number: u32, need: &Need) -> Candidate {
        let work = need.work();
        let turns = f64::from(self.busy / self.cores.max(1));
        Candidate {
            node: NodeId(number),
            is_member: self.membership.is_some(),
            has_room: self.has_room,
            power: self.power,
            backlog: turns * work + self.start.as_secs_f64(),
            round_trip: Span::from_nanos(self.round_trip.as_nanos() as u64),
            missing: Bytes::new(self.missing),
            bandwidth: need.bandwidth,
        }
    }

    /// What it costs and why it may come first, for people.
    pub fn tell(&self, need: &Need) -> String {
        let cost = self.candidate(0, need).cost(&need.demand());
        let group = match &self.membership {
            Some(why) => format!("in the group: {why}"),
            None => "not in the group".to_string(),
        };
        let room = if self.has_room { "" } else { "no room; " };
        let (processing, network) = (cost.processing, cost.network);
        format!(
            "{room}processing {processing}, network {network}, {} bytes to fetch; {group}",
            self.missing
        )
    }
}

impl Need {
    fn work(&self) -> f64 {
        self.run_us.map_or(WORK_UNKNOWN, |run| (run.max(1)) as f64 / 1e6)
    }

    fn demand(&self) -> Demand {
        let longest = self.timeout.as_nanos() as u64 / SUITABLE_PART;
        Demand { work: self.work(), processing_max: Span::from_nanos(longest) }
    }
}

/// The place of the node to which a call goes in the list, and whether it joins the group; none if
/// none is suitable. Among equals the first.
pub fn choose(need: &Need, choices: &[Choice]) -> Option<(usize, bool)> {
    let numbered = (0..).zip(choices);
    let candidates: Vec<Candidate> =
        numbered.map(|(number, choice)| choice.candidate(number, need)).collect();
    let Place { node, joins, .. } = place(&need.demand(), &candidates)?;
    Some((node.0 as usize, joins))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(name: &str, is_member: bool) -> Choice {
        Choice {
            name: name.to_string(),
            is_here: name == "here",
            membership: is_member.then(|| "a test".to_string()),
            has_room: true,
            cores: 2,
            power: 1.0,
            busy: 0,
            round_trip: Duration::from_millis(if name == "here" { 0 } else { 4 }),
            missing: 0,
            start: Duration::ZERO,
        }
    }

    fn check(change: impl Fn(&mut [Choice; 3]), expected: Option<(&str, bool)>) {
        let need = Need { run_us: Some(10_000), timeout: Duration::from_secs(1), bandwidth: 1e7 };
        let mut choices = [choice("here", false), choice("oslo", true), choice("paris", true)];
        change(&mut choices);
        let chosen = choose(&need, &choices);
        let chosen = chosen.map(|(place, joins)| (choices[place].name.as_str(), joins));
        assert_eq!(chosen, expected);
    }

    #[test]
    fn calls_go_to_the_group_and_in_it_where_the_data_is() {
        check(|_| {}, Some(("oslo", false)));
        check(|all| all[0].membership = Some("own copies".into()), Some(("here", false)));
        check(|all| all[1].missing = 1 << 20, Some(("paris", false)));
        check(
            |all| {
                all[0].membership = Some("own copies".into());
                all[0].missing = 1 << 20;
            },
            Some(("oslo", false)),
        );
    }

    #[test]
    fn processing_is_compared_in_whole_turns_before_the_network() {
        // One of two processors is idle.
        check(|all| all[1].busy = 1, Some(("oslo", false)));
        check(|all| all[1].busy = 2, Some(("paris", false)));
        check(|all| (all[1].busy, all[2].missing) = (2, 1 << 30), Some(("paris", false)));
        check(|all| all[2].power = 2.0, Some(("paris", false)));
    }

    #[test]
    fn calls_follow_their_clones() {
        let start = Duration::from_millis(100);
        check(|all| all[1].start = start, Some(("paris", false)));
        check(
            |all| {
                all[0].membership = Some("own copies".into());
                (all[0].start, all[1].start) = (start, start);
            },
            Some(("paris", false)),
        );
    }

    #[test]
    fn others_join_where_no_member_is_suitable() {
        check(|all| (all[1].has_room, all[2].busy) = (false, 200), Some(("here", true)));
        check(
            |all| {
                all.iter_mut().for_each(|choice| choice.has_room = false);
            },
            None,
        );
    }
}
