//! Which node of a site serves a call that arrived at one of them.

/// A node, as one that could serve a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fullness {
    /// Thousandths of a processor that it can bear; above zero.
    pub cpu_milli: u64,
    /// Calls that run or wait there.
    pub busy: u32,
    /// Whether the call would find memory.
    pub has_room: bool,
}

impl Fullness {
    /// Whether a processor is idle there.
    fn is_idle(&self) -> bool {
        self.has_room && u64::from(self.busy) * 1_000 < self.cpu_milli
    }

    /// Whether a call would find less ahead of it per processor than at another node.
    fn is_emptier(&self, other: &Self) -> bool {
        let load = |of: &Self, by: &Self| u128::from(of.busy) * u128::from(by.cpu_milli.max(1));
        load(self, other) < load(other, self)
    }
}

/// The place among `others` of the node that a call is passed to; none where it is served here:
/// while a processor is idle here, since no way is the shortest way, and where nobody has more room.
pub fn choose(here: Fullness, others: &[Fullness]) -> Option<usize> {
    if here.is_idle() {
        return None;
    }
    let mut best: Option<usize> = None;
    for (place, other) in others.iter().enumerate().filter(|(_, other)| other.has_room) {
        let least = best.map_or(&here, |best| &others[best]);
        let is_better = other.is_emptier(least) || (best.is_none() && !here.has_room);
        if is_better {
            best = Some(place);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(cpu_milli: u64, busy: u32) -> Fullness {
        Fullness { cpu_milli, busy, has_room: true }
    }

    #[test]
    fn a_call_goes_where_most_room_is() {
        let no_room = |of: Fullness| Fullness { has_room: false, ..of };
        for (here, others, expected) in [
            (node(1_000, 0), &[node(8_000, 0)][..], None),
            (node(1_000, 1), &[], None),
            (node(1_000, 1), &[node(1_000, 0)], Some(0)),
            (node(1_000, 1), &[node(1_000, 1)], None),
            (node(1_000, 3), &[node(1_000, 2), node(4_000, 4)], Some(1)),
            (node(2_000, 3), &[node(500, 1), node(1_000, 1)], Some(1)),
            (node(1_000, 5), &[no_room(node(1_000, 0))], None),
            (no_room(node(1_000, 0)), &[node(1_000, 2)], Some(0)),
            (no_room(node(1_000, 0)), &[node(1_000, 2), node(1_000, 1)], Some(1)),
        ] {
            assert_eq!(choose(here, others), expected, "{here:?} {others:?}");
        }
    }

    proptest! {
        /// Two nodes that know the same of each other never both pass a call to the other.
        #[test]
        fn nobody_passes_to_who_would_pass_back(
            one in (1..9_000u64, 0..40u32), other in (1..9_000u64, 0..40u32),
        ) {
            let (one, other) = (node(one.0, one.1), node(other.0, other.1));
            let goes = choose(one, &[other]).is_some();
            let comes = choose(other, &[one]).is_some();
            prop_assert!(!(goes && comes));
        }
    }
}
