//! What moves that were approved in shadow mode would have saved and cost, judged by what then
//! really happened.
//!
//! The slots since then are lived once more with those moves: what each workload took is known by
//! slot wherever it ran, so a site's load without a workload, or with one more, is a sum. A move
//! counts from the slot after its approval; one that its own criterion would have taken back is
//! taken back here too. What such a cluster would have proposed next is not invented: a move stays
//! until its workload really moves. One away from a site that is lost, or will be, is judged by
//! whether that was not there: calls that came meanwhile were served nowhere.

use std::collections::BTreeMap;

use swell_core::council::proposal::{Cause, Condition, Filing, Outcome, Rollback};
use swell_core::council::relief::Relief;
use swell_core::council::state::{Ended, State};
use swell_core::council::words::{Metric, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;

use swell_outlook::monitor::Monitor;

use crate::past::{Fills, Past};

/// Slots above the limit and the fullest one, in parts per million of a capacity: as it came, and
/// as it would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fill {
    /// Slots in which any metric was above the limit.
    pub came: u64,
    /// The same with the moves.
    pub would: u64,
    /// The fullest slot, by the fullest metric.
    pub peak_came_ppm: u32,
    /// The same with the moves.
    pub peak_would_ppm: u32,
}

/// What a move would have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The slots of its check are not over.
    Pending,
    /// Its workload would have been gone already.
    Repeated,
    /// Too little was measured to tell.
    Unknown,
    /// The source was not overloaded, even without it; or it was there, if that was the question.
    Needless,
    /// It would have relieved the source of more than it brought upon the destination, or have served
    /// what was served nowhere.
    Helped,
    /// It would have brought upon the destination what it took from the source, or more.
    Harmful,
    /// Its criterion would not have been met, so it would have been taken back.
    TakenBack,
}

/// A move that was approved in shadow mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub proposal: ProposalId,
    /// When it was approved.
    pub at: Instant,
    /// What it would have come to.
    pub verdict: Verdict,
    /// Slots that were measured, from its approval until it is judged.
    pub slots: u64,
    /// Of these, those in which the source was not there, where that is why it would have moved.
    pub lost_slots: u64,
    /// About how many calls came in them, as many as before, that would have been served.
    pub lost_calls: u64,
    /// The source in them.
    pub source: Fill,
    /// The destination in them.
    pub destination: Fill,
}

/// What all moves together would have come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The first slot that it speaks of, and that was measured.
    pub from: Slot,
    /// The last.
    pub until: Slot,
    /// Slots of these that were measured.
    pub slots: u64,
    /// The moves, the oldest first.
    pub moves: Vec<Judged>,
    /// The sites.
    pub sites: BTreeMap<SiteId, Fill>,
    /// MiB times slots that two sites would have held while a move was checked.
    pub held_twice_mib_slots: u64,
}

/// A move while it is judged.
struct Trial<'a> {
    filing: &'a Filing,
    judged: Judged,
    /// The slot in which it has arrived, and the first that counts neither for its criterion nor
    /// for the overload that it was to prevent.
    arrived: Slot,
    until: Slot,
    /// For each condition, how full it would have been, and in how many slots.
    sums: Vec<Sum>,
}

/// Judges all moves that were approved in shadow mode, from a slot on.
pub fn receipt(state: &State, monitor: &Monitor, from: Slot) -> Receipt {
    let until = monitor.slot();
    let past = Past::new(state, monitor);
    let mut coming: Vec<(ProposalId, &Ended)> = state
        .ended
        .iter()
        .filter(|(_, ended)| {
            ended.outcome == Outcome::Shadow && Slot::of(ended.at, state.rules.slot) >= from
        })
        .map(|(id, ended)| (*id, ended))
        .collect();
    coming.sort_by_key(|(id, ended)| (ended.at, *id));
    let mut coming = coming.into_iter().peekable();
    let mut trials: Vec<Trial<'_>> = Vec::new();
    let mut gone: BTreeMap<WorkloadId, (SiteId, SiteId)> = BTreeMap::new();
    let mut told = Receipt {
        from,
        until,
        slots: 0,
        moves: Vec::new(),
        sites: BTreeMap::new(),
        held_twice_mib_slots: 0,
    };
    for slot in (from.0..=until.0).map(Slot) {
        gone.retain(|workload, (source, _)| past.holder(*workload, slot) == Some(*source));
        let has_come = |(_, ended): &(_, &Ended)| ended.at <= slot.begin(state.rules.slot);
        while let Some((id, ended)) = coming.next_if(has_come) {
            let trial = Trial::new(id, ended, slot, state, &past, &gone);
            if trial.judged.verdict == Verdict::Pending {
                let (from, to) = (trial.filing.source, trial.filing.destination);
                gone.extend(trial.filing.workloads.keys().map(|it| (*it, (from, to))));
            }
            trials.push(trial);
        }
        let Some((came, would)) = past.fills(slot, &gone) else { continue };
        if told.slots == 0 {
            told.from = slot;
        }
        told.slots += 1;
        for site in state.members.keys() {
            told.sites.entry(*site).or_default().count(state, *site, (&came, &would));
        }
        for trial in trials.iter_mut().filter(|trial| trial.judged.verdict == Verdict::Pending) {
            if slot < trial.checked() {
                let held = trial.filing.workloads.keys();
                told.held_twice_mib_slots += held.map(|it| past.memory(*it, slot)).sum::<u64>();
            }
            trial.count_lost(&past, slot);
            if trial.count(state, slot, (&came, &would)) == Verdict::TakenBack {
                gone.retain(|workload, _| !trial.filing.workloads.contains_key(workload));
            }
        }
    }
    // What was approved in the present slot arrives in the next.
    trials.extend(
        coming.map(|(id, ended)| Trial::new(id, ended, until.plus(1), state, &past, &gone)),
    );
    told.moves = trials.into_iter().map(|trial| trial.judged).collect();
    told
}

impl Fill {
    fn count(&mut self, state: &State, site: SiteId, (came, would): (&Fills, &Fills)) {
        let most = |of: &Fills| {
            let of_site = Metric::ALL.iter().filter_map(|metric| of.get(&(site, *metric)));
            of_site.copied().max().unwrap_or(0)
        };
        let (came, would) = (most(came), most(would));
        let limit = state.rules.limit_ppm;
        self.came += u64::from(came > limit);
        self.would += u64::from(would > limit);
        self.peak_came_ppm = self.peak_came_ppm.max(came);
        self.peak_would_ppm = self.peak_would_ppm.max(would);
    }
}

impl<'a> Trial<'a> {
    fn new(
        proposal: ProposalId,
        ended: &'a Ended,
        arrived: Slot,
        state: &State,
        past: &Past<'_>,
        gone: &BTreeMap<WorkloadId, (SiteId, SiteId)>,
    ) -> Self {
        let filing = &ended.proposal.filing;
        let is_there = |workload: &WorkloadId| {
            past.holder(*workload, arrived) == Some(filing.source) && !gone.contains_key(workload)
        };
        let is_new = filing.workloads.keys().all(is_there);
        let feared = match filing.cause {
            Cause::Overload { slot, .. } => slot.plus(1),
            Cause::Maintenance { slot } => slot.plus(filing.criterion.window_slots),
            _ => arrived,
        };
        let checked = arrived.plus(filing.criterion.window_slots);
        let judged = Judged {
            proposal,
            at: ended.at,
            verdict: if is_new { Verdict::Pending } else { Verdict::Repeated },
            slots: 0,
            lost_slots: 0,
            lost_calls: 0,
            source: Fill::default(),
            destination: Fill::default(),
        };
        let sums = vec![Sum::default(); filing.criterion.conditions.len()];
        let bound = state.rules.horizon_slots + filing.criterion.window_slots;
        let until = checked.max(feared).min(arrived.plus(bound));
        Self { filing, judged, arrived, until, sums }
    }

    /// The slot in which its check would have been over.
    fn checked(&self) -> Slot {
        self.arrived.plus(self.filing.criterion.window_slots)
    }

    /// Whether it is to serve what is not served where it is.
    fn is_rescue(&self) -> bool {
        matches!(self.filing.cause, Cause::SourceLost | Cause::Maintenance { .. })
    }

    fn count_lost(&mut self, past: &Past<'_>, slot: Slot) {
        if self.is_rescue() && past.is_lost(self.filing.source, slot) {
            self.judged.lost_slots += 1;
            self.judged.lost_calls += past.usual_calls(self.filing.workloads.keys());
        }
    }

    fn count(&mut self, state: &State, slot: Slot, fills: (&Fills, &Fills)) -> Verdict {
        self.judged.slots += 1;
        self.judged.source.count(state, self.filing.source, fills);
        self.judged.destination.count(state, self.filing.destination, fills);
        let criterion = &self.filing.criterion;
        if slot < self.checked() {
            for (condition, sum) in criterion.conditions.iter().zip(&mut self.sums) {
                let of = |fills: &Fills| fills.get(&(condition.site, condition.metric)).copied();
                if let (Some(came), Some(would)) = (of(fills.0), of(fills.1)) {
                    sum.came += u64::from(came);
                    sum.would += u64::from(would);
                    sum.slots += 1;
                }
            }
        }
        if slot.plus(1) == self.checked() && self.filing.rollback == Rollback::ToSource {
            let fails = |(condition, sum): (&Condition, &Sum)| {
                let is_source = condition.site == self.filing.source;
                let compares = is_source && state.rules.compares();
                sum.slots > 0 && !sum.is_fine(condition.at_most_ppm, compares)
            };
            if criterion.conditions.iter().zip(&self.sums).any(fails) {
                self.judged.verdict = Verdict::TakenBack;
            }
        }
        if slot.plus(1) >= self.until && self.judged.verdict == Verdict::Pending {
            self.judged.verdict = self.weighed();
        }
        self.judged.verdict
    }

    fn weighed(&self) -> Verdict {
        let (source, destination) = (self.judged.source, self.judged.destination);
        let saved = source.came.saturating_sub(source.would);
        let caused = destination.would.saturating_sub(destination.came);
        match (source.came, saved > caused) {
            _ if self.judged.slots < u64::from(self.filing.criterion.samples_min) => {
                Verdict::Unknown
            }
            _ if self.is_rescue() => match self.judged.lost_slots {
                0 => Verdict::Needless,
                lost if caused > lost => Verdict::Harmful,
                _ => Verdict::Helped,
            },
            (0, _) if caused == 0 => Verdict::Needless,
            (_, true) => Verdict::Helped,
            (_, false) => Verdict::Harmful,
        }
    }
}

/// How full a site was in the slots of a check, summed up, and would have been with the moves.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    came: u64,
    would: u64,
    slots: u64,
}

impl Sum {
    /// Whether it would have kept to a bar, or, where that counts, been clearly fuller without.
    fn is_fine(self, limit_ppm: u32, compares: bool) -> bool {
        let mean = |sum: u64| u32::try_from(sum / self.slots.max(1)).unwrap_or(u32::MAX);
        let (peak_ppm, would_ppm) = (mean(self.came), mean(self.would));
        let share_ppm = peak_ppm.saturating_sub(would_ppm);
        let relief = Relief { peak_ppm, share_ppm, limit_ppm };
        would_ppm <= limit_ppm || compares && relief.is_worth_it()
    }
}
