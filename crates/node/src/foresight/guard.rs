//! What came, held against what was said: scores of each function, and a watch on what is out
//! of the ordinary.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use swell_api::forecast::{Anomaly, ExpectedCalls};
use swell_forecast::bands::{HIGH, LOW, MEDIAN, Quantiles};
use swell_forecast::panel::Panel;
use swell_forecast::watch::anomaly::{Anomaly as Found, Oddity};
use swell_forecast::watch::watcher::{Sight, Watcher, changed_share, is_usual};

use crate::demand::counter::Demand;
use crate::foresight::alarms::STORM;
use crate::foresight::covered::Covered;
use crate::foresight::desk::{ANOMALIES_MAX, Desk};
use crate::foresight::ground::Ground;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;
use crate::foresight::score::Score;
use crate::foresight::usual::Usual;

/// What its records are of.
const SCORES: &str = "steps/scores";
const USUAL: &str = "steps/usual";
const WATCHERS: &str = "steps/watchers";
const ANOMALIES: &str = "anomalies";
/// Minutes before a step of which a forecast is held against it: newer ones have already followed
/// what is to be noticed.
const BEFORE: u64 = 60;
/// Anomalies of one step that are told of one by one: who is called for each must bear it when all
/// functions are out of the ordinary at once.
const SINGLY_MAX: usize = 64;

/// The watch.
#[derive(Default)]
pub struct Guard {
    watchers: BTreeMap<Arc<str>, Watcher>,
    /// Anomalies so far, which makes their names unique.
    noticed: u64,
}

type Kept<T> = Vec<(String, T)>;

impl Guard {
    /// Takes up what an earlier run left. What cannot be read is found out anew.
    pub fn open(demand: &Demand, desk: &Desk) -> Self {
        let read = |of: &str| demand.ledger.records(of).unwrap_or_default();
        let mut guard = Self::default();
        for (_, bytes) in read(SCORES) {
            let kept: Kept<Score> = postcard::from_bytes(&bytes).unwrap_or_default();
            let sane = kept.into_iter().filter(|(_, score)| score.is_sane());
            desk.scores.write().extend(sane.map(|(name, score)| (name.into(), score)));
        }
        for (_, bytes) in read(USUAL) {
            let kept: Kept<Usual> = postcard::from_bytes(&bytes).unwrap_or_default();
            let mut scores = desk.scores.write();
            for (name, usual) in kept.into_iter().filter(|(_, usual)| usual.is_sane()) {
                scores.entry(name.into()).or_default().usual = usual;
            }
        }
        for (_, bytes) in read(WATCHERS) {
            let kept: Kept<Watcher> = postcard::from_bytes(&bytes).unwrap_or_default();
            let plausible = kept.into_iter().filter(|(_, watcher)| watcher.is_plausible());
            guard.watchers.extend(plausible.map(|(name, watcher)| (name.into(), watcher)));
        }
        for (name, bytes) in newest_anomalies(demand) {
            if let Ok(anomaly) = serde_json::from_slice::<Anomaly>(&bytes) {
                desk.tell(Anomaly { id: name.clone(), ..anomaly });
            }
            let number = name.rsplit('-').next().and_then(|number| number.parse().ok());
            guard.noticed = guard.noticed.max(number.unwrap_or(0));
        }
        guard
    }

    /// Has what is known written with the next writing, and old anomalies forgotten.
    pub fn keep(&self, demand: &Demand, desk: &Desk) {
        newest_anomalies(demand);
        let name = "all".to_string();
        let scores: Kept<Score> =
            desk.scores.read().iter().map(|(name, score)| (name.to_string(), *score)).collect();
        let usual: Kept<Usual> =
            desk.scores.read().iter().map(|(name, one)| (name.to_string(), one.usual)).collect();
        let watchers: Kept<Watcher> =
            self.watchers.iter().map(|(name, one)| (name.to_string(), *one)).collect();
        let bytes = |value: Result<Vec<u8>, postcard::Error>| value.expect("a vector takes all");
        demand.note(SCORES, name.clone(), bytes(postcard::to_allocvec(&scores)));
        demand.note(USUAL, name.clone(), bytes(postcard::to_allocvec(&usual)));
        demand.note(WATCHERS, name, bytes(postcard::to_allocvec(&watchers)));
    }

    /// The share of functions whose demand changed of late.
    pub fn drifted(&self, step: u64) -> f32 {
        changed_share(self.watchers.values(), step)
    }

    /// Looks at the last step of a panel.
    pub fn look(
        &mut self,
        origin: u64,
        panel: &Panel,
        members: &[Member],
        recent: &VecDeque<Arc<Outlook>>,
        ground: &Ground,
    ) {
        let (Some(last), Some(step)) = (panel.len().checked_sub(1), origin.checked_sub(1)) else {
            return;
        };
        self.watchers.retain(|name, _| members.binary_search_by(|m| m.name.cmp(name)).is_ok());
        let mut scores = ground.desk.scores.write();
        scores.retain(|name, _| members.binary_search_by(|m| m.name.cmp(name)).is_ok());
        let day = panel.day;
        let before = BEFORE.div_ceil(ground.step_minutes()).max(1) as usize - 1;
        let (mut found, mut covered) = (Vec::new(), Covered::default());
        let place = (panel.first + last).checked_rem(day).unwrap_or(0);
        for (member, counts) in members.iter().zip(&panel.members) {
            let count = counts.counts.get(last);
            let said: Vec<&Quantiles> =
                recent.iter().filter_map(|outlook| outlook.said(&member.name, step)).collect();
            // What was never called is not watched.
            if count.is_none_or(|count| count == 0) && !self.watchers.contains_key(&member.name) {
                continue;
            }
            if let Some(count) = count {
                let score = scores.entry(member.name.clone()).or_default();
                score.step(count as f32, said.iter().copied());
                said.iter().for_each(|said| covered.note(count as f32, said));
            }
            // What was said of it while it was hardly ever called is nothing to hold against it.
            let was_usual = |steps: usize| is_usual(&counts.counts, last.saturating_sub(steps));
            let old = said.get(before).filter(|_| was_usual(before));
            let new = || said.first().filter(|_| was_usual(0));
            let quantiles = old.or_else(new).map(|said| **said);
            let sight = Sight { step, count, quantiles, place, day };
            let watcher = self.watchers.entry(member.name.clone()).or_default();
            found.extend(watcher.look(&member.name, &sight).into_iter().map(|one| (one, sight)));
        }
        drop(scores);
        ground.desk.covered.lock().steps.add(&covered);
        self.tell(origin, found, ground);
    }

    /// Tells of what was found in a step: here, and to functions that are called for it.
    fn tell(&mut self, origin: u64, mut found: Vec<(Found, Sight)>, ground: &Ground) {
        if found.is_empty() {
            return;
        }
        let at_ms = ground.step_begins_ms(origin);
        let blank = Anomaly { at_ms, step_ms: ground.step_ms(), ..Anomaly::default() };
        found.sort_by(|(one, _), (other, _)| one.chance.total_cmp(&other.chance));
        let rest = found.split_off(found.len().min(SINGLY_MAX));
        let mut anomalies: Vec<Anomaly> =
            found.iter().map(|one| told(one, &blank, ground)).collect();
        if !rest.is_empty() {
            let all = found.len() + rest.len();
            let text = format!(
                "{all} functions were out of the ordinary in one step; the {SINGLY_MAX} that are the \
                 least likely by chance are told of one by one"
            );
            let (function, kind) = ("*".to_string(), STORM.to_string());
            let since_ms = ground.step_begins_ms(origin.saturating_sub(1));
            anomalies.push(Anomaly { function, kind, text, since_ms, ..blank });
        }
        for anomaly in &mut anomalies {
            self.noticed += 1;
            anomaly.id = format!("{at_ms:020}-{}", self.noticed);
            tracing::warn!(function = %anomaly.function, kind = %anomaly.kind, "{}", anomaly.text);
            let bytes = serde_json::to_vec(&anomaly).expect("an anomaly is plain data");
            ground.parts.demand.note(ANOMALIES, anomaly.id.clone(), bytes);
            ground.desk.tell(anomaly.clone());
        }
        ground.alarms.raise(anomalies);
    }
}

/// The anomalies that are kept, oldest first; older ones are forgotten.
fn newest_anomalies(demand: &Demand) -> Vec<(String, Vec<u8>)> {
    let mut anomalies = demand.ledger.records(ANOMALIES).unwrap_or_default();
    let old = anomalies.len().saturating_sub(ANOMALIES_MAX);
    let gone: Vec<String> = anomalies.drain(..old).map(|(name, _)| name).collect();
    if !gone.is_empty()
        && let Err(error) = demand.ledger.exchange(ANOMALIES, &gone, &[])
    {
        tracing::warn!(%error, "cannot forget old anomalies");
    }
    anomalies
}

fn told((found, sight): &(Found, Sight), blank: &Anomaly, ground: &Ground) -> Anomaly {
    Anomaly {
        since_ms: ground.step_begins_ms(found.start),
        function: found.function.clone(),
        kind: kind(&found.oddity).to_string(),
        text: found.to_string(),
        seen: sight.count,
        expected: sight.quantiles.map(|said| ExpectedCalls {
            median: said[MEDIAN],
            low_80: said[LOW],
            high_80: said[HIGH],
            low_95: said[0],
            high_95: said[4],
        }),
        ..blank.clone()
    }
}

fn kind(oddity: &Oddity) -> &'static str {
    match oddity {
        Oddity::Spike { .. } => "spike",
        Oddity::LevelShift { .. } => "level-shift",
        Oddity::Silence { .. } => "silence",
        Oddity::ChangedSeason { .. } => "changed-season",
    }
}
