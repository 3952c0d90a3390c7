//! What becomes of workloads whose site is gone: who stood by proposes that another one takes
//! over, once gossip has lost the site and its leases have run out.

use swell_core::council::proposal::{Cause, Filing, Rollback};
use swell_core::council::propose::Temper;
use swell_core::council::state::State;
use swell_core::council::together::Joined;
use swell_core::council::workload::Workload;
use swell_core::ids::SiteId;

use crate::evacuation::{Evacuation, Stranded};

/// Who stands by for a site: the first after it in the circle of members that is there.
pub fn stand_in(state: &State, lost: SiteId, is_there: &dyn Fn(SiteId) -> bool) -> Option<SiteId> {
    let after = state.members.range(lost..).skip(1);
    let before = state.members.range(..lost);
    after.chain(before).map(|(site, _)| *site).find(|site| is_there(*site))
}

/// What a site proposes for those that are lost and that it stands in for.
pub fn proposals(
    (state, joined): (&State, &Joined),
    me: SiteId,
    is_there: &dyn Fn(SiteId) -> bool,
    temper: &Temper,
) -> Vec<Filing> {
    let is_orphan = |of: &Workload| of.authority.lease_until <= state.now;
    let ours = ours(state, me, is_there, temper);
    ours.flat_map(|of| of.filings((state, joined), &is_orphan, is_there)).collect()
}

/// What nobody has room for of those that are lost and that it stands in for.
pub fn stranded(
    state: &State,
    me: SiteId,
    is_there: &dyn Fn(SiteId) -> bool,
    temper: &Temper,
) -> Vec<Stranded> {
    let is_orphan = |of: &Workload| of.authority.lease_until <= state.now;
    let ours = ours(state, me, is_there, temper);
    ours.flat_map(|of| of.stranded(state, &is_orphan, is_there)).collect()
}

fn ours<'a>(
    state: &'a State,
    me: SiteId,
    is_there: &'a dyn Fn(SiteId) -> bool,
    temper: &'a Temper,
) -> impl Iterator<Item = Evacuation> + 'a {
    let lost = state.members.keys().copied().filter(move |site| *site != me && !is_there(*site));
    let ours = lost.filter(move |site| stand_in(state, *site, is_there) == Some(me));
    ours.map(|source| Evacuation {
        source,
        cause: Cause::SourceLost,
        // There is nowhere to take it back to.
        rollback: Rollback::Stay,
        window_slots: temper.window_slots,
    })
}

#[cfg(test)]
mod tests {
    use swell_core::council::entry::Command;
    use swell_core::council::rules::Rules;
    use swell_core::council::words::{Criticality, Loads, WorkloadId};
    use swell_core::time::{Instant, Span};

    use super::*;
    use crate::saying::say;
    use crate::temper::TEMPER;

    #[test]
    fn who_stands_by_proposes_once_the_lease_is_over_and_nobody_else_does() {
        let mut state = State::new(Rules::default());
        for site in 1..=3 {
            say(&mut state, 1, Command::Admit { site: SiteId(site), capacity: Loads::cpu(1_000) });
        }
        let begin = Instant::from_millis(1_000_000);
        say(&mut state, 1, Command::Tick { at: begin });
        let (workload, demand) = (WorkloadId(7), Loads::cpu(100));
        let register = Command::Register { workload, criticality: Criticality::Normal, demand };
        say(&mut state, 2, register);
        let temper = TEMPER;
        let is_there = |site: SiteId| site != SiteId(2);
        let alone = Joined::default();
        let of = |state: &State, me| proposals((state, &alone), SiteId(me), &is_there, &temper);
        assert!(of(&state, 3).is_empty(), "its lease runs");
        let mut at = begin;
        while state.workloads[&workload].authority.lease_until > state.now {
            at = at + Span::from_secs(10);
            say(&mut state, 1, Command::Tick { at });
        }
        assert!(of(&state, 1).is_empty(), "another one stands by");
        let filings = of(&state, 3);
        let [filing] = &filings[..] else { panic!("one workload: {filings:?}") };
        assert_eq!((filing.source, filing.cause), (SiteId(2), Cause::SourceLost));
        say(&mut state, 3, Command::Propose(Box::new(filing.clone())));
        assert!(of(&state, 3).is_empty(), "it is proposed already");
        let nobody = proposals((&state, &alone), SiteId(3), &|_| true, &temper);
        assert!(nobody.is_empty(), "everybody is there");
    }
}
