//! Sites come and go, workloads appear and end, modes and rules change.

use crate::council::member::{MEMBERS_MAX, Member, NAME_BYTES_MAX};
use crate::council::refusal::Refusal;
use crate::council::rules::{Counting, Rules};
use crate::council::state::State;
use crate::council::words::{Criticality, Epoch, Loads, Metric, Mode, WorkloadId};
use crate::council::workload::{Authority, WORKLOADS_MAX, Workload};
use crate::ids::SiteId;
use crate::time::Instant;

/// The most sites that left and are remembered.
const FORMER_MAX: usize = 256;

/// A site becomes a member, or its capacity changes. One that comes back has the record it
/// left with, and bears what it bore until it says otherwise itself: else whoever dismisses it and
/// admits it again could change its words.
pub fn on_admit(
    state: &mut State,
    by: SiteId,
    site: SiteId,
    capacity: Loads,
) -> Result<(), Refusal> {
    if capacity.of(Metric::Cpu) == 0 {
        return Err(Refusal::OutOfRange("a site without processors bears nothing"));
    }
    if let Some(member) = state.members.get_mut(&site) {
        member.capacity = capacity;
        return Ok(());
    }
    if state.members.len() >= MEMBERS_MAX {
        return Err(Refusal::TooMany("sites"));
    }
    let former = state.former.remove(&site);
    let known = former.as_ref().filter(|_| by != site && state.rules.saves_words());
    let capacity = known.map_or(capacity, |former| former.capacity);
    let member = former.unwrap_or_else(|| Member::new(capacity));
    state.members.insert(site, Member { capacity, ..member });
    Ok(())
}

/// A member is introduced: what people call it, and by which number it is known again. Nobody else
/// takes its place while it is a member, and what it is called only it changes, even once it has left.
pub fn on_introduce(
    state: &mut State,
    by: SiteId,
    site: SiteId,
    name: &str,
    lot: u64,
) -> Result<(), Refusal> {
    let saves_words = state.rules.saves_words();
    let member = state.members.get_mut(&site).ok_or(Refusal::NotMember(site))?;
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Refusal::OutOfRange("the name of a site has 1 to 255 bytes"));
    }
    if member.lot.is_some_and(|known| known != lot) {
        return Err(Refusal::AnotherJoined(site));
    }
    if saves_words && by != site && !member.name.is_empty() && member.name != name {
        return Err(Refusal::NotItsWord(site));
    }
    (member.name, member.lot) = (name.to_string(), Some(lot));
    Ok(())
}

/// A site leaves: it holds nothing any more and takes part in nothing.
pub fn on_dismiss(state: &mut State, site: SiteId) -> Result<(), Refusal> {
    if !state.members.contains_key(&site) {
        return Err(Refusal::NotMember(site));
    }
    if state.members.len() == 1 {
        return Err(Refusal::LastSite);
    }
    let held = state.workloads.iter().find(|(_, workload)| workload.authority.holder == site);
    if let Some((workload, _)) = held {
        return Err(Refusal::StillHolds(site, *workload));
    }
    let part = state.open.iter().find(|(_, proposal)| {
        proposal.filing.source == site || proposal.filing.destination == site
    });
    if let Some((proposal, _)) = part {
        return Err(Refusal::StillParty(site, *proposal));
    }
    if let Some(mut member) = state.members.remove(&site) {
        // Its name stays with what it did; its place is free.
        member.lot = None;
        member.dismissed = state.index;
        if state.former.len() >= FORMER_MAX
            && let Some((forgotten, of)) = state.former.pop_first()
        {
            state.forgotten = state.forgotten.max(of.dismissed);
            state.ledger.forget(forgotten);
            state.weighed.forget(forgotten);
            state.early.ledger.forget(forgotten);
            state.early.weighed.forget(forgotten);
        }
        state.former.insert(site, member);
    }
    state.book.forget_site(site);
    state.early.forget_site(site);
    state.ways.forget(site);
    state.maintenance.forget_site(site);
    Ok(())
}

/// A workload exists at a site, or is other than it was.
pub fn on_register(
    state: &mut State,
    by: SiteId,
    id: WorkloadId,
    criticality: Criticality,
    demand: Loads,
) -> Result<(), Refusal> {
    if demand == Loads::default() {
        return Err(Refusal::OutOfRange("a workload takes something"));
    }
    if let Some(workload) = state.workloads.get_mut(&id) {
        let holder = workload.authority.holder;
        if holder != by {
            return Err(Refusal::NotHolder { workload: id, holder });
        }
        (workload.criticality, workload.demand) = (criticality, demand);
        return Ok(());
    }
    if state.workloads.len() >= WORKLOADS_MAX {
        return Err(Refusal::TooMany("workloads"));
    }
    state.epoch = Epoch(state.epoch.0 + 1);
    let lease_until = state.now + state.rules.lease;
    let authority = Authority { holder: by, epoch: state.epoch, lease_until, former: None };
    let rests_until = Instant::ZERO;
    let workload = Workload { criticality, demand, mode: None, authority, rests_until };
    state.workloads.insert(id, workload);
    Ok(())
}

/// A workload is no more.
pub fn on_retire(state: &mut State, by: SiteId, id: WorkloadId) -> Result<(), Refusal> {
    let workload = state.workloads.get(&id).ok_or(Refusal::UnknownWorkload(id))?;
    let holder = workload.authority.holder;
    // What nobody can take over any more is forgotten by whoever is left.
    let is_lost = workload.authority.lease_until <= state.now && state.rules.tries_again();
    if holder != by && !is_lost {
        return Err(Refusal::NotHolder { workload: id, holder });
    }
    if let Some(proposal) = state.transit(id) {
        return Err(Refusal::InTransit(id, proposal));
    }
    state.workloads.remove(&id);
    Ok(())
}

/// Whether anything moves, everywhere or for one workload.
pub fn on_mode(state: &mut State, workload: Option<WorkloadId>, mode: Mode) -> Result<(), Refusal> {
    match workload {
        None => state.mode = mode,
        Some(id) => {
            let workload = state.workloads.get_mut(&id).ok_or(Refusal::UnknownWorkload(id))?;
            workload.mode = Some(mode);
        }
    }
    Ok(())
}

/// A workload goes by the mode of all again.
pub fn on_inherit(state: &mut State, id: WorkloadId) -> Result<(), Refusal> {
    let workload = state.workloads.get_mut(&id).ok_or(Refusal::UnknownWorkload(id))?;
    workload.mode = None;
    Ok(())
}

/// Other rules hold from here on. The length of a slot stays: what is in the book is
/// counted in it.
pub fn on_rules(state: &mut State, rules: &Rules) -> Result<(), Refusal> {
    if let Some(problem) = rules.problem() {
        return Err(Refusal::BadRules(problem));
    }
    let compares = |rules: &Rules| matches!(rules.counting, Counting::Founding(_));
    if compares(rules) && !compares(&state.rules) {
        return Err(Refusal::BadRules("votes as the founding pseudocode counts them move nothing"));
    }
    if rules.slot != state.rules.slot && !state.members.is_empty() {
        return Err(Refusal::BadRules("the length of a slot cannot change"));
    }
    state.rules = *rules;
    Ok(())
}
