//! Plays one schedule: some hundred things that happen, in an order drawn from the seed.

use swell_core::council::acting::{is_renewal_due, is_waited_for};
use swell_core::council::entry::{Band, Command, Entry, Message, News, Reason};
use swell_core::council::order::{Order, Task, orders, runs};
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback, Trouble};
use swell_core::council::words::{Epoch, Loads, Metric, Mode, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::rng::below;
use swell_core::time::Span;

use crate::cause::{maintained, maintenance, overload};
use crate::choice::{chance, pick};
use crate::coverage::Coverage;
use crate::world::{Mutant, World};

/// Things that happen in one schedule.
const HAPPENINGS: u64 = 400;

/// Plays a schedule; an error says which law was broken.
pub(crate) fn play(seed: u64, mutant: Mutant, coverage: &mut Coverage) -> Result<(), String> {
    let mut world = World::new(seed, mutant, coverage);
    world.found()?;
    for _ in 0..HAPPENINGS {
        world.happen()?;
        world.look_at_clocks()?;
    }
    world.calm()
}

impl World<'_> {
    fn happen(&mut self) -> Result<(), String> {
        self.now_ms += below(&mut self.rng, 600);
        let node = below(&mut self.rng, self.nodes.len() as u64) as usize;
        match below(&mut self.rng, 100) {
            0..34 => self.speak(node),
            34..64 => return self.deliver(),
            64..80 => {
                let is_heard = self.network.is_open(self.leader, node);
                if self.nodes[node].is_alive && is_heard {
                    let most = 1 + below(&mut self.rng, 12) as usize;
                    return self.catch_up(node, most);
                }
            }
            80..87 => {
                if self.is_led() {
                    return self.beat();
                }
            }
            87..91 => return self.use_authority(node),
            91 => return self.clear_away(node),
            92 => self.disturb(node),
            93..96 => self.restart(node),
            96..98 => self.network.heal(),
            98 => self.elect(),
            _ => {
                if self.nodes[node].is_alive {
                    self.nodes[node].take_snapshot();
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self) -> Result<(), String> {
        let Some((from, entry)) = self.network.arrive(&mut self.rng, self.coverage) else {
            return Ok(());
        };
        if self.is_led() && self.network.is_open(from, self.leader) {
            self.append(entry)
        } else {
            self.coverage.count("message lost");
            Ok(())
        }
    }

    fn disturb(&mut self, node: usize) {
        match below(&mut self.rng, 4) {
            0 => self.network.part(self.nodes.len(), &mut self.rng, self.coverage),
            1 => self.jump(node),
            _ => self.crash(node),
        }
    }

    fn crash(&mut self, node: usize) {
        if self.nodes[node].is_alive {
            self.nodes[node].is_alive = false;
            self.coverage.count("crash");
        }
    }

    fn restart(&mut self, node: usize) {
        if !self.nodes[node].is_alive {
            self.coverage.count("restart");
            self.coverage.count("snapshot restored");
            self.nodes[node].restart();
        }
    }

    /// Somebody else leads: one that is alive and hears most others, if there is one.
    fn elect(&mut self) {
        let before = self.leader;
        for _ in 0..self.nodes.len() {
            self.leader = below(&mut self.rng, self.nodes.len() as u64) as usize;
            if self.leader != before && self.is_led() {
                self.nodes[self.leader].ticked = None;
                return self.coverage.count("leader change");
            }
        }
        self.leader = before;
    }

    fn jump(&mut self, node: usize) {
        self.coverage.count("clock jump");
        let jumps = [0, 500, 500, 10_000, 60_000, 3_600_000, 86_400_000 * 365];
        self.nodes[node].clock_ms = pick(&mut self.rng, &jumps);
    }

    /// Acts as the authority over what its copy says it holds; or thaws and does what it set
    /// out to do long ago; or freezes.
    fn use_authority(&mut self, node: usize) -> Result<(), String> {
        if !self.nodes[node].is_alive {
            return Ok(());
        }
        if chance(&mut self.rng, 3)
            && let Some((workload, epoch)) = self.nodes[node].frozen.take()
        {
            self.coverage.count("late action");
            return self.act(node, workload, epoch);
        }
        let (site, state) = (self.nodes[node].site, &self.nodes[node].state);
        let held: Vec<(WorkloadId, Epoch)> = state
            .workloads
            .iter()
            .filter(|(_, workload)| workload.authority.holder == site)
            .map(|(id, workload)| (*id, workload.authority.epoch))
            .collect();
        if held.is_empty() {
            return Ok(());
        }
        let (workload, epoch) = pick(&mut self.rng, &held);
        if chance(&mut self.rng, 4) {
            self.nodes[node].frozen = Some((workload, epoch));
            return Ok(());
        }
        self.act(node, workload, epoch)
    }

    /// Stops what runs here for no reason any more, if the fence lets it. Somebody else must
    /// run it then: make before break.
    fn clear_away(&mut self, node: usize) -> Result<(), String> {
        if !self.nodes[node].is_alive {
            return Ok(());
        }
        let (site, state) = (self.nodes[node].site, &self.nodes[node].state);
        let is_over =
            |id: &&WorkloadId| state.workloads.contains_key(id) && !runs(state, site, **id);
        let Some(id) = self.nodes[node].running.iter().find(is_over).copied() else {
            return Ok(());
        };
        let epoch = state.workloads[&id].authority.epoch;
        let is_fenced = self.nodes[node].fence.pass(id, epoch).is_err();
        if is_fenced && !self.mutant.is_fence_open {
            self.coverage.count("stop fenced");
            return Ok(());
        }
        self.coverage.count("stopped");
        self.nodes[node].running.remove(&id);
        if self.nodes.iter().any(|other| other.running.contains(&id)) {
            return Ok(());
        }
        Err(format!("site {} stopped workload {}, and it ran nowhere else", site.0, id.0))
    }

    /// A site says something, by what its copy tells it.
    fn speak(&mut self, node: usize) {
        if !self.nodes[node].is_alive {
            return;
        }
        if chance(&mut self.rng, 20)
            && let Some(said) = self.nodes[node].said.clone()
        {
            self.coverage.count("message repeated");
            return self.network.send(node, said, &mut self.rng, self.coverage);
        }
        if let Some(command) = self.thought(node) {
            let entry = self.nodes[node].say(command);
            self.network.send(node, entry, &mut self.rng, self.coverage);
        }
    }

    fn thought(&mut self, node: usize) -> Option<Command> {
        match below(&mut self.rng, 100) {
            0..10 => Some(self.forecast(node)),
            10..18 => Some(self.observation(node)),
            18..30 => self.proposal(node),
            30..60 => self.vote(node),
            60..78 => self.work(node),
            78..90 => self.stay(node),
            90..92 => Some(self.nodes[node].renew(self.now_ms)),
            92..94 if chance(&mut self.rng, 4) => {
                self.coverage.count("maintenance");
                Some(maintenance(&self.nodes[node].state, &mut self.rng))
            }
            92..94 => self.withdrawal(node),
            94..97 => {
                self.coverage.count("site admitted");
                let site = SiteId(below(&mut self.rng, self.nodes.len() as u64 + 2) as u32);
                Some(Command::Admit { site, capacity: Loads::cpu(1_500) })
            }
            97 if chance(&mut self.rng, 2) => {
                self.coverage.count("site dismissed");
                let site = below(&mut self.rng, self.nodes.len() as u64 + 2) as u32;
                Some(Command::Dismiss { site: SiteId(site) })
            }
            _ => {
                let modes = [Mode::On, Mode::On, Mode::On, Mode::On, Mode::Shadow, Mode::Off];
                let mode = pick(&mut self.rng, &modes);
                Some(Command::SetMode { workload: None, mode })
            }
        }
    }

    /// Keeps what it holds, and lets go of what it does not.
    fn stay(&mut self, node: usize) -> Option<Command> {
        let now_ms = self.now_ms;
        let of = &mut self.nodes[node];
        if is_waited_for(&of.state, of.site) {
            self.coverage.count("ceded");
            return Some(Command::Cede { upto: of.state.epoch });
        }
        is_renewal_due(&of.state, of.site, of.tenure, of.own(now_ms)).then(|| of.renew(now_ms))
    }

    fn forecast(&mut self, node: usize) -> Command {
        self.coverage.count("forecast");
        let site = self.nodes[node].site;
        let first = self.nodes[node].state.slot().plus(1 + below(&mut self.rng, 2));
        let middle = 200_000 + below(&mut self.rng, 900_000) as u32;
        let band = Band { low_ppm: middle / 2, middle_ppm: middle, high_ppm: middle + 60_000 };
        let bands = vec![band; 1 + below(&mut self.rng, 10) as usize];
        Command::Forecast { target: site, metric: Metric::Cpu, first, bands }
    }

    fn observation(&mut self, node: usize) -> Command {
        let slot = self.nodes[node].state.slot().minus(1);
        let target = SiteId(below(&mut self.rng, self.nodes.len() as u64) as u32);
        let value_ppm = 500_000 + below(&mut self.rng, 40_000) as u32;
        Command::Observe { target, metric: Metric::Cpu, slot, value_ppm }
    }

    /// Any move of what somebody holds, often for no good cause.
    fn proposal(&mut self, node: usize) -> Option<Command> {
        let rng = &mut self.rng;
        let (me, state) = (self.nodes[node].site, &self.nodes[node].state);
        let workloads: Vec<WorkloadId> = state.workloads.keys().copied().collect();
        if workloads.is_empty() {
            return None;
        }
        let id = pick(rng, &workloads);
        let authority = state.workloads.get(&id)?.authority;
        let destination = SiteId(below(rng, self.nodes.len() as u64) as u32);
        let cause = match below(rng, 8) {
            0..2 => overload(state, me, authority.holder)?,
            2 => Cause::SourceLost,
            3 => Cause::OrderedAgain,
            4 => Cause::SourceFailing { chance_ppm: 400_000 },
            5 => maintained(state, authority.holder),
            _ => Cause::Order,
        };
        let deadline = state.now + Span::from_secs(5 + below(rng, 250));
        let at_most_ppm = pick(rng, &[400_000, 900_000, 900_000]);
        let rollback = pick(rng, &[Rollback::ToSource, Rollback::ToSource, Rollback::Stay]);
        let condition = Condition { site: destination, metric: Metric::Cpu, at_most_ppm };
        let (workloads, source) = ([(id, authority.epoch)].into(), authority.holder);
        let mut conditions = vec![condition];
        if let Cause::Overload { metric, .. } = cause {
            conditions.push(Condition { site: source, metric, at_most_ppm: 600_000 });
        }
        let criterion = Criterion { conditions, window_slots: 1, samples_min: 1 };
        let filing =
            Filing { workloads, source, destination, deadline, cause, criterion, rollback };
        Some(Command::Propose(Box::new(filing)))
    }

    fn vote(&mut self, node: usize) -> Option<Command> {
        if chance(&mut self.rng, 2)
            && let Some(early) = self.early_vote()
        {
            return Some(early);
        }
        let (me, state) = (self.nodes[node].site, &self.nodes[node].state);
        let open: Vec<ProposalId> = state
            .open
            .iter()
            .filter(|(_, open)| open.movement.is_none() && !open.ballot.votes.contains_key(&me))
            .map(|(id, _)| *id)
            .collect();
        if open.is_empty() {
            return None;
        }
        let rng = &mut self.rng;
        let (proposal, yes) = (pick(rng, &open), below(rng, 10) < 8);
        let claim_ppm = below(rng, 1_000_000) as u32;
        Some(Command::Vote { proposal, yes, reason: Reason::Helps, claim_ppm })
    }

    /// A vote on what somebody said last, which may be committed, lost, or refused.
    fn early_vote(&mut self) -> Option<Command> {
        let said = self.nodes.iter().filter_map(|node| node.said.as_ref());
        let filed = said.filter(|entry| matches!(entry.command, Command::Propose(_)));
        let messages: Vec<Message> = filed.map(Entry::message).collect();
        if messages.is_empty() {
            return None;
        }
        let rng = &mut self.rng;
        let (message, yes) = (pick(rng, &messages), below(rng, 10) < 8);
        let claim_ppm = below(rng, 1_000_000) as u32;
        self.coverage.count("early vote");
        Some(Command::VoteOn { message, yes, reason: Reason::Helps, claim_ppm })
    }

    fn withdrawal(&mut self, node: usize) -> Option<Command> {
        let (me, state) = (self.nodes[node].site, &self.nodes[node].state);
        let mut own = state.open.iter().filter(|(_, open)| open.proposer == me);
        own.next().map(|(id, _)| Command::Withdraw { proposal: *id })
    }

    /// Does what it is ordered to, if its fence lets it, and tells.
    fn work(&mut self, node: usize) -> Option<Command> {
        let site = self.nodes[node].site;
        let orders = orders(&self.nodes[node].state, site);
        let Order { proposal, epoch, workloads, task, .. } = orders.into_iter().next()?;
        for workload in &workloads {
            let is_fenced = self.nodes[node].fence.pass(*workload, epoch).is_err();
            if is_fenced && !self.mutant.is_fence_open {
                return None;
            }
        }
        let news = match task {
            _ if chance(&mut self.rng, 12) => News::Trouble(Trouble::NotHealthy),
            Task::Start => {
                self.nodes[node].running.extend(workloads);
                News::Started
            }
            Task::Prove => News::Healthy,
            Task::Shift { parts, .. } => News::Shifted(parts),
            Task::Drain => News::Drained,
            Task::TakeBack => News::Returned,
        };
        Some(Command::Report { proposal, epoch, news, why: None })
    }

    /// All heals, and time goes on until nothing is open.
    fn calm(&mut self) -> Result<(), String> {
        self.network.heal();
        for node in 0..self.nodes.len() {
            self.restart(node);
            self.nodes[node].clock_ms = 0;
        }
        let members = &self.truth.members;
        let leads = self.nodes.iter().position(|node| members.contains_key(&node.site));
        self.leader = leads.unwrap_or(self.leader);
        for _ in 0..40 {
            self.now_ms = self.now_ms.max(self.truth.now.nanos() / 1_000_000) + 7_000;
            self.tick()?;
            for node in 0..self.nodes.len() {
                self.catch_up(node, usize::MAX)?;
                self.observe_all(node)?;
                if below(&mut self.rng, 10) < 7
                    && let Some(command) = self.work(node)
                {
                    self.append_of(node, command)?;
                }
            }
        }
        for _ in 0..20 {
            self.now_ms = self.truth.now.nanos() / 1_000_000 + 120_000;
            self.tick()?;
        }
        self.laws.finish(&self.truth)?;
        self.compare()
    }

    fn observe_all(&mut self, node: usize) -> Result<(), String> {
        let slot = self.truth.slot().minus(1);
        let value_ppm = 500_000;
        for target in 0..self.nodes.len() as u32 {
            let (target, metric) = (SiteId(target), Metric::Cpu);
            self.append_of(node, Command::Observe { target, metric, slot, value_ppm })?;
        }
        Ok(())
    }
}
