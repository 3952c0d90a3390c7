//! A council of some sites, and short ways to say things to it.

use swell_core::council::entry::{Band, Command, Entry, News, Reason};
use swell_core::council::machine::apply;
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Outcome, Rollback};
use swell_core::council::refusal::Refusal;
use swell_core::council::rules::Rules;
use swell_core::council::state::State;
use swell_core::council::words::{Criticality, Loads, Metric, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::{Instant, Span};

/// When the first tick comes: slot 100 of five minutes begins.
pub(crate) const BEGIN: Instant = Instant::from_millis(100 * 300_000);

pub(crate) struct Stage {
    pub(crate) state: State,
    pub(crate) log: Vec<Entry>,
    sequence: u64,
}

impl Stage {
    /// So many sites of 1,000 units; workload n of 200 units runs at site n.
    pub(crate) fn new(sites: u32) -> Self {
        Self::with(sites, Rules::default())
    }

    pub(crate) fn with(sites: u32, rules: Rules) -> Self {
        let mut stage = Self { state: State::new(rules), log: Vec::new(), sequence: 0 };
        for site in 0..sites {
            let site = SiteId(site);
            stage.say(0, Command::Admit { site, capacity: Loads::cpu(1_000) }).expect("admitted");
        }
        stage.say(0, Command::Tick { at: BEGIN }).expect("time begins");
        for site in 0..sites {
            let (workload, criticality) = (WorkloadId(site), Criticality::Normal);
            let demand = Loads::cpu(200);
            let register = Command::Register { workload, criticality, demand };
            stage.say(site, register).expect("registered");
        }
        stage
    }

    pub(crate) fn say(&mut self, from: u32, command: Command) -> Result<(), Refusal> {
        self.sequence += 1;
        let entry = Entry { from: SiteId(from), incarnation: 1, sequence: self.sequence, command };
        self.put(entry)
    }

    pub(crate) fn put(&mut self, entry: Entry) -> Result<(), Refusal> {
        let index = self.state.index + 1;
        let came = apply(&mut self.state, index, &entry);
        self.log.push(entry);
        came
    }

    pub(crate) fn pass(&mut self, span: Span) {
        let at = self.state.now + span;
        self.say(0, Command::Tick { at }).expect("time passes");
    }

    /// For longer than a step may take, in ticks that count in full for one; the first site renews.
    pub(crate) fn linger(&mut self) {
        for _ in 0..5 {
            self.pass(Span::from_secs(150));
            self.say(0, Command::Renew).expect("renewed");
        }
    }

    /// A site says what its next slots will be like; by the middle.
    pub(crate) fn forecast(&mut self, by: u32, middle_ppm: u32) {
        let (low_ppm, high_ppm) = (middle_ppm.saturating_sub(20_000), middle_ppm + 20_000);
        let band = Band { low_ppm, middle_ppm, high_ppm };
        let first = self.state.slot().plus(2);
        let (target, metric) = (SiteId(by), Metric::Cpu);
        let bands = vec![band; 8];
        self.say(by, Command::Forecast { target, metric, first, bands }).expect("forecast");
    }

    /// Everybody saw the same of a site in the slot that is just over.
    pub(crate) fn observe(&mut self, target: u32, value_ppm: u32) {
        let slot = self.state.slot().minus(1);
        for by in self.sites() {
            let (target, metric) = (SiteId(target), Metric::Cpu);
            let observe = Command::Observe { target, metric, slot, value_ppm };
            self.say(by.0, observe).expect("observed");
        }
    }

    /// A good proposal: workload 0 from site 0, overloaded in four slots, to site 1.
    pub(crate) fn filing(&self) -> Filing {
        let metric = Metric::Cpu;
        let workload = WorkloadId(0);
        Filing {
            workloads: [(workload, self.state.workloads[&workload].authority.epoch)].into(),
            source: SiteId(0),
            destination: SiteId(1),
            deadline: self.state.now + Span::from_mins(15),
            cause: Cause::Overload { metric, slot: self.state.slot().plus(4) },
            criterion: Criterion {
                conditions: vec![Condition { site: SiteId(1), metric, at_most_ppm: 850_000 }],
                window_slots: 2,
                samples_min: 1,
            },
            rollback: Rollback::ToSource,
        }
    }

    pub(crate) fn propose(&mut self, by: u32, filing: Filing) -> Result<ProposalId, Refusal> {
        self.say(by, Command::Propose(Box::new(filing)))?;
        Ok(ProposalId(self.state.index))
    }

    pub(crate) fn vote(&mut self, by: u32, proposal: ProposalId, yes: bool) -> Result<(), Refusal> {
        let reason = if yes { Reason::Helps } else { Reason::NotNeeded };
        self.say(by, Command::Vote { proposal, yes, reason, claim_ppm: 0 })
    }

    /// Forecasts an overload, proposes and approves.
    pub(crate) fn approved(&mut self) -> ProposalId {
        self.forecast(0, 900_000);
        let id = self.propose(0, self.filing()).expect("filed");
        for site in self.sites() {
            let _ = self.vote(site.0, id, true);
        }
        assert!(self.state.open[&id].movement.is_some(), "it is approved");
        id
    }

    /// A party tells, under the epoch that holds.
    pub(crate) fn report(
        &mut self,
        by: u32,
        proposal: ProposalId,
        news: News,
    ) -> Result<(), Refusal> {
        let movement = self.state.open.get(&proposal).and_then(|open| open.movement);
        let epoch = movement.map(|movement| movement.epoch).unwrap_or_default();
        self.say(by, Command::Report { proposal, epoch, news, why: None })
    }

    /// Takes an approved move to where it is watched.
    pub(crate) fn carry_out(&mut self, id: ProposalId) {
        self.report(1, id, News::Started).expect("started");
        self.report(1, id, News::Healthy).expect("healthy");
        for parts in 1..=4 {
            self.report(1, id, News::Shifted(parts)).expect("shifted");
        }
        self.report(0, id, News::Drained).expect("drained");
    }

    /// Slots go by in which the destination is seen to be this full.
    pub(crate) fn watch(&mut self, slots: u64, value_ppm: u32) {
        for _ in 0..slots {
            self.pass(Span::from_mins(5));
            self.observe(1, value_ppm);
        }
    }

    pub(crate) fn outcome(&self, id: ProposalId) -> Option<Outcome> {
        self.state.ended.get(&id).map(|ended| ended.outcome)
    }

    pub(crate) fn holder(&self, workload: u32) -> u32 {
        self.state.workloads[&WorkloadId(workload)].authority.holder.0
    }

    pub(crate) fn slot(&self) -> Slot {
        self.state.slot()
    }

    pub(crate) fn sites(&self) -> Vec<SiteId> {
        self.state.members.keys().copied().collect()
    }
}
