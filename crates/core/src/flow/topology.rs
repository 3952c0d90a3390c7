//! How near those are to each other who hand data on, by the cores that they work on.

use std::collections::BTreeMap;

use crate::flow::affinity::CoreId;
use crate::time::Span;

/// How near two parties are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// They are one.
    Process,
    /// On one core, or two that share its second cache.
    Core,
    /// On cores that share the last cache.
    Cache,
    /// On one memory node.
    Memory,
    /// On one machine.
    Machine,
}

/// How near another node is that can be nearer than none on this machine.
const ABROAD: f64 = 0.3;

/// How near another node is, by the time to it and back: 0.3 at no time, half of that at a
/// millisecond.
pub fn abroad(round_trip: Span) -> f64 {
    ABROAD / (1.0 + round_trip.millis_f64())
}

/// The time to a node and back that is so near.
pub fn round_trip(proximity: f64) -> Span {
    if proximity <= 0.0 {
        return Span::FOREVER;
    }
    Span::from_secs_f64((ABROAD / proximity - 1.0).max(0.0) / 1e3)
}

impl Distance {
    const ALL: [Self; 5] = [Self::Process, Self::Core, Self::Cache, Self::Memory, Self::Machine];

    /// The number for [`Party::proximity`](crate::flow::view::Party::proximity), from 0 to 1.
    pub fn proximity(self) -> f64 {
        match self {
            Distance::Process => 1.0,
            Distance::Core => 0.9,
            Distance::Cache => 0.8,
            Distance::Memory => 0.6,
            Distance::Machine => 0.4,
        }
    }

    /// The shortest distance that is not nearer than this number says.
    pub fn of(proximity: f64) -> Self {
        let found = Self::ALL.into_iter().find(|distance| distance.proximity() <= proximity);
        found.unwrap_or(Self::Machine)
    }

    /// Whether what one has in its last cache is in the other's as well.
    pub fn shares_cache(self) -> bool {
        self <= Distance::Cache
    }
}

/// Where a core is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Which.
    pub core: CoreId,
    /// Names the cores that share its second cache, such as the first of them.
    pub second_cache: u32,
    /// Names the cores that share its last cache.
    pub last_cache: u32,
    /// Its memory node.
    pub memory: u32,
}

/// The cores of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topology {
    spots: BTreeMap<CoreId, Spot>,
    widest: Option<Distance>,
}

impl Topology {
    /// A machine with these cores.
    pub fn new(spots: impl IntoIterator<Item = Spot>) -> Self {
        let spots: BTreeMap<CoreId, Spot> = spots.into_iter().map(|one| (one.core, one)).collect();
        // Sharing goes both ways and on: the farthest from any one is as far as any two are.
        let first = spots.values().next();
        let widest = first.and_then(|first| spots.values().map(|one| apart(first, one)).max());
        Self { spots, widest }
    }

    /// How far the nearest of these cores and of those are apart; nothing where none is known on
    /// either side.
    pub fn between(&self, these: &[CoreId], those: &[CoreId]) -> Option<Distance> {
        let find = |core: &CoreId| self.spots.get(core);
        let those: Vec<&Spot> = those.iter().filter_map(find).collect();
        let nearest = |one: &Spot| those.iter().map(|other| apart(one, other)).min();
        these.iter().filter_map(find).filter_map(nearest).min()
    }

    /// How far apart two are of which no core is known: no more than any cores are.
    pub fn widest(&self) -> Distance {
        self.widest.unwrap_or(Distance::Machine)
    }
}

fn apart(one: &Spot, other: &Spot) -> Distance {
    if one.core == other.core || one.second_cache == other.second_cache {
        Distance::Core
    } else if one.last_cache == other.last_cache {
        Distance::Cache
    } else if one.memory == other.memory {
        Distance::Memory
    } else {
        Distance::Machine
    }
}

/// Who takes part in a flow beside the one that is weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour<'a> {
    /// Its share of what is fed to the flow, from 0 to 1.
    pub share: f64,
    /// Whether it is the same function or process as the one that is weighed.
    pub is_same: bool,
    /// The cores it works on, as far as they are known.
    pub cores: &'a [CoreId],
}

/// How near one is to a flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// For [`Party::proximity`](crate::flow::view::Party::proximity): half of it is to those who feed
    /// the flow, by their shares, as every item will come from them, and half to its owner.
    pub proximity: f64,
    /// To the one who feeds it most, who wrote what is not read yet; nothing where a core is not
    /// known, and it matters.
    pub writer: Option<Distance>,
}

impl Topology {
    /// How near one who works on these cores is to those who feed a flow, and to its owner.
    pub fn nearness(
        &self,
        cores: &[CoreId],
        feeders: &[Neighbour<'_>],
        owner: Neighbour<'_>,
    ) -> Nearness {
        let known = |other: &Neighbour<'_>| match other.is_same {
            true => Some(Distance::Process),
            false => self.between(cores, other.cores),
        };
        let widest = self.widest();
        let number = |other: &Neighbour<'_>| known(other).unwrap_or(widest).proximity();
        let shares: f64 = feeders.iter().map(|one| one.share).sum();
        let owned = number(&owner);
        let fed = match shares > 0.0 {
            true => feeders.iter().map(|one| one.share * number(one)).sum::<f64>() / shares,
            false => owned,
        };
        let most = feeders.iter().max_by(|a, b| a.share.total_cmp(&b.share));
        let writer = most.and_then(known).or_else(|| Some(widest).filter(|it| it.shares_cache()));
        Nearness { proximity: f64::midpoint(fed, owned), writer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two memory nodes, two last caches on the first, and two cores beside each second cache.
    fn machine() -> Topology {
        let spot = |core: u32| Spot {
            core: CoreId(core),
            second_cache: core / 2,
            last_cache: core / 4,
            memory: core / 8,
        };
        Topology::new((0..16).map(spot))
    }

    #[test]
    fn distances_are_by_what_cores_share() {
        let machine = machine();
        let cores = |list: &[u32]| -> Vec<CoreId> { list.iter().copied().map(CoreId).collect() };
        for (these, those, expected) in [
            (&[0][..], &[0][..], Some(Distance::Core)),
            (&[0], &[1], Some(Distance::Core)),
            (&[0], &[2], Some(Distance::Cache)),
            (&[0], &[5], Some(Distance::Memory)),
            (&[0], &[9], Some(Distance::Machine)),
            (&[0, 9], &[8, 5], Some(Distance::Core)),
            (&[0], &[], None),
            (&[99], &[0], None),
        ] {
            let between = machine.between(&cores(these), &cores(those));
            assert_eq!(between, expected, "{these:?} {those:?}");
        }
        assert_eq!(machine.widest(), Distance::Machine);
        let small = Topology::new(machine.spots.into_values().take(4));
        assert_eq!(small.widest(), Distance::Cache);
        assert_eq!(Topology::default().widest(), Distance::Machine, "nobody says");
    }

    #[test]
    fn who_feeds_a_flow_and_who_owns_it_count_alike() {
        let machine = machine();
        let (here, far) = ([CoreId(0)], [CoreId(9)]);
        let other = |share, cores| Neighbour { share, is_same: false, cores };
        let owner = other(0.0, &far);
        let check = |feeders: &[Neighbour<'_>], proximity: f64, writer| {
            let nearness = machine.nearness(&here, feeders, owner);
            assert!((nearness.proximity - proximity).abs() < 1e-9, "{feeders:?}: {nearness:?}");
            assert_eq!(nearness.writer, writer, "{feeders:?}");
        };
        check(&[other(1.0, &here)], f64::midpoint(0.9, 0.4), Some(Distance::Core));
        check(&[other(1.0, &far)], 0.4, Some(Distance::Machine));
        check(&[other(0.75, &here), other(0.25, &far)], 0.5875, Some(Distance::Core));
        // Where nothing is known of those who feed it, they are as far as can be.
        check(&[other(1.0, &[])], 0.4, None);
        check(&[], 0.4, None);
        check(
            &[Neighbour { is_same: true, ..other(1.0, &[]) }],
            f64::midpoint(1.0, 0.4),
            Some(Distance::Process),
        );
    }

    #[test]
    fn other_nodes_are_farther_than_all_here_and_their_nearness_leads_back_to_the_way() {
        for ms in [0, 1, 9, 80] {
            let way = Span::from_millis(ms);
            assert!(abroad(way) < Distance::Machine.proximity(), "{ms}");
            let back = round_trip(abroad(way)).millis_f64();
            assert!((back - ms as f64).abs() < 1e-6, "{ms}: {back}");
        }
        assert_eq!((abroad(Span::ZERO), abroad(Span::from_millis(1))), (0.3, 0.15));
        assert_eq!(round_trip(0.0), Span::FOREVER);
    }

    #[test]
    fn numbers_lead_back_to_distances() {
        for distance in Distance::ALL {
            assert_eq!(Distance::of(distance.proximity()), distance);
        }
        assert_eq!(Distance::of(0.7), Distance::Memory);
        assert_eq!(Distance::of(0.0), Distance::Machine);
    }
}
