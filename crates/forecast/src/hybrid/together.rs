//! One forecaster of many: trees and a network across functions beside simple methods, and of
//! each function a record of who was right about it.
//!
//! This is the hybrid of the founding design, an LSTM for what follows on what and a gradient
//! boosting machine of lags and the calendar, combined; how they are combined, and when a
//! simple method is believed instead, is decided by what each said before and what then came.

use std::ops::Range;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, LEVELS};
use crate::bound::bound;
use crate::checkpoint::{self, CheckpointError};
use crate::few::{FEW, next_count, usual};
use crate::forecaster::{Budget, Forecaster, Model, Notes};
use crate::global::views::{Closed, Views};
use crate::hybrid::band::{Sides, Widths, scaled, whole};
use crate::hybrid::blend::{Rule, blend, losses, weights};
use crate::hybrid::seen::{Seen, prior};
use crate::hybrid::track::{Origin, STRIDE, Tracked, judged, origins};
use crate::panel::Past;

const KIND: &str = "hybrid";
/// How a hybrid weighs and widens. Chosen with the bundled day in view, so what it reaches
/// there says less than what it reaches elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Manner {
    /// How losses become weights.
    rule: Rule,
    /// How sharply a part that did worse on functions alike is left, at each level.
    prior: [f32; LEVELS.len()],
    /// How much of the factors that would have been right is taken, 0 to 1, edge by edge.
    conform: Sides,
}

/// The usual manner.
const MANNER: Manner = Manner {
    rule: Rule { sharpness: SHARPNESS, fading: 0.9, doubt: 20.0 },
    prior: SHARPNESS,
    // Moving the edges of 80 % costs: at the upper one, since it is not known which functions will be
    // unsteady, and at both once demand drifts, since they were fitted to what was before.
    conform: [1.0, 0.25, 0.1, 1.0],
};

/// Who is right about the middle shows in every step; about an edge only the few steps beyond it
/// tell, so a record of some hours must not decide there.
const SHARPNESS: [f32; LEVELS.len()] = [1.0, 1.0, 4.0, 1.0, 1.0];

/// Members forecast in one go.
const CHUNK: usize = 128;
/// Members that all parts look at before the next: what is known of so many stays in a near cache.
const NEAR: usize = 32;

/// A part of a hybrid.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name, under which its model is kept.
    pub name: &'static str,
    /// What makes its model.
    pub forecaster: &'static dyn Forecaster,
    /// How much it is believed beside the others before anything is known of it. A part that
    /// learned across functions has seen the likes of any function, a simple one has not.
    pub odds: f32,
}

/// Makes hybrids of some parts.
#[derive(Clone, Copy)]
pub struct Hybridization {
    /// The parts.
    pub parts: &'static [Part],
    /// Steps ahead that are calibrated.
    pub horizon: usize,
}

/// Several models, what is thought of them, and how wide bands must be.
pub struct Hybrid {
    parts: Vec<Box<dyn Model>>,
    names: Vec<String>,
    learned: Learned,
    manner: Manner,
}

/// What calibration found, class by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Learned {
    priors: Vec<Vec<[f32; LEVELS.len()]>>,
    widths: Vec<Widths>,
}

impl Forecaster for Hybridization {
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model> {
        let slots: Vec<Mutex<Option<Box<dyn Model>>>> =
            self.parts.iter().map(|_| Mutex::new(None)).collect();
        (budget.each)(self.parts.len(), &|part| {
            let model = self.parts[part].forecaster.fit(past, budget, seed);
            *slots[part].lock().expect("no job broke") = Some(model);
        });
        let taken = slots.into_iter().map(|slot| slot.into_inner().expect("no job broke"));
        let parts: Vec<Box<dyn Model>> =
            taken.map(|model| model.expect("each job was done")).collect();
        self.of(parts, past, budget)
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError> {
        let (learned, kept): (Learned, Vec<(String, Vec<u8>)>) = checkpoint::read(KIND, bytes)?;
        let is_whole = kept.len() == self.parts.len()
            && learned.priors.len() == CLASSES
            && learned.widths.len() == CLASSES
            && learned.priors.iter().all(|prior| prior.len() == kept.len())
            && learned
                .priors
                .iter()
                .flatten()
                .flatten()
                .all(|odds| odds.is_finite() && *odds > 0.0);
        if !is_whole {
            return Err(CheckpointError::Damaged);
        }
        let mut parts = Vec::new();
        for (part, (name, bytes)) in self.parts.iter().zip(&kept) {
            if part.name != name {
                let wanted = part.name.to_string();
                return Err(CheckpointError::Kind { found: name.clone(), wanted });
            }
            parts.push(part.forecaster.read(bytes)?);
        }
        Ok(Box::new(Hybrid { parts, names: self.names(), learned, manner: MANNER }))
    }
}

/// All, rare, medium and busy functions; the first is for classes with few of them.
const CLASSES: usize = 4;
/// Origins so many steps apart are judged by other counts: the hour that is calibrated.
const APART: usize = 12;
/// Functions of a class that are enough to speak for it.
const ENOUGH: usize = 20;

impl Hybridization {
    /// Makes one of parts that are there already, in their order, each made of the same past.
    pub fn of(
        &self,
        parts: Vec<Box<dyn Model>>,
        past: &Past<'_>,
        budget: &Budget<'_>,
    ) -> Box<dyn Model> {
        Box::new(self.calibrate(parts, past, budget, MANNER))
    }

    fn names(&self) -> Vec<String> {
        self.parts.iter().map(|part| part.name.to_string()).collect()
    }

    /// Learns from what the parts would have said before the origin whom to believe, and how
    /// wide bands must be.
    fn calibrate(
        &self,
        parts: Vec<Box<dyn Model>>,
        past: &Past<'_>,
        budget: &Budget<'_>,
        manner: Manner,
    ) -> Hybrid {
        let even = vec![vec![[1.0; LEVELS.len()]; parts.len()]; CLASSES];
        let learned = Learned { priors: even, widths: vec![Widths::default(); CLASSES] };
        let mut hybrid = Hybrid { parts, names: self.names(), learned, manner };
        // Some thousand functions say it all; who is left out are every so many.
        let every = past.members().div_ceil(budget.asked.max(1)).max(1);
        let size = CHUNK.min(budget.asked.max(1));
        let chunks: Vec<Range<usize>> =
            chunks(0..past.members(), size).into_iter().step_by(every).collect();
        let tracked = judged(past.origin(), past.day(), past.days());
        let slots: Vec<Mutex<Notes>> = chunks.iter().map(|_| Mutex::default()).collect();
        (budget.each)(chunks.len(), &|chunk| {
            let notes = hybrid.look_back(past, chunks[chunk].clone(), &tracked, self.horizon);
            *slots[chunk].lock().expect("no job broke") = notes;
        });
        let noted: Vec<Notes> =
            slots.into_iter().map(|slot| slot.into_inner().expect("no job broke")).collect();
        let each: Vec<(Range<usize>, &Notes)> = chunks.into_iter().zip(&noted).collect();
        let seen: Vec<Seen<'_>> = each
            .iter()
            .flat_map(|(chunk, notes)| hybrid.seen(past, chunk.clone(), &tracked, notes))
            .collect();
        hybrid.learned = self.learn(&hybrid, &seen);
        hybrid
    }

    /// Whom to believe and how wide bands must be, by what was said of some functions.
    fn learn(&self, hybrid: &Hybrid, seen: &[Seen<'_>]) -> Learned {
        let mut learned = hybrid.learned.clone();
        let odds: Vec<f32> = self.parts.iter().map(|part| part.odds).collect();
        for class in 0..CLASSES {
            let of_class: Vec<&Seen<'_>> =
                seen.iter().filter(|s| class == 0 || s.class == class).collect();
            if class == 0 || of_class.len() >= ENOUGH {
                learned.priors[class] = prior(&of_class, &odds, hybrid.manner.prior);
            } else {
                learned.priors[class] = learned.priors[0].clone();
            }
        }
        let bands: Vec<_> = seen
            .iter()
            .map(|seen| (seen.class, hybrid.said_together(seen, &learned), seen))
            .collect();
        for class in 0..CLASSES {
            let of_class = bands.iter().filter(|(of, ..)| class == 0 || *of == class);
            let steps = of_class.flat_map(|(_, said, seen)| {
                said.iter().flat_map(|(origin, forecast)| {
                    let came = &seen.counts[origin.at.min(seen.counts.len())..];
                    let steps = forecast.steps.iter().zip(came).enumerate();
                    steps.map(|(ahead, (quantiles, came))| (ahead, *quantiles, *came))
                })
            });
            let steps = steps.filter(|(_, _, came)| !came.is_nan());
            learned.widths[class] = Widths::fit(steps, self.horizon, hybrid.manner.conform);
        }
        learned
    }
}

fn chunks(members: Range<usize>, size: usize) -> Vec<Range<usize>> {
    let (start, end) = (members.start, members.end);
    (start..end).step_by(size).map(|first| first..end.min(first + size)).collect()
}

impl Hybrid {
    fn look_back(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        tracked: &[Origin],
        horizon: usize,
    ) -> Notes {
        let mut notes = Notes::default();
        let missing: Vec<usize> = tracked.iter().map(|origin| origin.at).collect();
        for some in chunks(members, NEAR) {
            self.note(&Closed::of(past, some), (&missing, horizon), None, &mut notes);
        }
        notes
    }

    /// Lets the parts say of some more functions what is `missing`, and what they say of `now`.
    fn note(
        &self,
        closed: &Closed<'_>,
        (missing, horizon): (&[usize], usize),
        now: Option<&Views<'_>>,
        notes: &mut Notes,
    ) -> Vec<Vec<Forecast>> {
        let views: Vec<Views<'_>> =
            missing.iter().map(|&origin| closed.at(origin, horizon)).collect();
        let said = self.parts.iter().map(|part| match now {
            Some(now) => part.say_now_and_often(now, &views),
            None => (Vec::new(), part.say_often(&views)),
        });
        let (said_now, often): (Vec<_>, Vec<_>) = said.unzip();
        for (part, often) in often.into_iter().enumerate() {
            for (&origin, said) in missing.iter().zip(often) {
                self.noted(notes, origin)[part].extend(said);
            }
        }
        said_now
    }

    /// What each part said at an origin, so far.
    fn noted<'n>(&self, notes: &'n mut Notes, origin: usize) -> &'n mut Vec<Vec<Forecast>> {
        notes.said.entry(origin).or_insert_with(|| vec![Vec::new(); self.parts.len()])
    }

    fn seen<'n>(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        tracked: &[Origin],
        notes: &'n Notes,
    ) -> Vec<Seen<'n>> {
        let one = |(place, member): (usize, usize)| {
            let track = tracked.iter().filter_map(|origin| {
                let said = notes.said.get(&origin.at)?;
                let forecasts = said.iter().map(|said| &said[place]).collect();
                Some(Tracked { origin: *origin, forecasts })
            });
            Seen::of(past.counts(member), track.collect(), self.parts.len(), self.manner.rule)
        };
        members.enumerate().map(one).collect()
    }

    fn weights(&self, seen: &Seen<'_>, learned: &Learned) -> Vec<[f32; LEVELS.len()]> {
        weights(&seen.losses, &learned.priors[seen.class], seen.floor, self.manner.rule)
    }

    /// What the parts together would have said at tracked origins, each time weighed by the others:
    /// by weights that had seen what came, bands would look better than they are.
    fn said_together(&self, seen: &Seen<'_>, learned: &Learned) -> Vec<(Origin, Forecast)> {
        let together = |own: &Tracked<'_>| {
            let is_apart = |other: &&Tracked<'_>| other.origin.at.abs_diff(own.origin.at) >= APART;
            let others: Vec<Tracked<'_>> = seen.track.iter().filter(is_apart).cloned().collect();
            let rule = self.manner.rule;
            let losses = losses(&others, &seen.counts, self.parts.len(), rule);
            let weights = weights(&losses, &learned.priors[seen.class], seen.floor, rule);
            (own.origin, blend(&own.forecasts, &weights))
        };
        seen.track.iter().rev().map(together).collect()
    }

    fn decide(&self, past: &Past<'_>, seen: &Seen<'_>, now: &[&Forecast]) -> Forecast {
        let widths = &self.learned.widths[seen.class];
        let mut blended = blend(now, &self.weights(seen, &self.learned));
        for (ahead, quantiles) in blended.steps.iter_mut().enumerate() {
            let mut sides = widths.at(ahead);
            for (side, conform) in sides.iter_mut().zip(self.manner.conform) {
                *side = side.powf(conform);
            }
            *quantiles = scaled(quantiles, sides);
        }
        // Gaps are neither larger than anything nor parts of a call.
        let known = || seen.counts.iter().copied().filter(|count| !count.is_nan());
        let last = known().next_back().unwrap_or(0.0);
        let few: Vec<f32> = known().take(FEW).collect();
        if (1..FEW).contains(&few.len()) {
            // Most parts, and who of them is right, need hours.
            blended = Forecast::flat(next_count(&few, usual(past)), blended.steps.len());
        }
        let sane = blended.sane(past.most().min(bound(&seen.counts)), last);
        whole(sane, &seen.counts).sane(past.most(), last)
    }

    /// The parts by name with the share each has in the median of a member's forecast.
    pub fn shares(&self, past: &Past<'_>, member: usize, horizon: usize) -> Vec<(String, f32)> {
        let tracked = origins(past.origin(), past.day(), past.days());
        let notes = self.look_back(past, member..member + 1, &tracked, horizon);
        let seen = self.seen(past, member..member + 1, &tracked, &notes);
        let weights = self.weights(&seen[0], &self.learned);
        let shares = weights.iter().map(|weight| weight[crate::bands::MEDIAN]);
        self.names.iter().cloned().zip(shares).collect()
    }
}

impl Model for Hybrid {
    fn predict(&self, past: &Past<'_>, members: Range<usize>, horizon: usize) -> Vec<Forecast> {
        let mut forecasts = Vec::with_capacity(members.len());
        for members in chunks(members, CHUNK) {
            forecasts.extend(self.predict_noted(past, members, horizon, &mut Notes::default()));
        }
        forecasts
    }

    fn predict_noted(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        horizon: usize,
        notes: &mut Notes,
    ) -> Vec<Forecast> {
        let origin = past.origin();
        let tracked = origins(origin, past.day(), past.days());
        // This origin will be tracked soon.
        let is_kept = origin.is_multiple_of(STRIDE);
        notes.said.retain(|at, _| tracked.iter().any(|origin| origin.at == *at));
        let missing = tracked.iter().filter(|origin| !notes.said.contains_key(&origin.at));
        let missing: Vec<usize> = missing.map(|origin| origin.at).collect();
        let mut now: Vec<Vec<Forecast>> = vec![Vec::new(); self.parts.len()];
        for some in chunks(members.clone(), NEAR) {
            let closed = Closed::of(past, some);
            let views = closed.at(origin, horizon);
            let said = if is_kept {
                let both = self.parts.iter().map(|part| part.say_both(&views));
                let (said, unseen): (Vec<_>, Vec<_>) =
                    both.map(|[now, unseen]| (now, unseen)).unzip();
                self.note(&closed, (&missing, horizon), None, notes);
                let noted = self.noted(notes, origin).iter_mut();
                noted.zip(unseen).for_each(|(noted, unseen)| noted.extend(unseen));
                said
            } else {
                self.note(&closed, (&missing, horizon), Some(&views), notes)
            };
            now.iter_mut().zip(said).for_each(|(now, said)| now.extend(said));
        }
        let seen = self.seen(past, members, &tracked, notes);
        let decided = seen.iter().enumerate().map(|(place, seen)| {
            let now: Vec<&Forecast> = now.iter().map(|now| &now[place]).collect();
            self.decide(past, seen, &now)
        });
        decided.collect()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let kept: Vec<(&String, Vec<u8>)> =
            self.names.iter().zip(self.parts.iter().map(|part| part.to_bytes())).collect();
        checkpoint::write(KIND, &(&self.learned, kept))
    }
}
