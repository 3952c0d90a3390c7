//! The state monitoring component of a site: it takes what all sites tell of what they used, slot
//! by slot, and forecasts what each will bear.
//!
//! Pure: boards, calendars and the council's state come in. Every site forecasts every workload
//! by itself, so that it can judge what others propose.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::council::entry::Band;
use swell_core::council::rules::Rules;
use swell_core::council::state::State;
use swell_core::council::witness::Witness;
use swell_core::council::words::{Loads, Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_forecast::bands::Quantiles;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::checkpoint::{self, CheckpointError};
use swell_forecast::watch::watcher::Sight;

use crate::announced::{Announced, Said};
use crate::board::Board;
use crate::crew::Crew;
use crate::foreteller::{Foreteller, Learned};
use crate::history::{History, Source};
use crate::manner::Manner;
use crate::methods::Method;
use crate::naming::{Names, site_id, workload_id};
use crate::oddities::Oddities;
use crate::odds::{Odds, failing_share};
use crate::quality::Quality;
use crate::quantiles::{band, share_ppm, sum};
use crate::sums::{Amounts, Reading, Sums, plus};
use crate::witness::{claim, heard, taken};

/// Slots of the past that are looked at, at most: two days of usual ones, as loads repeat daily.
pub const SLOTS_MAX: usize = 1_500;

/// What its memory is called.
const KIND: &str = "monitor-choosing";

/// What a site sees of all sites, and expects of them; any other that was told the same sees and
/// expects it too.
#[derive(Clone)]
pub struct Monitor {
    lead: usize,
    pub(crate) history: History,
    foreteller: Foreteller,
    odds: Odds<SiteId>,
    oddities: Oddities,
    quality: Quality,
    names: Names,
    /// Where each workload ran in the last slot, most of all.
    places: BTreeMap<WorkloadId, (SiteId, f32)>,
    last: BTreeMap<SiteId, Reading>,
    seen: BTreeMap<SiteId, Amounts>,
    /// The nodes of this site.
    pub(crate) crew: Crew,
    witness: Witness,
    /// Sites whose counters others contradicted in the last slot.
    doubted: BTreeSet<SiteId>,
    /// Sites of which it was known that they would not be there in the slot that is over.
    excused: BTreeSet<SiteId>,
    pub(crate) expected: BTreeMap<(Source, Metric), Vec<Quantiles>>,
    /// What is announced of sites and workloads.
    announced: Announced,
    /// The slot that was looked at last.
    slot: Slot,
}

impl Monitor {
    /// The monitor of a site that goes by these rules, and believes that method.
    pub fn new(rules: &Rules, method: Method) -> Self {
        let lead = rules.lead_slots as usize;
        let manner = Manner::of(rules, method);
        Self {
            lead,
            history: History::new(SLOTS_MAX),
            foreteller: Foreteller::new(manner),
            odds: Odds::default(),
            oddities: Oddities::default(),
            quality: Quality::default(),
            names: Names::default(),
            places: BTreeMap::new(),
            last: BTreeMap::new(),
            seen: BTreeMap::new(),
            crew: Crew::default(),
            witness: Witness::default(),
            doubted: BTreeSet::new(),
            excused: BTreeSet::new(),
            expected: BTreeMap::new(),
            announced: Announced::default(),
            slot: Slot(0),
        }
    }

    /// What it has learned, as bytes: the past of everything, who forecast it best, how sites
    /// fared, and what is usual.
    pub fn to_bytes(&self) -> Vec<u8> {
        let learned = (&self.history, self.foreteller.learned(), &self.odds);
        checkpoint::write(KIND, &(learned, self.oddities.to_bytes(), self.slot))
    }

    /// Goes on from what [`Monitor::to_bytes`] made these bytes of; all of it or nothing. What it
    /// expects, it knows again once a slot is over.
    pub fn recall(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        type Kept = ((History, Learned, Odds<SiteId>), Vec<u8>, Slot);
        let ((history, learned, odds), oddities, slot): Kept = checkpoint::read(KIND, bytes)?;
        let oddities = Oddities::from_bytes(&oddities)?;
        if !history.is_plausible() || !self.foreteller.recall(learned) {
            return Err(CheckpointError::Damaged);
        }
        (self.history, self.odds, self.oddities, self.slot) = (history, odds, oddities, slot);
        Ok(())
    }

    /// A slot is over in which these sites were down for maintenance: that they did not answer says
    /// nothing of how likely they fail. Told before [`Monitor::on_slot`].
    pub fn excuse(&mut self, sites: BTreeSet<SiteId>) {
        self.excused = sites;
    }

    /// A slot is over: these are the boards as they were read at its end, none where a site was
    /// not reached.
    pub fn on_slot(
        &mut self,
        slot: Slot,
        boards: &BTreeMap<SiteId, Option<Board>>,
        occasions: &[Occasion],
        rules: &Rules,
    ) {
        self.seen.clear();
        self.doubted.clear();
        self.places.clear();
        self.witness.on_slot(heard(boards));
        for (site, board) in boards {
            match board {
                Some(board) => self.take(*site, slot, board),
                // Who was never heard of is not down: it is about to come up.
                None if !self.last.contains_key(site) || self.excused.contains(site) => {}
                None => self.odds.on_slot(*site, None),
            }
        }
        self.history.forget(slot.minus(SLOTS_MAX as u64));
        self.quality.forget(slot.minus(SLOTS_MAX as u64));
        self.slot = slot;
        let workloads: Vec<String> = self.names.workloads.values().cloned().collect();
        let sites: Vec<String> = self.names.sites.values().cloned().collect();
        let span = (slot.minus(SLOTS_MAX as u64), SLOTS_MAX + 2 + rules.horizon_slots as usize);
        // Its own calendar is about everybody; what others announce, about themselves.
        let own = Said { occasions, workloads: &workloads, sites: &sites };
        let boards = boards.values().flatten();
        let told: Vec<_> = boards.filter(|board| !board.occasions.is_empty()).collect();
        let told: Vec<(&Board, Vec<String>, Vec<String>)> = told
            .into_iter()
            .map(|board| {
                let runs = board.cards.keys().cloned().collect();
                (board, runs, vec![board.contact.name.clone()])
            })
            .collect();
        let told = told.iter().map(|(board, workloads, sites)| Said {
            occasions: &board.occasions,
            workloads,
            sites,
        });
        let said: Vec<Said<'_>> = [own].into_iter().chain(told).collect();
        self.announced = Announced::new(&said, span, rules.slot);
        let (names, announced, places) = (&self.names, &self.announced, &self.places);
        let name = |source: Source| match source {
            Source::Workload(id) => names.workloads.get(&id),
            Source::Rest(_) | Source::Node(_) => None,
        };
        self.foreteller.on_slot(&self.history, slot, &|source, series| {
            if let Some(name) = name(source) {
                announced.calm(name, series, slot);
            }
            let site = match source {
                Source::Workload(id) => places.get(&id).map(|(site, _)| *site),
                Source::Rest(site) => Some(site),
                Source::Node(_) => None,
            };
            if let Some(name) = site.and_then(|site| names.sites.get(&site)) {
                announced.calm_of_site(name, series, slot);
            }
        });
        self.expected.clear();
        for source in self.history.sources() {
            for metric in Metric::ALL {
                let Some(said) = self.foreteller.said(source, metric) else { continue };
                let mut steps = said.steps.to_vec();
                if let Some(name) = name(source) {
                    steps = announced.workload(name, slot.plus(1), steps);
                }
                self.expected.insert((source, metric), steps);
            }
        }
        self.watch(rules);
    }

    fn take(&mut self, site: SiteId, slot: Slot, board: &Board) {
        let name = board.contact.name.clone();
        debug_assert_eq!(site_id(&name), site, "boards are filed under who wrote them");
        self.names.sites.insert(site, name);
        let Some(before) = self.last.insert(site, board.reading.clone()) else { return };
        let elapsed = board.reading.at_ms.saturating_sub(before.at_ms);
        if elapsed == 0 {
            return;
        }
        let claims = board.reading.workloads.iter().map(|(name, sums)| {
            let earlier = before.workloads.get(name).copied().unwrap_or_default();
            (workload_id(name), claim(&sums.since(&earlier)))
        });
        let corrected = self.witness.corrected(site, &claims.collect());
        if !corrected.is_empty() {
            self.doubted.insert(site);
        }
        let mut whole = Amounts::default();
        for (name, sums) in &board.reading.workloads {
            let id = workload_id(name);
            self.names.workloads.insert(id, name.clone());
            let earlier = before.workloads.get(name).copied().unwrap_or_default();
            let loads = match corrected.get(&id) {
                Some(believed) => taken(believed).loads_since(&Sums::default(), elapsed),
                None => sums.loads_since(&earlier, elapsed),
            };
            self.history.add(Source::Workload(id), slot, loads);
            self.quality.on_slot(id, slot, &earlier, sums);
            let place = self.places.entry(id).or_insert((site, loads[0]));
            if loads[0] > place.1 {
                *place = (site, loads[0]);
            }
            whole = plus(whole, loads);
        }
        let rest = board.reading.rest_since(&before, elapsed, whole);
        self.history.add(Source::Rest(site), slot, rest);
        whole = plus(whole, rest);
        let shares = board.reading.workloads.iter().filter_map(|(name, sums)| {
            sums.failures_since(&before.workloads.get(name).copied().unwrap_or_default())
        });
        self.odds.on_slot(site, Some(failing_share(shares)));
        self.seen.insert(site, whole);
    }

    fn watch(&mut self, rules: &Rules) {
        let day = usize::try_from(rules.season_slots).unwrap_or(0);
        for (id, name) in &self.names.workloads {
            let source = Source::Workload(*id);
            let took = self.history.at(source, self.slot);
            for metric in Metric::ALL {
                let sight = Sight {
                    step: self.slot.0,
                    count: took.map(|loads| loads[metric as usize].round() as u32),
                    quantiles: self.foreteller.judged(source, metric),
                    place: (self.slot.0 % rules.season_slots.max(1)) as usize,
                    day,
                };
                self.oddities.look(name, metric, &sight);
            }
        }
    }

    /// What things are called, by what was told.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What was out of the ordinary.
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// How calls of workloads fare.
    pub fn quality(&self) -> &Quality {
        &self.quality
    }

    /// Whether it has no expectation of anything yet.
    pub fn knows_nothing(&self) -> bool {
        self.expected.is_empty()
    }

    /// Steps from a slot on, changed by what is announced of a site as a whole.
    pub fn of_site(&self, site: SiteId, from: Slot, steps: Vec<Quantiles>) -> Vec<Quantiles> {
        match self.names.sites.get(&site) {
            Some(name) => self.announced.site(name, from, steps),
            None => steps,
        }
    }

    /// The chance that a site fails in the next slot.
    pub fn chance_of_failure(&self, site: SiteId) -> f32 {
        self.odds.of_failure(site)
    }

    /// Sites that told something else of the last slot than others saw of them.
    pub fn doubted(&self) -> &BTreeSet<SiteId> {
        &self.doubted
    }

    /// The slot that was looked at last.
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// Which method is believed for what has a past, in a metric.
    pub fn method_of(&self, source: Source, metric: Metric) -> Option<&'static str> {
        Some(self.foreteller.said(source, metric)?.by)
    }

    /// What was seen of a site in the last slot, as shares of its capacity.
    pub fn seen_ppm(&self, state: &State, site: SiteId, metric: Metric) -> Option<u32> {
        let load = self.seen.get(&site)?[metric as usize];
        share_ppm(load, state.members.get(&site)?.capacity.of(metric))
    }

    /// What a workload will take at most by the middle of what is expected, of each metric.
    pub fn demand(&self, workload: WorkloadId) -> Loads {
        let middle = swell_forecast::bands::MEDIAN;
        Loads(Metric::ALL.map(|metric| {
            let steps = self.expected.get(&(Source::Workload(workload), metric));
            let most = steps.into_iter().flatten().map(|step| step[middle]).fold(0.0, f32::max);
            most.ceil() as u64
        }))
    }

    /// What was taken in a slot, if it was measured.
    pub fn used(&self, source: Source, slot: Slot) -> Option<Amounts> {
        self.history.at(source, slot)
    }

    /// What was taken in the last slot that was measured, up to one.
    pub fn last_used(&self, source: Source, slot: Slot) -> Option<Amounts> {
        self.history.latest(source, slot)
    }

    /// What is expected of a workload, slot by slot from the one after the last that was looked
    /// at, in the unit of the metric; empty where nothing is known.
    pub fn curve(&self, workload: WorkloadId, metric: Metric) -> &[Quantiles] {
        self.expected.get(&(Source::Workload(workload), metric)).map_or(&[], Vec::as_slice)
    }

    /// What a site will bear of a metric in the slots from one on.
    pub fn load(
        &self,
        state: &State,
        site: SiteId,
        metric: Metric,
        from: Slot,
        slots: usize,
    ) -> Vec<Quantiles> {
        let mut sources = vec![Source::Rest(site)];
        let held = state.workloads.iter().filter(|(_, of)| of.authority.holder == site);
        sources.extend(held.map(|(id, _)| Source::Workload(*id)));
        let begin = from.0.saturating_sub(self.slot.0 + 1) as usize;
        let at = |source: &Source, ahead: usize| {
            let steps = self.expected.get(&(*source, metric))?;
            steps.get(ahead).or_else(|| steps.last()).copied()
        };
        let whole = |ahead: usize| sum(sources.iter().filter_map(|source| at(source, ahead)));
        let steps: Vec<Quantiles> = (begin..begin + slots).map(whole).collect();
        self.of_site(site, from, steps)
    }

    /// The bands of a site that this one commits itself to; nothing where it knows nothing or the
    /// metric is not limited.
    pub fn bands(&self, state: &State, site: SiteId, metric: Metric) -> Vec<Band> {
        let Some(member) = state.members.get(&site) else { return Vec::new() };
        if self.expected.is_empty() || self.slot == Slot(0) {
            return Vec::new();
        }
        let first = state.slot().plus(state.rules.lead_slots);
        let slots = (state.rules.horizon_slots - state.rules.lead_slots) as usize + 1;
        let loads = self.load(state, site, metric, first, slots);
        loads.iter().filter_map(|load| band(load, member.capacity.of(metric))).collect()
    }

    /// How many slots ahead forecasts are judged.
    pub fn lead(&self) -> usize {
        self.lead
    }
}
