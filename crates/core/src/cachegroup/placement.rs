//! Where a task goes: to the group that has its data, and in it where it costs least.
//!
//! The cost is that of Least Processing Cost First (Mohan and Kangasharju, "Edge-Fog Cloud: A
//! Distributed Cloud for Internet of Things Computations", CIoT 2016): what the work takes on
//! the node comes first, and among nodes that are equal in that, what the network takes. To the
//! network counts what the node would have to fetch. If no member of the group is suitable, any
//! other node may be, and then joins the group.

use crate::cachegroup::names::NodeId;
use crate::time::Span;
use crate::units::Bytes;

/// What a task needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Work, in the unit of which `power` is so much a second.
    pub work: f64,
    /// Longest processing cost that is suitable.
    pub processing_max: Span,
}

/// What is known of a node that could run it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// Whether it is in the group of the task's workload.
    pub is_member: bool,
    /// Whether it has room for the task.
    pub has_room: bool,
    /// Work it does a second.
    pub power: f64,
    /// Work it has to do before.
    pub backlog: f64,
    /// Round trip from where the task arrived.
    pub round_trip: Span,
    /// What of the task's data is not there.
    pub missing: Bytes,
    /// Bytes a second at which it could be fetched.
    pub bandwidth: f64,
}

/// What a task costs on a node; less is better, and processing is compared first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Until the work is done, once the data is there.
    pub processing: Span,
    /// Until the data is there, and the way to and fro.
    pub network: Span,
}

/// Where a task goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The node.
    pub node: NodeId,
    /// What it costs there.
    pub cost: Cost,
    /// The node is not in the group yet, and joins it.
    pub joins: bool,
}

impl Candidate {
    /// What the task costs here.
    pub fn cost(&self, demand: &Demand) -> Cost {
        let seconds = |amount: f64, rate: f64| match amount > 0.0 {
            true if rate > 0.0 => Span::from_secs_f64(amount / rate),
            true => Span::FOREVER,
            false => Span::ZERO,
        };
        let processing = seconds(self.backlog.max(0.0) + demand.work, self.power);
        let fetching = seconds(self.missing.get() as f64, self.bandwidth);
        Cost { processing, network: self.round_trip + fetching }
    }
}

/// Where the task goes: to the cheapest suitable member, else to the cheapest suitable node.
/// Among equals the one named first by number, so that all who decide decide alike. None, if no
/// node is suitable.
pub fn place(demand: &Demand, candidates: &[Candidate]) -> Option<Place> {
    let suitable = candidates.iter().filter(|candidate| candidate.has_room);
    let costs = suitable.map(|candidate| (candidate, candidate.cost(demand)));
    let costs = costs.filter(|(_, cost)| cost.processing <= demand.processing_max);
    let best = costs.min_by_key(|&(candidate, cost)| (!candidate.is_member, cost, candidate.node));
    best.map(|(candidate, cost)| Place { node: candidate.node, cost, joins: !candidate.is_member })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(node: u32, is_member: bool) -> Candidate {
        Candidate {
            node: NodeId(node),
            is_member,
            has_room: true,
            power: 2.0,
            backlog: 0.0,
            round_trip: Span::from_millis(2),
            missing: Bytes::ZERO,
            bandwidth: 1e6,
        }
    }

    fn check(change: impl Fn(&mut [Candidate; 3]), expected: Option<(u32, bool)>) {
        let demand = Demand { work: 1.0, processing_max: Span::from_secs(1) };
        let mut nodes = [candidate(1, true), candidate(2, true), candidate(3, false)];
        change(&mut nodes);
        let place = place(&demand, &nodes);
        assert_eq!(place.map(|place| (place.node.0, place.joins)), expected);
    }

    #[test]
    fn members_come_first_and_processing_before_the_network() {
        check(|_| {}, Some((1, false)));
        check(|nodes| nodes[0].backlog = 0.1, Some((2, false)));
        check(|nodes| nodes[0].round_trip = Span::from_millis(3), Some((2, false)));
        check(|nodes| nodes[0].missing = Bytes::new(1), Some((2, false)));
        // However dear the network: that is what the order says.
        check(
            |nodes| (nodes[0].missing, nodes[1].power) = (Bytes::from_mb(9), 1.9),
            Some((1, false)),
        );
        check(|nodes| nodes[2].power = 9.0, Some((1, false)));
    }

    #[test]
    fn another_node_joins_if_no_member_is_suitable() {
        let full =
            |nodes: &mut [Candidate; 3]| (nodes[0].has_room, nodes[1].backlog) = (false, 9.0);
        check(full, Some((3, true)));
        let none = |nodes: &mut [Candidate; 3]| {
            full(nodes);
            nodes[2].power = 0.0;
        };
        check(none, None);
    }
}
