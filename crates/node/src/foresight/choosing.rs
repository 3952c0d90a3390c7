//! Which functions are forecast by a method of their own, as far as a node goes: what was said is
//! held against what came, methods are back-tested a few functions at a time beside the calls, and
//! what is said of all is replaced where another method proved better.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use swell_forecast::bands::{Forecast, Quantiles};
use swell_forecast::choice::chooser::Chooser;
use swell_forecast::choice::looking::{Found, look, loss_of};
use swell_forecast::choice::methods::{TRIED, find};
use swell_forecast::choice::record::Record;
use swell_forecast::choice::serving::{By, Losses};
use swell_forecast::effects::layer::Ahead;
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::panel::Panel;

use crate::demand::counter::Demand;
use crate::foresight::known::Known;

/// What the choices are kept as.
const KEPT: &str = "steps/choices";
/// Functions that are forecast in one go.
const CHUNK: usize = 64;
/// Functions that are looked at in one go; the next ones come with the next step.
const LOOKED: usize = 16;
/// The counts of a season ago, which nobody may be worse than for long.
const NAIVE: &str = "snaive";

/// Who forecasts a function, and why that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The method.
    pub method: String,
    /// Why.
    pub why: String,
}

/// Functions on which methods are to be tried.
pub struct Look {
    /// The step at which this was asked for.
    step: u64,
    names: Vec<Arc<str>>,
    panel: Panel,
    common: Vec<Record>,
    scales: Vec<f32>,
    horizon: usize,
}

/// What came of trying methods.
pub struct Looked {
    /// When it was asked for.
    step: u64,
    found: Vec<(Arc<str>, Option<Found>)>,
}

impl Look {
    /// Tries the methods, function by function, as long as `go_on` says so.
    pub fn run(self, go_on: impl Fn() -> bool) -> Looked {
        let Self { step, names, panel, common, scales, horizon } = self;
        let past = panel.before(panel.len());
        let first = step + 1 - panel.len() as u64;
        let mut found = Vec::with_capacity(names.len());
        for (member, name) in names.into_iter().enumerate() {
            if !go_on() {
                break;
            }
            let look = || look(&past, member, &common[member], first, scales[member], horizon);
            // A method that breaks is not found.
            let best = catch_unwind(AssertUnwindSafe(look)).unwrap_or(None);
            found.push((name, best));
        }
        Looked { step, found }
    }
}

/// What was said of the first step of a function.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    common: Option<Quantiles>,
    naive: Option<Quantiles>,
    own: Option<Quantiles>,
}

/// The choices of a node.
pub struct Choosing {
    chooser: Chooser,
    models: BTreeMap<&'static str, Box<dyn Model>>,
    horizon: usize,
    said: BTreeMap<Arc<str>, Said>,
    said_of: u64,
    is_looking: bool,
}

impl Choosing {
    /// Takes up what an earlier run left.
    pub fn open(kept: Option<&[u8]>, horizon: usize) -> Self {
        let chooser = match kept.map(Chooser::from_bytes) {
            Some(Ok(chooser)) => chooser,
            Some(Err(error)) => {
                tracing::warn!(%error, "which methods suit which functions is found out anew");
                Chooser::default()
            }
            None => Chooser::default(),
        };
        let none = Panel::new(Vec::new(), 1);
        let model = |name: &'static str| {
            Some((name, find(name)?.forecaster.fit(&none.before(0), &Budget::FULL, 0)))
        };
        let models = TRIED.into_iter().filter_map(model).collect();
        let (said, said_of, is_looking) = (BTreeMap::new(), 0, false);
        Self { chooser, models, horizon, said, said_of, is_looking }
    }

    /// How far is forecast.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// What was kept of an earlier run.
    pub fn kept(demand: &Demand) -> Option<Vec<u8>> {
        let records = demand.ledger.records(KEPT);
        records.ok().and_then(|mut records| records.pop()).map(|(_, bytes)| bytes)
    }

    /// The choices, for the next run.
    pub fn state(&self) -> Vec<u8> {
        self.chooser.to_bytes()
    }

    /// Has the choices written with the next writing.
    pub fn keep(&self, demand: &Demand) {
        demand.note(KEPT, "state".to_string(), self.state());
    }

    /// Takes in what came in the last step.
    pub fn hear(&mut self, known: &Known<'_>) {
        let Some(last) = known.panel.len().checked_sub(1) else { return };
        if self.said_of + 1 != known.origin {
            return;
        }
        let step = self.said_of;
        for (name, member) in known.names.iter().zip(&known.panel.members) {
            let (Some(came), Some(said)) = (member.counts.get(last), self.said.get(name)) else {
                continue;
            };
            let scale = (known.scale)(name);
            let lost =
                |said: Option<Quantiles>| said.and_then(|said| loss_of(said, came as f32, scale));
            let losses =
                Losses { common: lost(said.common), naive: lost(said.naive), own: lost(said.own) };
            if self.chooser.hear(name, step, losses) {
                let why = self.chooser.of(name).and_then(|choice| choice.why());
                let why = why.unwrap_or_else(|| "what forecasts the others does well".to_string());
                tracing::info!(function = %name, %why, "a function is forecast by another");
            }
        }
        let is_there = |name: &str| known.names.binary_search_by(|one| (**one).cmp(name)).is_ok();
        self.chooser.keep_only(is_there);
    }

    /// Replaces what was said of all where a function has somebody else; who that is, for each.
    pub fn serve(
        &mut self,
        known: &Known<'_>,
        ahead: &Ahead<'_>,
        forecasts: &mut [Forecast],
    ) -> Vec<Option<Chosen>> {
        let mut chosen = vec![None; forecasts.len()];
        self.said.clear();
        self.said_of = known.origin;
        let mut naives = Vec::with_capacity(forecasts.len());
        for (member, forecast) in forecasts.iter_mut().enumerate() {
            if member >= naives.len() {
                if !(known.go_on)() {
                    break;
                }
                let members = member..known.names.len().min(member + CHUNK);
                let room = member + members.len();
                naives
                    .extend(self.ask(NAIVE, known, ahead, members).into_iter().flatten().map(Some));
                naives.resize(room, None);
            }
            let name = &known.names[member];
            let choice = self.chooser.of(name);
            let by = choice.map_or(By::Common, |choice| choice.by());
            let own = choice.and_then(|choice| choice.own()).map(|own| own.method.as_str());
            let naive = naives[member].take();
            let by_own = own.and_then(|method| self.ask(method, known, ahead, member..member + 1));
            let by_own = by_own.and_then(|mut said| said.pop());
            let first = |said: &Forecast| said.steps.first().copied();
            let said = Said {
                common: first(&*forecast),
                naive: naive.as_ref().and_then(first),
                own: by_own.as_ref().and_then(first),
            };
            self.said.insert(name.clone(), said);
            let (instead, method) = match by {
                By::Common => continue,
                By::Own => (by_own, own.unwrap_or_default()),
                By::Naive => (naive, NAIVE),
            };
            if let (Some(instead), Some(why)) = (instead, choice.and_then(|choice| choice.why())) {
                *forecast = instead;
                chosen[member] = Some(Chosen { method: method.to_string(), why });
            }
        }
        chosen
    }

    /// What a method says of some functions; none if it breaks or comes up with what is no number.
    fn ask(
        &self,
        method: &str,
        known: &Known<'_>,
        ahead: &Ahead<'_>,
        members: Range<usize>,
    ) -> Option<Vec<Forecast>> {
        let (model, panel) = (self.models.get(method)?, &known.panel);
        let past = panel.before(panel.len());
        let predict = || model.predict(&past, members.clone(), self.horizon);
        let said = catch_unwind(AssertUnwindSafe(predict)).ok()?;
        let quantiles = || said.iter().flat_map(|said| &said.steps).flatten();
        if quantiles().any(|quantile| !quantile.is_finite()) {
            return None;
        }
        let said = members.zip(said);
        Some(said.map(|(member, said)| ahead.apply(member, said, panel.most)).collect())
    }

    /// The functions on which methods are to be tried now, if any are.
    pub fn look(&mut self, known: &Known<'_>) -> Option<Look> {
        if self.is_looking {
            return None;
        }
        let panel = &known.panel;
        let calls = |member: usize| {
            let counts = &panel.members[member].counts;
            let last = counts.len().saturating_sub(panel.day)..counts.len();
            last.filter_map(|step| counts.get(step)).map(|count| count as f32).sum::<f32>()
        };
        let all = known.names.iter().enumerate().map(|(member, name)| (name, calls(member)));
        let names = self.chooser.next(all, LOOKED);
        if names.is_empty() {
            return None;
        }
        let place = |name: &Arc<str>| known.names.binary_search(name).ok();
        let members = names.iter().filter_map(place).map(|at| panel.members[at].clone()).collect();
        let record = |name: &Arc<str>| {
            self.chooser.of(name).map(|choice| choice.common().clone()).unwrap_or_default()
        };
        let common = names.iter().map(record).collect();
        let scales = names.iter().map(|name| (known.scale)(name)).collect();
        let days = panel.days.clone();
        let (season, day, first, most) = (panel.season, panel.day, panel.first, panel.most);
        let panel = Panel { day, first, days, most, ..Panel::new(members, season) };
        self.is_looking = true;
        let (step, horizon) = (known.origin.saturating_sub(1), self.horizon);
        Some(Look { step, names, panel, common, scales, horizon })
    }

    /// Methods were tried.
    pub fn looked(&mut self, looked: Looked) {
        self.is_looking = false;
        for (name, found) in looked.found {
            if let Some(found) = &found {
                let (method, percent) = (&found.method, 100.0 * found.share);
                tracing::info!(function = %name, %method, percent, "a method is tried on a function");
            }
            self.chooser.found(&name, looked.step, found);
        }
    }
}
