//! What a site announces of its own maintenance: said in the log as windows, and heeded in time.
//!
//! Maintenance is an occasion whose effect is `unmeasured`, or unsaid and its kind `maintenance`, one
//! of whose patterns names the site (`site/oslo`), which then is down, or one of its nodes
//! (`site/oslo/attic`), without which it bears so much less. Before a site is down, all that it has leaves.

use std::collections::BTreeSet;
use std::ops::Range;

use swell_core::council::arrival::expected;
use swell_core::council::entry::Command;
use swell_core::council::maintenance::{WINDOWS_MAX, Window};
use swell_core::council::proposal::{Cause, Filing, Rollback};
use swell_core::council::propose::Temper;
use swell_core::council::state::State;
use swell_core::council::together::Joined;
use swell_core::council::words::{Slot, WHOLE_PPM};
use swell_core::ids::SiteId;
use swell_core::time::Span;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::plan::plan;

use crate::announced::SITE;
use crate::board::Board;
use crate::evacuation::{AT_A_TIME, Evacuation, Stranded};
use crate::heeded::is_of_site;
use crate::monitor::Monitor;

/// Windows that begin within so long are said, however long a slot is; so many times as far is looked
/// before and after now, so that a window is told with its true ends.
const AHEAD: Span = Span::from_mins(2 * 24 * 60);
const LOOKED: u64 = 5;

/// What a site says of its maintenance, if that is news.
pub fn statement(state: &State, me: SiteId, own: &Board) -> Option<Command> {
    if !state.rules.saves_first() {
        return None;
    }
    let (now, reach) = (state.slot(), AHEAD.nanos() / state.rules.slot.nanos().max(1));
    let slots = now.minus(reach * LOOKED)..now.plus(reach * LOOKED);
    let mut windows = windows(own, slots, state.rules.slot);
    let is_coming = |of: &Window| of.until > now;
    windows.retain(|of| is_coming(of) && of.from <= now.plus(reach));
    windows.truncate(WINDOWS_MAX);
    let known = state.maintenance.of(me).iter().copied().filter(is_coming);
    let is_known = known.eq(windows.iter().copied());
    (!is_known).then_some(Command::Maintain { windows })
}

/// When a site has less than all of what it bears in some slots, by its board; in order.
fn windows(board: &Board, slots: Range<Slot>, length: Span) -> Vec<Window> {
    let occasions: Vec<Occasion> =
        board.occasions.iter().filter(|one| is_of_site(one)).cloned().collect();
    if occasions.is_empty() {
        return Vec::new();
    }
    let whole = format!("{SITE}{}", board.contact.name);
    // What a node that is lost bore is not counted in what the site bears.
    let nodes: Vec<_> = board.nodes.iter().filter(|node| node.is_there).collect();
    let all: u64 = nodes.iter().map(|node| node.cpu_milli).sum();
    let part = |milli: u64| (milli * u64::from(WHOLE_PPM)).checked_div(all).unwrap_or(0) as u32;
    let parts: Vec<u32> =
        std::iter::once(WHOLE_PPM).chain(nodes.iter().map(|node| part(node.cpu_milli))).collect();
    let of_nodes = nodes.iter().map(|node| format!("{whole}/{}", node.name));
    let names: Vec<String> = std::iter::once(whole.clone()).chain(of_nodes).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let step_ms = (length.nanos() / 1_000_000).max(1);
    let grid = Grid { first_ms: slots.start.begin(length).nanos() / 1_000_000, step_ms };
    let occurrences = plan(&occasions, grid, (slots.end.0 - slots.start.0) as usize, &names);
    let occurrences = occurrences.occurrences;
    let ends = occurrences.iter().flat_map(|one| [one.steps.start, one.steps.end]);
    let ends: BTreeSet<usize> = ends.collect();
    let mut windows: Vec<Window> = Vec::new();
    for (from, until) in ends.iter().zip(ends.iter().skip(1)) {
        let during = occurrences.iter().filter(|one| one.steps.contains(from));
        let gone: BTreeSet<usize> = during.flat_map(|one| one.members.iter().copied()).collect();
        let gone = gone.iter().map(|member| parts[*member]).fold(0, u32::saturating_add);
        let left_ppm = WHOLE_PPM.saturating_sub(gone);
        let slot = |step: &usize| slots.start.plus(*step as u64);
        let window = Window { from: slot(from), until: slot(until), left_ppm };
        match windows.last_mut() {
            Some(last) if (last.until, last.left_ppm) == (window.from, left_ppm) => {
                last.until = window.until;
            }
            _ if left_ppm < WHOLE_PPM => windows.push(window),
            _ => {}
        }
    }
    windows
}

/// How a site is emptied that will be down soon, or is said to be by now; nothing while there is
/// time. All of it takes as long as moves do, a few at a time.
fn evacuation(state: &State, me: SiteId, temper: &Temper) -> Option<Evacuation> {
    let window = state.maintenance.next_down(me, state.slot())?;
    let held = state.workloads.values().filter(|of| of.authority.holder == me).count();
    let length = state.rules.slot.nanos().max(1);
    let takes = expected(state).nanos().div_ceil(length).max(1);
    let lead = temper.ahead_slots + takes * held.div_ceil(AT_A_TIME) as u64;
    let lead = lead.min(state.rules.deadline.nanos() / length);
    (window.from <= state.slot().plus(lead)).then_some(Evacuation {
        source: me,
        cause: Cause::Maintenance { slot: window.from },
        rollback: Rollback::ToSource,
        window_slots: temper.window_slots,
    })
}

/// What a site proposes before it is down.
pub fn proposals(
    (state, joined): (&State, &Joined),
    me: SiteId,
    is_there: &dyn Fn(SiteId) -> bool,
    temper: &Temper,
) -> Vec<Filing> {
    let evacuation = evacuation(state, me, temper);
    evacuation.map_or_else(Vec::new, |of| of.filings((state, joined), &|_| true, is_there))
}

/// What has nowhere to go before a site is down.
pub fn stranded(
    state: &State,
    me: SiteId,
    is_there: &dyn Fn(SiteId) -> bool,
    temper: &Temper,
) -> Vec<Stranded> {
    let evacuation = evacuation(state, me, temper);
    evacuation.map_or_else(Vec::new, |of| of.stranded(state, &|_| true, is_there))
}

/// The chance that a site fails in the next slot: by how it fared, and for sure where it will be
/// down for maintenance.
pub fn chance_of_failure(state: &State, monitor: &Monitor, site: SiteId) -> f32 {
    let is_down = state.maintenance.is_down(site, state.slot().plus(1));
    if is_down { 1.0 } else { monitor.chance_of_failure(site) }
}

#[cfg(test)]
mod tests {
    use swell_core::council::rules::Rules;
    use swell_core::council::words::{Criticality, Loads, WorkloadId};
    use swell_core::time::Instant;
    use swell_forecast::calendar::announced::Announced;

    use super::*;
    use crate::board::{Contact, NodeCard};
    use crate::saying::say;
    use crate::sums::Reading;
    use crate::temper::TEMPER;

    const ME: SiteId = SiteId(1);

    fn occasion(id: &str, minutes: Range<u64>, pattern: &str, effect: Announced) -> Occasion {
        Occasion {
            id: id.to_string(),
            kind: "maintenance".to_string(),
            start_ms: minutes.start * 60_000,
            end_ms: minutes.end * 60_000,
            functions: vec![pattern.to_string()],
            effect,
            ..Occasion::default()
        }
    }

    fn board(occasions: Vec<Occasion>) -> Board {
        let [gateway, state, resource] = [(); 3].map(|()| String::new());
        let node = |name: &str, is_there, cpu_milli| NodeCard {
            name: name.to_string(),
            is_there,
            cpu_milli,
            used_milli: 0,
        };
        Board {
            contact: Contact { name: "oslo".to_string(), gateway, state, resource, flow: None },
            cards: Default::default(),
            reading: Reading::default(),
            contacts: Vec::new(),
            passed: Default::default(),
            occasions,
            nodes: vec![
                node("hall", true, 6_000),
                node("attic", true, 2_000),
                node("shed", false, 9),
            ],
        }
    }

    #[test]
    fn of_a_site_that_is_maintained_nothing_is_left_and_of_one_without_a_node_a_part() {
        let (down, busy) = (Announced::Unmeasured, Announced::Times(2.0));
        let board = board(vec![
            occasion("night", 120..180, "site/oslo", down),
            occasion("attic", 100..130, "site/oslo/attic", down),
            occasion("cellar", 40..50, "site/oslo", Announced::Unknown),
            occasion("shed", 60..90, "site/oslo/shed", down),
            occasion("lima", 60..90, "site/lima", down),
            occasion("shop", 60..90, "*", down),
            occasion("sale", 60..90, "site/oslo", busy),
            occasion("both", 175..200, "site/oslo/*", down),
        ]);
        let found = windows(&board, Slot(10)..Slot(1_000), Span::from_mins(1));
        let found: Vec<_> = found.iter().map(|of| (of.from.0, of.until.0, of.left_ppm)).collect();
        assert_eq!(found, [(40, 50, 0), (100, 120, 750_000), (120, 200, 0)]);
    }

    /// Three sites, the first with nine workloads, at minute 1,000 of slots of two.
    fn state() -> State {
        let mut state = State::new(Rules::with_slot(Span::from_mins(2)));
        for site in 1..=3 {
            say(&mut state, 1, Command::Admit { site: SiteId(site), capacity: Loads::cpu(1_000) });
        }
        say(&mut state, 1, Command::Tick { at: Instant::ZERO + Span::from_mins(1_000) });
        for workload in (0..9).map(WorkloadId) {
            let (criticality, demand) = (Criticality::Normal, Loads::cpu(60));
            say(&mut state, 1, Command::Register { workload, criticality, demand });
        }
        state
    }

    #[test]
    fn a_site_says_once_when_it_will_be_down_and_is_emptied_before() {
        let mut state = state();
        let board =
            board(vec![occasion("night", 1_100..1_160, "site/oslo", Announced::Unmeasured)]);
        let alone = Joined::default();
        let of = |state: &State| proposals((state, &alone), ME, &|_| true, &TEMPER);
        let told = statement(&state, ME, &board).expect("it is news");
        say(&mut state, 1, told);
        assert_eq!(statement(&state, ME, &board), None, "it was said");
        assert!(of(&state).is_empty(), "there is time");
        // Nine workloads take three rounds of a slot each, besides six slots.
        for at in [1_060, 1_082] {
            say(&mut state, 1, Command::Tick { at: Instant::ZERO + Span::from_mins(at) });
        }
        let filings = of(&state);
        assert_eq!(filings.len(), AT_A_TIME);
        for filing in &filings {
            assert_eq!(filing.cause, Cause::Maintenance { slot: Slot(550) });
            assert_eq!(filing.deadline, Instant::ZERO + Span::from_mins(1_098), "a slot before");
            say(&mut state, 1, Command::Propose(Box::new(filing.clone())));
        }
        assert!(of(&state).iter().all(|filing| !filings.contains(filing)), "others are next");
        assert_eq!(proposals((&state, &alone), SiteId(2), &|_| true, &TEMPER), []);
        // Nobody goes to where nothing is left, and once it is over all is as before.
        let mut back = filings[0].clone();
        (back.source, back.destination, back.cause) = (SiteId(2), ME, Cause::Order);
        let refused = swell_core::council::room::has_room(&state, &back);
        assert!(refused.is_err_and(|why| why.to_string().contains("maintenance")));
        let again = 1_100 + 4 * 1_440..1_160 + 4 * 1_440;
        let far = occasion("far", again, "site/oslo", Announced::Unmeasured);
        let near = board.occasions[0].clone();
        assert_eq!(statement(&state, ME, &self::board(vec![near, far])), None, "it is not near");
        let called_off = self::board(Vec::new());
        let told = statement(&state, ME, &called_off).expect("it is news");
        say(&mut state, 1, told);
        assert!(of(&state).is_empty(), "it was called off");
    }

    #[test]
    fn who_will_be_down_fails_for_sure() {
        let mut state = state();
        let monitor = Monitor::new(&state.rules, crate::methods::Method::default());
        let chance = |state: &State| chance_of_failure(state, &monitor, ME);
        assert!(chance(&state) < 0.1);
        let from = state.slot().plus(1);
        let windows = vec![Window { from, until: from.plus(3), left_ppm: 0 }];
        say(&mut state, 1, Command::Maintain { windows });
        assert_eq!(chance(&state), 1.0);
        assert!(chance_of_failure(&state, &monitor, SiteId(2)) < 0.1);
    }
}
