//! One step of forecasting: what came is held against what was said, the league decides, and
//! the next forecasts are made, by whoever is in use and, for comparison, by the others.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use swell_forecast::bands::Forecast;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::plan::{Plan, marks, plan};
use swell_forecast::catalogue::Entry;
use swell_forecast::checkpoint::CheckpointError;
use swell_forecast::effects::layer::{Ahead, calm};
use swell_forecast::effects::learn::learn;
use swell_forecast::effects::tell::{Hindsight, tell};
use swell_forecast::event::EventEffect;
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::league::contender::{Contender, Order};
use swell_forecast::league::rules::Rules;
use swell_forecast::league::score::{Told, loss};
use swell_forecast::league::table::{League, Round};
use swell_forecast::panel::Panel;

use crate::foresight::calendar::Calendar;
use crate::foresight::choosing::{Choosing, Chosen, Look};
use crate::foresight::known::Known;
use crate::foresight::members::every_of;
use crate::foresight::models::{Models, method};
use crate::foresight::noted::Noted;

/// Members that are forecast in one go, between two rests.
const CHUNK: usize = 64;
/// Functions by which contenders are compared, about; all are forecast by the one in use.
const COMPARED_MAX: usize = 1_000;

/// Models, and who of them is believed.
pub struct Maker {
    method: Entry,
    /// Who forecasts which function in place of who forecasts all.
    pub choosing: Choosing,
    league: League,
    models: Models,
    held: BTreeMap<u64, Box<dyn Model>>,
    untrained: [(Contender, Box<dyn Model>); 4],
    horizon: usize,
    /// What each contender said of the step that is next to come, by function.
    said: BTreeMap<Contender, BTreeMap<Arc<str>, Forecast>>,
    /// The step that was said of.
    said_of: u64,
    /// What parts of models said before.
    noted: BTreeMap<Contender, Noted>,
}

/// What came of it.
pub struct Said {
    /// By whom.
    pub by: Contender,
    /// Why by that one.
    pub why: String,
    /// What is expected, in the order of the names; none if nobody could tell.
    pub forecasts: Option<Vec<Forecast>>,
    /// What the calendar says of the panel and the steps ahead.
    pub plan: Plan,
    /// What of that is believed to do what.
    pub events: Vec<EventEffect>,
    /// Steps of the panel, so that the first one ahead has this number in the plan.
    pub len: usize,
    /// The generation of a model to make, if one is wanted.
    pub train: Option<u64>,
    /// Occasions whose effect was learned.
    pub learned: usize,
    /// Who forecasts a function in place of the one who forecasts all, in the order of the names.
    pub chosen: Vec<Option<Chosen>>,
    /// Functions on which methods are to be tried.
    pub look: Option<Look>,
}

impl Maker {
    /// Takes up what an earlier run left: `state` is what its league knew.
    pub fn new(
        method: Entry,
        rules: Rules,
        models: Models,
        choosing: Choosing,
        state: Option<&[u8]>,
    ) -> Self {
        let read =
            |bytes: &[u8]| -> Result<League, CheckpointError> { League::from_bytes(rules, bytes) };
        let league = match state.map(read) {
            Some(Ok(league)) => league,
            Some(Err(error)) => {
                tracing::warn!(%error, "who forecasts well is found out anew");
                League::new(rules)
            }
            None => League::new(rules),
        };
        let untrained = [
            (Contender::Window, "window-1h"),
            (Contender::SeasonalNaive, "snaive"),
            (Contender::DayNaive, "day-naive"),
            (Contender::WeekNaive, "week-naive"),
        ];
        let untrained = untrained.map(|(contender, name)| (contender, needless(name)));
        let (held, said, noted) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (said_of, horizon) = (0, choosing.horizon());
        let mut maker = Self {
            method,
            choosing,
            league,
            models,
            held,
            untrained,
            horizon,
            said,
            said_of,
            noted,
        };
        maker.take_up();
        maker
    }

    fn take_up(&mut self) {
        let generations: Vec<u64> = self.league.state().held().collect();
        for generation in generations {
            match self.models.take(generation, &self.method) {
                Ok(model) => drop(self.held.insert(generation, model)),
                Err(why) => {
                    tracing::warn!(%why, "a model is lost; forecasts go on without it");
                    let orders = self.league.lost(generation, &why);
                    self.obey(&orders);
                }
            }
        }
        self.tidy();
    }

    /// What the league knows, for the next run.
    pub fn state(&self) -> Vec<u8> {
        self.league.to_bytes()
    }

    /// The league.
    pub fn league(&self) -> &League {
        &self.league
    }

    /// A model was made, or was not.
    pub fn made(&mut self, generation: u64, model: Result<Box<dyn Model>, String>) {
        let kept = model.and_then(|model| {
            let bytes = model.to_bytes();
            // A model that cannot be read again is better known now than after a restart.
            self.method.forecaster.read(&bytes).map_err(|error| error.to_string())?;
            let kept = self.models.keep(generation, &bytes);
            kept.map_err(|error| format!("it cannot be kept: {error}"))?;
            Ok(model)
        });
        let orders = match kept {
            Ok(model) => {
                self.held.insert(generation, model);
                self.league.trained(generation, Ok(()))
            }
            Err(why) => self.league.trained(generation, Err(&why)),
        };
        self.obey(&orders);
        self.tidy();
    }

    /// Lets go of models that the league needs no more.
    fn tidy(&mut self) {
        let needed: Vec<u64> = self.league.state().held().collect();
        self.held.retain(|generation, _| needed.contains(generation));
        let is_held = |of: &Contender| matches!(of, Contender::Model(generation) if needed.contains(generation));
        self.noted.retain(|of, _| is_held(of));
        self.models.keep_only(&needed);
    }

    fn obey(&mut self, orders: &[Order]) -> Option<u64> {
        let mut train = None;
        for order in orders {
            match *order {
                Order::Train(generation, why) => {
                    tracing::info!(generation, %why, "a model of demand is being trained");
                    train = Some(generation);
                }
                Order::Use(contender) => tracing::info!(by = %contender, "demand is forecast"),
                Order::Forget(generation) => drop(self.held.remove(&generation)),
            }
        }
        train
    }

    /// One step.
    pub fn step(&mut self, mut known: Known<'_>, calendar: &Calendar) -> Said {
        let plan = self.plan(&known, calendar);
        let names: Vec<&str> = known.names.iter().map(|name| &**name).collect();
        let len = known.panel.len();
        let now_ms = known.grid.start_of(len);
        let learned = self.learn(&known, &plan, calendar);
        let hindsight = Hindsight::AsOf(now_ms);
        let events = tell(&plan.occurrences, &calendar.effects.read(), &names, hindsight);
        let losses = self.losses(&known);
        self.choosing.hear(&known);
        if !events.is_empty() {
            known.panel = calm(&known.panel, &events);
        }
        known.panel.events = marks(&plan.occurrences);
        let round = Round {
            step: known.origin.saturating_sub(1),
            known: known.steps,
            losses: &losses,
            drifted: known.drifted,
        };
        let orders = self.league.step(&round);
        let train = self.obey(&orders);
        self.tidy();
        let (by, mut forecasts) = self.forecast(&known, &events);
        let ahead = Ahead::of(&events, known.panel.len(), self.horizon);
        let said = forecasts.as_deref_mut().unwrap_or_default();
        let chosen = self.choosing.serve(&known, &ahead, said);
        let look = self.choosing.look(&known);
        let why = self.why(by);
        Said { by, why, forecasts, plan, events, len, train, learned, chosen, look }
    }

    /// What a model learns from: counts without what was announced for them.
    pub fn lesson(&self, panel: Panel, grid: Grid, calendar: &Calendar) -> Panel {
        let names: Vec<&str> = panel.members.iter().map(|member| member.name.as_str()).collect();
        let plan = plan(&calendar.all(), grid, panel.len(), &names);
        let hindsight = Hindsight::AsOf(grid.start_of(panel.len()));
        let events = tell(&plan.occurrences, &calendar.effects.read(), &names, hindsight);
        let calm = if events.is_empty() { panel } else { calm(&panel, &events) };
        Panel { events: marks(&plan.occurrences), ..calm }
    }

    fn plan(&self, known: &Known<'_>, calendar: &Calendar) -> Plan {
        let names: Vec<&str> = known.names.iter().map(|name| &**name).collect();
        let occasions = calendar.all();
        plan(&occasions, known.grid, known.panel.len() + self.horizon, &names)
    }

    fn learn(&self, known: &Known<'_>, plan: &Plan, calendar: &Calendar) -> usize {
        if plan.occurrences.is_empty() {
            return 0;
        }
        let Some(model) = self.model(self.league.state().in_use) else { return 0 };
        let mut book = calendar.effects.write();
        let learned = learn(&mut book, &known.panel, &plan.occurrences, model, self.horizon);
        drop(book);
        if learned > 0 {
            calendar.keep_effects();
        }
        learned
    }

    /// How good each contender was about the step that has just come.
    fn losses(&self, known: &Known<'_>) -> Vec<(Contender, f64)> {
        let Some(last) = known.panel.len().checked_sub(1) else { return Vec::new() };
        if self.said_of + 1 != known.origin {
            return Vec::new();
        }
        let loss_of = |said: &BTreeMap<Arc<str>, Forecast>| {
            let each = known.names.iter().zip(&known.panel.members);
            let told = each.filter_map(|(name, member)| {
                let came = member.counts.get(last)? as f32;
                let quantiles = *said.get(name)?.steps.first()?;
                Some(Told { quantiles, came, scale: (known.scale)(name) })
            });
            loss(told)
        };
        let losses = self.said.iter().map(|(contender, said)| (*contender, loss_of(said)));
        let losses: Vec<_> = losses.collect();
        // Nothing was measured, or nothing had been said: no round.
        if losses.iter().all(|(_, loss)| loss.is_nan()) { Vec::new() } else { losses }
    }

    fn model(&self, contender: Contender) -> Option<&dyn Model> {
        if let Contender::Model(generation) = contender {
            return self.held.get(&generation).map(|model| &**model);
        }
        self.untrained.iter().find(|(of, _)| *of == contender).map(|(_, model)| &**model)
    }

    /// Lets everybody forecast who is scored, and the one in use all functions.
    fn forecast(
        &mut self,
        known: &Known<'_>,
        events: &[EventEffect],
    ) -> (Contender, Option<Vec<Forecast>>) {
        let (mut said, mut chosen) = (BTreeMap::new(), None);
        let every = every_of(known.names.len().div_ceil(CHUNK), COMPARED_MAX / CHUNK);
        let mut noted = std::mem::take(&mut self.noted);
        for contender in self.league.chain() {
            if chosen.is_none() && contender != Contender::KeepAlive {
                let forecasts = self.ask(contender, known, events, 1, &mut noted);
                chosen = forecasts.map(|forecasts| (contender, forecasts));
            }
        }
        let mut keep = |contender: Contender, forecasts: &mut dyn Iterator<Item = &Forecast>| {
            let compared = known.names.chunks(CHUNK).step_by(every).flatten();
            let first = compared.zip(forecasts).map(|(name, said)| {
                let steps = said.steps.iter().take(1).copied().collect();
                (name.clone(), Forecast { steps })
            });
            said.insert(contender, first.collect::<BTreeMap<_, _>>());
        };
        if let Some((contender, forecasts)) = &chosen {
            keep(*contender, &mut forecasts.chunks(CHUNK).step_by(every).flatten());
        }
        for contender in self.league.scored() {
            let is_done = chosen.as_ref().is_some_and(|(by, _)| *by == contender);
            if is_done || !(known.go_on)() {
                continue;
            }
            if let Some(forecasts) = self.ask(contender, known, events, every, &mut noted) {
                keep(contender, &mut forecasts.iter());
            }
        }
        (self.said, self.said_of, self.noted) = (said, known.origin, noted);
        match chosen {
            Some((by, forecasts)) => (by, Some(forecasts)),
            None => (Contender::KeepAlive, None),
        }
    }

    /// What a contender forecasts of every so many [`CHUNK`]s of functions; none if it cannot, or
    /// comes up with what is no number.
    fn ask(
        &self,
        contender: Contender,
        known: &Known<'_>,
        events: &[EventEffect],
        every: usize,
        noted: &mut BTreeMap<Contender, Noted>,
    ) -> Option<Vec<Forecast>> {
        let model = self.model(contender)?;
        let panel = &known.panel;
        let needed = match contender {
            Contender::DayNaive => panel.day.max(1),
            Contender::WeekNaive => 7 * panel.day.max(1),
            _ => 0,
        };
        if needed as u64 > known.steps {
            return None;
        }
        // A model that breaks leaves no notes behind.
        let mut notes = noted.remove(&contender).unwrap_or_default();
        notes.begin(known.origin.saturating_sub(panel.len() as u64));
        let past = panel.before(panel.len());
        let ahead = Ahead::of(events, panel.len(), self.horizon);
        let all = known.names.len();
        let mut forecasts = Vec::with_capacity(all / every);
        let mut is_whole_run = true;
        for first in (0..all).step_by(CHUNK).step_by(every) {
            if !(known.go_on)() {
                is_whole_run = false;
                break;
            }
            let chunk = first..all.min(first + CHUNK);
            let notes = notes.of(first / CHUNK, chunk.clone(), &known.names);
            let predict = || model.predict_noted(&past, chunk.clone(), self.horizon, notes);
            let told = match catch_unwind(AssertUnwindSafe(predict)) {
                Ok(told) if told.iter().all(is_whole) => told,
                Ok(_) => return None,
                Err(_) => {
                    tracing::error!(by = %contender, "a model broke while it forecast");
                    return None;
                }
            };
            let told = chunk.zip(told);
            forecasts.extend(told.map(|(member, told)| ahead.apply(member, told, panel.most)));
        }
        noted.insert(contender, notes);
        is_whole_run.then_some(forecasts)
    }

    fn why(&self, by: Contender) -> String {
        let state = self.league.state();
        if by != state.in_use {
            return format!("{} could not forecast", state.in_use);
        }
        let turns = ["promoted", "demoted", "good again", "lost"];
        let is_turn = |what: &&String| turns.iter().any(|word| what.contains(word));
        let of_it = state.changes.iter().rev().map(|change| &change.what).find(is_turn);
        match (of_it, by) {
            (Some(what), _) => what.clone(),
            (None, Contender::Model(_)) => "it did best of late".to_string(),
            (None, _) => "no model has proved better yet".to_string(),
        }
    }
}

fn is_whole(forecast: &Forecast) -> bool {
    forecast.steps.iter().flatten().all(|quantile| quantile.is_finite())
}

/// The model of a method that learns nothing.
fn needless(name: &str) -> Box<dyn Model> {
    let panel = Panel::new(Vec::new(), 1);
    method(name).forecaster.fit(&panel.before(0), &Budget::FULL, 0)
}
