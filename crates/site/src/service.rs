//! The loop of a site: with each entry of the log and each beat it looks what there is to do, and
//! begins it.
//!
//! Nothing is remembered of what was begun but that it is under way: what is to be done is read
//! off the state, so a site that restarts goes on where it was.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::{LogError, Look};
use swell_core::council::acting::is_waited_for;
use swell_core::council::entry::{Command, Entry, Message, Reason};
use swell_core::council::filing::foreseen;
use swell_core::council::judge::judge;
use swell_core::council::order::{Order, Task, held_warm, orders, runs};
use swell_core::council::proposal::Cause;
use swell_core::council::state::{Proposal, State};
use swell_core::council::words::{Epoch, Slot, WorkloadId};
use swell_core::ids::SiteId;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::errands::Errand;
use crate::settings::beat;
use crate::site::Site;
use crate::troubles::About;
use swell_outlook::view::View;

/// So many workloads are fetched from other sites at a time.
const STARTS_MAX: usize = 2;
/// How often the mover is told what to keep warm, while there is something.
const HOLD_AGAIN: Duration = Duration::from_secs(1);

/// What there is to do.
#[derive(Default)]
struct Agenda {
    slot: Slot,
    votes: Vec<(Message, Command)>,
    orders: Vec<Order>,
    held: BTreeSet<String>,
    releases: Vec<(WorkloadId, Epoch)>,
    is_lease_short: bool,
    /// What is said to who waits until this site acts no more.
    cedes: Option<Epoch>,
    /// Sites of whose workloads it is not known what they are called.
    unnamed: BTreeSet<SiteId>,
    /// What others have, of which this site may be the one that stands by.
    newcomers: Vec<(WorkloadId, SiteId)>,
}

impl Site {
    /// Lives until told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut applied = self.log.applied();
        let mut appended = self.log.appended();
        let mut beats = tokio::time::interval(beat(&self.log.look(|state| state.rules)));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return self.remember(),
                changed = applied.changed() => if changed.is_err() { return },
                new = appended.recv() => {
                    // Who hears too late votes when it is applied.
                    if let Ok(entry) = new {
                        self.vote_early(&entry);
                    }
                    continue;
                }
                _ = beats.tick() => {
                    self.tell_time();
                    self.begin_probing();
                }
            }
            self.act();
        }
    }

    /// The leader's clock, for all.
    fn tell_time(self: &Arc<Self>) {
        let leadership = *self.log.leadership().borrow();
        if !self
            .tenancy
            .may_tick(leadership, self.log.look(|state| (state.now, beat(&state.rules))))
        {
            return;
        }
        let Some(under_way) = self.errands.begin(Errand::Tick) else { return };
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            let at = (site.clock)();
            match site.say(Command::Tick { at }, site.settings.patience).await {
                // Whoever leads now tells it.
                Ok(_) | Err(LogError::NotLeader { .. } | LogError::TimedOut) => {}
                Err(error) => site.note(About::Log, &error.to_string()),
            }
        });
    }

    /// Begins whatever is to be done and is not under way.
    fn act(self: &Arc<Self>) {
        let agenda = self.log.look(|state| self.agenda(state));
        let mut last = self.slot.lock();
        if agenda.slot > *last {
            let is_first = *last == Slot(0);
            if is_first {
                // Half a slot has been seen, or less: nothing can be said of it.
                *last = agenda.slot;
                self.begin_claiming();
            } else if let Some(under_way) = self.errands.begin(Errand::Slot) {
                *last = agenda.slot;
                let (site, over) = (self.clone(), agenda.slot.minus(1));
                tokio::spawn(async move {
                    let _under_way = under_way;
                    site.on_slot(over).await;
                });
            }
        }
        drop(last);
        for (message, vote) in agenda.votes {
            self.begin_saying(Errand::Vote(message), vote);
        }
        for order in agenda.orders {
            // They are in the order of their priority: what matters most has the channel first.
            if order.task == Task::Start && self.errands.starts() >= STARTS_MAX {
                continue;
            }
            let errand = Errand::Step(order.proposal, order.epoch, order.task);
            let Some(under_way) = self.errands.begin(errand) else { continue };
            let site = self.clone();
            tokio::spawn(async move {
                let _under_way = under_way;
                site.carry_out(order).await;
            });
        }
        self.begin_holding(agenda.held);
        for (workload, epoch) in agenda.releases {
            let Some(under_way) = self.errands.begin(Errand::Release(workload)) else { continue };
            let site = self.clone();
            tokio::spawn(async move {
                let _under_way = under_way;
                site.release(workload, epoch).await;
            });
        }
        if agenda.is_lease_short {
            self.begin_renewing();
        }
        agenda.unnamed.into_iter().for_each(|site| self.begin_naming(site));
        self.begin_standing_by(agenda.newcomers);
        if let Some(upto) = agenda.cedes {
            self.begin_saying(Errand::Cede, Command::Cede { upto });
        }
    }

    /// Tells the mover what to keep warm: when that changes, and again while there is something, as
    /// functions come meanwhile.
    fn begin_holding(self: &Arc<Self>, held: BTreeSet<String>) {
        let (told, at) = self.held.lock().clone();
        let is_old = at.is_none_or(|at| at.elapsed() >= HOLD_AGAIN);
        if told == held && (held.is_empty() || !is_old) {
            return;
        }
        let Some(under_way) = self.errands.begin(Errand::Hold) else { return };
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            match site.mover.hold(&held).await {
                Ok(()) => *site.held.lock() = (held, Some(tokio::time::Instant::now())),
                // The next beat brings another try.
                Err(error) => tracing::warn!(%error, "what moves is not kept warm"),
            }
        });
    }

    /// Says that this site keeps what it holds; from when that was said it may count on it.
    fn begin_renewing(self: &Arc<Self>) {
        let Some(under_way) = self.errands.begin(Errand::Renew) else { return };
        let site = self.clone();
        let tenure = self.log.look(|state| self.tenancy.asked(state));
        tokio::spawn(async move {
            let _under_way = under_way;
            match site.say(Command::Renew, site.settings.patience).await {
                Ok(decided) if decided.outcome.is_ok() => site.tenancy.begin(tenure),
                Ok(_) | Err(LogError::TimedOut) => {}
                Err(error) => site.note(About::Log, &error.to_string()),
            }
        });
    }

    fn begin_saying(self: &Arc<Self>, errand: Errand, command: Command) {
        let Some(under_way) = self.errands.begin(errand) else { return };
        let site = self.clone();
        tokio::spawn(async move {
            let _under_way = under_way;
            match site.say(command, site.settings.patience).await {
                Ok(_) | Err(LogError::TimedOut) => {}
                Err(error) => site.note(About::Log, &error.to_string()),
            }
        });
    }

    fn agenda(&self, state: &State) -> Agenda {
        self.reroute(state);
        self.tenancy.see(state);
        if !state.members.contains_key(&self.me) {
            return Agenda::default();
        }
        let is_lease_short = self.tenancy.is_renewal_due(state, self.me);
        let kept = self.kept.lock();
        let left = kept.ours().iter().filter(|id| !runs(state, self.me, **id));
        let releases = left.filter_map(|id| Some((*id, state.workloads.get(id)?.authority.epoch)));
        Agenda {
            slot: state.slot(),
            votes: self.votes(state),
            orders: orders(state, self.me),
            held: self.held_by_name(state),
            releases: releases.collect(),
            is_lease_short,
            cedes: is_waited_for(state, self.me).then_some(state.epoch),
            unnamed: self.unnamed(state),
            newcomers: self.newcomers(state),
        }
    }

    fn held_by_name(&self, state: &State) -> BTreeSet<String> {
        let held = held_warm(state, self.me);
        if held.is_empty() {
            return BTreeSet::new();
        }
        let names = &self.told.read().names.workloads;
        held.iter().filter_map(|id| names.get(id).cloned()).collect()
    }

    /// Votes on a proposal that has just been put into the log here, so that the vote is under way
    /// while the proposal is: it is counted only if that comes before it.
    fn vote_early(self: &Arc<Self>, entry: &Entry) {
        if let Some(vote) = self.early_vote(entry) {
            self.begin_saying(Errand::Vote(entry.message()), vote);
        }
    }

    /// The vote on a proposal that is not known to be committed. Where it is not clear yet, it is
    /// voted on once it is applied.
    pub(crate) fn early_vote(&self, entry: &Entry) -> Option<Command> {
        let monitor = self.monitor.try_lock()?;
        self.log.look(|state| {
            let open = foreseen(state, entry)?;
            let claim_ppm = *open.ballot.weights.get(&self.me)?;
            let view = View { monitor: &monitor, state };
            let (yes, reason) = self.opinion(state, &open, &view);
            Some(Command::VoteOn { message: entry.message(), yes, reason, claim_ppm })
        })
    }

    /// As the council judges; and nobody takes over from a site that is there.
    fn opinion(&self, state: &State, open: &Proposal, view: &View<'_>) -> (bool, Reason) {
        if open.filing.cause == Cause::SourceLost && self.is_reached(open.filing.source) {
            return (false, Reason::NotNeeded);
        }
        judge(state, open, view)
    }

    fn votes(&self, state: &State) -> Vec<(Message, Command)> {
        let asked = |open: &&Proposal| {
            open.movement.is_none()
                && open.ballot.weights.contains_key(&self.me)
                && !open.ballot.votes.contains_key(&self.me)
        };
        if !state.open.values().any(|open| asked(&open)) {
            return Vec::new();
        }
        // While the monitor looks at a slot, the log does not wait for it; the next beat does.
        let Some(monitor) = self.monitor.try_lock() else { return Vec::new() };
        let view = View { monitor: &monitor, state };
        let mut open: Vec<_> = state.open.iter().filter(|(_, open)| asked(open)).collect();
        // What matters most is decided first.
        open.sort_by_key(|(id, open)| (std::cmp::Reverse(open.priority), **id));
        let votes = open.into_iter().map(|(id, open)| {
            let (yes, reason) = self.opinion(state, open, &view);
            let claim_ppm = open.ballot.weights.get(&self.me).copied().unwrap_or(0);
            (open.message, Command::Vote { proposal: *id, yes, reason, claim_ppm })
        });
        votes.collect()
    }
}
