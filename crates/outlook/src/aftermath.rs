//! While it is looked whether a move helped: do its callers fare worse, and was it in vain?
//!
//! The log checks how full sites are. How calls fare is no metric of sites, and of what a workload
//! takes the log knows what its holder expects. Both parties look at both, and either one asks for
//! the end of a move whose calls fail or linger, or that took nearly nothing off its source.

use std::ops::Range;

use swell_core::council::entry::{Command, News};
use swell_core::council::movement::Phase;
use swell_core::council::proposal::{Cause, Filing, Trouble};
use swell_core::council::relief::Relief;
use swell_core::council::state::{Proposal, State};
use swell_core::council::words::{ProposalId, Slot};
use swell_core::ids::SiteId;

use crate::history::Source;
use crate::monitor::Monitor;
use crate::quantiles::share_ppm;

/// Slots before a move by which calls during its check are judged.
const BEFORE_SLOTS: u64 = 12;

/// What a party says of the moves that made calls worse.
pub fn complaints(state: &State, monitor: &Monitor, me: SiteId) -> Vec<Command> {
    let open = state.open.iter();
    open.filter_map(|(id, proposal)| complaint((state, monitor, me), *id, proposal)).collect()
}

fn complaint(
    (state, monitor, me): (&State, &Monitor, SiteId),
    id: ProposalId,
    proposal: &Proposal,
) -> Option<Command> {
    let (filing, movement) = (&proposal.filing, proposal.movement?);
    let Phase::Watching { from, until } = movement.phase else { return None };
    if ![filing.source, filing.destination].contains(&me) || !movement.has_source() {
        return None;
    }
    let handed_over = proposal.passed.iter().find(|step| step.phase == Phase::Shifting(0))?;
    let handed_over = Slot::of(handed_over.at, state.rules.slot);
    let before = handed_over.minus(BEFORE_SLOTS)..handed_over;
    let worse =
        |workload| monitor.quality().worse(workload, before.clone(), from..monitor.slot().plus(1));
    let trouble = filing.workloads.keys().find_map(|workload| worse(*workload));
    let in_vain = || is_in_vain(state, monitor, filing, from..until).then_some(Trouble::DidNotHelp);
    let trouble = trouble.or_else(in_vain)?;
    let news = News::Trouble(trouble);
    Some(Command::Report { proposal: id, epoch: movement.epoch, news, why: None })
}

/// Whether the slots of a check are over, the source was overloaded in them, and would not have been
/// clearly more so with what left it.
fn is_in_vain(state: &State, monitor: &Monitor, filing: &Filing, check: Range<Slot>) -> bool {
    let (Cause::Overload { metric, .. }, true) = (filing.cause, state.rules.compares()) else {
        return false;
    };
    let Some(member) = state.members.get(&filing.source) else { return false };
    if monitor.slot().plus(1) < check.end {
        return false;
    }
    let of = |source: Source, slot: Slot| {
        monitor.used(source, slot).map_or(0.0, |used| used[metric as usize])
    };
    let held = state.workloads.iter().filter(|(_, of)| of.authority.holder == filing.source);
    let held: Vec<Source> = held.map(|(id, _)| Source::Workload(*id)).collect();
    let (mut left, mut moved, mut slots) = (0.0f32, 0.0f32, 0.0f32);
    for slot in (check.start.0..check.end.0).map(Slot) {
        // A slot in which the source was not heard tells nothing.
        if monitor.used(Source::Rest(filing.source), slot).is_none() {
            continue;
        }
        let rest = [Source::Rest(filing.source)];
        left += rest.iter().chain(&held).map(|source| of(*source, slot)).sum::<f32>();
        moved += filing.workloads.keys().map(|id| of(Source::Workload(*id), slot)).sum::<f32>();
        slots += 1.0;
    }
    let share = |sum: f32| share_ppm(sum / slots.max(1.0), member.capacity.of(metric)).unwrap_or(0);
    let (peak_ppm, share_ppm, limit_ppm) =
        (share(left + moved), share(moved), state.rules.limit_ppm);
    let is_over = share(left) > limit_ppm;
    is_over && !Relief { peak_ppm, share_ppm, limit_ppm }.is_worth_it()
}

#[cfg(test)]
mod tests {
    use swell_core::council::entry::Entry;
    use swell_core::council::machine::apply;
    use swell_core::council::proposal::{Criterion, Rollback};
    use swell_core::council::rules::Rules;
    use swell_core::council::words::{Criticality, Loads, Metric};
    use swell_core::time::Instant;

    use super::*;
    use crate::board::{Board, Contact};
    use crate::methods::Method;
    use crate::naming::{site_id, workload_id};
    use crate::sums::{Reading, Sums};

    /// A board that tells of so much work since the last slot, in thousandths of a processor.
    fn board(site: &str, work: &[(&str, u64)], slot: u64, rules: &Rules) -> Board {
        let at_ms = Slot(slot).end(rules.slot).nanos() / 1_000_000;
        let text = String::new;
        let (name, gateway, state, resource) = (site.to_string(), text(), text(), text());
        let sums = |cpu: u64| Sums { cpu_us: cpu * at_ms, ..Sums::default() };
        let workloads = work.iter().map(|(name, cpu)| (name.to_string(), sums(*cpu))).collect();
        Board {
            contact: Contact { name, gateway, state, resource, flow: None },
            cards: Default::default(),
            reading: Reading { at_ms, workloads, ..Reading::default() },
            contacts: Vec::new(),
            passed: Default::default(),
            occasions: Vec::new(),
            nodes: Vec::new(),
        }
    }

    #[test]
    fn what_took_nearly_nothing_off_its_source_was_in_vain() {
        let rules = Rules::default();
        let (oslo, lima) = (site_id("oslo"), site_id("lima"));
        let mut state = State::new(rules);
        let mut say = |from: SiteId, command: Command| {
            let index = state.index + 1;
            let entry = Entry { from, incarnation: 1, sequence: index, command };
            apply(&mut state, index, &entry).expect("it is fine");
        };
        for site in [oslo, lima] {
            say(oslo, Command::Admit { site, capacity: Loads::cpu(1_000) });
        }
        say(oslo, Command::Tick { at: Instant::from_millis(1) });
        for (site, name) in [(oslo, "mail"), (lima, "shop")] {
            let (workload, demand) = (workload_id(name), Loads::cpu(300));
            let criticality = Criticality::Normal;
            say(site, Command::Register { workload, criticality, demand });
        }
        let (metric, slot) = (Metric::Cpu, Slot(12));
        let filing = Filing {
            workloads: [(workload_id("shop"), Default::default())].into(),
            source: oslo,
            destination: lima,
            deadline: Instant::from_millis(1),
            cause: Cause::Overload { metric, slot },
            criterion: Criterion { conditions: Vec::new(), window_slots: 2, samples_min: 1 },
            rollback: Rollback::ToSource,
        };
        // What is left at oslo, what left it, and whether that was in vain.
        for (left, moved, expected) in
            [(800, 1, false), (1_300, 100, false), (1_300, 30, true), (900, 30, false)]
        {
            let mut monitor = Monitor::new(&rules, Method::default());
            for slot in 10..14 {
                let oslo_board = board("oslo", &[("mail", left)], slot, &rules);
                let lima_board = board("lima", &[("shop", moved)], slot, &rules);
                let boards = [(oslo, Some(oslo_board)), (lima, Some(lima_board))].into();
                monitor.on_slot(Slot(slot), &boards, &[], &rules);
                let is_over = slot == 13;
                let is_told = is_in_vain(&state, &monitor, &filing, Slot(12)..Slot(14));
                assert_eq!(is_told, expected && is_over, "{left} {moved} in slot {slot}");
            }
        }
    }
}
