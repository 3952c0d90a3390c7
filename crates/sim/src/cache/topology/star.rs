//! The paper's star of stars: a data store, leaders around it, members around each leader.
//!
//! Mohan, Zhou, Govindaraj and Kangasharju, "Managing Data in Computational Edge Clouds"
//! (MECOMM 2017), with the delays of its published simulator: 34 ms from a leader to the
//! store; 2 ms from a member to its leader, or 36 ms for some. Without groups (a single
//! leader, or members that are each a group of their own) a member is 43.3 ms from the store.

use swell_core::time::Span;

use crate::cache::graph::Topology;
use crate::cache::splitmix::SplitMix64;

/// From a leader to the store.
const STORE: Span = Span::from_millis(34);
/// From a member to its leader.
const NEAR: Span = Span::from_millis(2);
/// The same, for a member that is far.
const FAR: Span = Span::from_millis(36);
/// From a member to the store where nobody shares.
const ALONE: Span = Span::from_nanos(43_300_000);
/// Share of members that are far, times the square root of the number of leaders.
const FAR_SHARE: f64 = 0.5;
/// Spreads the members that are far evenly.
const STRIDE: u64 = 177;

/// How many members in how many groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Members of each group.
    pub members: u32,
    /// Groups, each with a leader.
    pub leaders: u32,
}

impl Shape {
    /// All members.
    pub fn total(&self) -> u32 {
        self.members * self.leaders
    }

    /// Whether anybody shares.
    pub fn has_groups(&self) -> bool {
        self.members > 1 && self.leaders > 1
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.members, self.leaders)
    }
}

/// What chance decides in the shape of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// Nothing: members that are far are spread evenly, workloads go round. The reference
    /// cases have it so.
    Even,
    /// Which members are far, and which of its group's workloads each has. The published
    /// runs have it so.
    Random,
}

/// The network. The store is node 0, leaders follow, then members, group after group. Only
/// members ask and have caches.
pub fn star(shape: Shape, workloads: u32, draw: Draw, chance: &mut SplitMix64) -> Topology {
    let Shape { members, leaders } = shape;
    let total = shape.total();
    let mut topology = Topology::empty("deck", 1 + leaders + total);
    for leader in 0..leaders {
        let delay = if shape.has_groups() { STORE } else { Span::ZERO };
        topology.link(0, 1 + leader, delay);
    }
    let share = FAR_SHARE / f64::from(leaders).sqrt();
    let far = (f64::from(total) * FAR_SHARE / f64::from(leaders).sqrt()).floor() as u64;
    for member in 0..total {
        let group = member / members;
        let is_far = match draw {
            Draw::Even => STRIDE * u64::from(member) % u64::from(total) < far,
            Draw::Random => chance.unit() < share,
        };
        let delay = match (shape.has_groups(), is_far) {
            (false, _) => ALONE,
            (true, true) => FAR,
            (true, false) => NEAR,
        };
        topology.link(1 + group, 1 + leaders + member, delay);
        topology.workloads.push(workload(member, group, leaders, workloads, draw, chance));
        topology.groups.push(group);
    }
    topology.receivers = (1 + leaders..1 + leaders + total).collect();
    topology.caches = topology.receivers.clone();
    topology.sources = vec![0];
    topology.leaders = (1..=leaders).collect();
    topology
}

/// A group has its part of the workloads, or groups share one where there are more of them.
fn workload(
    member: u32,
    group: u32,
    leaders: u32,
    workloads: u32,
    draw: Draw,
    chance: &mut SplitMix64,
) -> u32 {
    let at = |group: u32| (u64::from(workloads) * u64::from(group) / u64::from(leaders)) as u32;
    let (first, count) = (at(group), (at(group + 1) - at(group)).max(1));
    first
        + match draw {
            Draw::Even => member % count,
            Draw::Random if count == 1 => 0,
            Draw::Random => chance.below(u64::from(count)) as u32,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::splitmix::Stream;

    fn even(members: u32, leaders: u32, workloads: u32) -> Topology {
        let shape = Shape { members, leaders };
        star(shape, workloads, Draw::Even, &mut SplitMix64::stream(1, Stream::Shape))
    }

    fn long_links(topology: &Topology) -> usize {
        topology.links.iter().filter(|link| link.delay == FAR).count()
    }

    #[test]
    fn the_shape_is_the_stated_one() {
        let star = even(10, 32, 32);
        assert_eq!((star.nodes, star.receivers[0], long_links(&star)), (353, 33, 28));
        assert_eq!(star.workloads[9..11], [0, 1]);
        assert_eq!(long_links(&even(80, 4, 32)), 80);
        // Two groups of sixteen workloads each.
        let star = even(160, 2, 32);
        assert_eq!((star.workloads[15], star.workloads[16], star.workloads[160]), (15, 0, 16));
        // Two groups share a workload.
        assert_eq!(even(5, 64, 32).workloads[..15], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
        for shape in [(320, 1), (1, 320)] {
            let star = even(shape.0, shape.1, 32);
            let neighbours = star.neighbours();
            assert!(star.receivers.iter().all(|&of| neighbours[of as usize][0].1 == ALONE));
        }
    }

    #[test]
    fn chance_keeps_the_shares() {
        let shape = Shape { members: 80, leaders: 4 };
        let mut chance = SplitMix64::stream(5, Stream::Shape);
        let stars: Vec<_> = (0..50).map(|_| star(shape, 32, Draw::Random, &mut chance)).collect();
        let far: usize = stars.iter().map(long_links).sum();
        assert!((3800..4200).contains(&far), "{far} of 16000, a quarter is expected");
        let own = |star: &Topology, member: usize| {
            let group = member as u32 / 80;
            (8 * group..8 * (group + 1)).contains(&star.workloads[member])
        };
        assert!(stars.iter().all(|star| (0..320).all(|member| own(star, member))));
    }
}
