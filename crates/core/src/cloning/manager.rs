//! What is known about clones: how they are to be made, what is expected of each function,
//! and how its forecasts and clones fared.
//!
//! Only memory; who acts on it is `foresee`, and what starts and ends is `reconcile`.

use serde::{Deserialize, Serialize};

use crate::cloning::balance::Balance;
use crate::cloning::catalog;
use crate::cloning::draft::Draft;
use crate::cloning::expected::{Expected, Outcome};
use crate::cloning::health::{CallHealth, Health};
use crate::cloning::lead::Lead;
use crate::cloning::policy::ClonePolicy;
use crate::cloning::rate::Rate;
use crate::cloning::recent::Recent;
use crate::cloning::scaling::{self, Surplus};
use crate::cloning::short::{Obstacle, ShortTally};
use crate::cloning::skill::Skill;
use crate::cloning::uses::{Lately, Uses};
use crate::ids::FunctionId;
use crate::parameters::UnknownPolicy;
use crate::pool::clones::CloneTally;
use crate::settings::{CloneBounds, CloningMode, CloningSettings};
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// So many functions are looked after at once, within a few milliseconds.
const AT_ONCE: usize = 1_500;

/// What is known about one function's clones.
#[derive(Debug, Default)]
pub(crate) struct Foreseen {
    chosen: Option<CloningMode>,
    bounds: CloneBounds,
    rate: Option<Rate>,
    pub(crate) expected: Option<Box<Expected>>,
    /// Calls of the last moments.
    pub(crate) recent: Box<Recent>,
    pub(crate) lead: Lead,
    pub(crate) surplus: Surplus,
    pub(crate) health: Health,
    /// Whether it tells of its health when it is asked.
    pub(crate) tells_health: bool,
    pub(crate) calls: CallHealth,
    /// What stood in the way of the last clone that was missing.
    pub(crate) obstacle: Option<Obstacle>,
}

/// How forecasts turned out, step by step of all functions that one spoke of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Steps that were forecast and have passed.
    pub steps: u64,
    /// Of these, steps whose calls lay between the tenth and the ninetieth percentile.
    pub within: u64,
    /// Steps with more calls than the ninetieth.
    pub above: u64,
    /// Steps with fewer than the tenth.
    pub below: u64,
}

impl Outcomes {
    fn note(&mut self, outcome: Outcome) {
        let came = u64::from(outcome.came) * 1000;
        self.steps += 1;
        if came > u64::from(outcome.said.q90) {
            self.above += 1;
        } else if came < u64::from(outcome.said.q10) {
            self.below += 1;
        } else {
            self.within += 1;
        }
    }
}

/// The memory of one site's cloning.
pub(crate) struct Manager {
    pub(crate) settings: CloningSettings,
    pub(crate) policy: Box<dyn ClonePolicy>,
    pub(crate) rate: Rate,
    pub(crate) outcomes: Outcomes,
    pub(crate) short: ShortTally,
    /// What became of clones of late.
    pub(crate) uses: Uses,
    /// Whether they pay.
    pub(crate) balance: Balance,
    /// Whether forecasts know more than habit.
    skill: Skill,
    /// When the step begins of which something was said last.
    said_of: Option<Instant>,
    /// A plan that is half made.
    pub(crate) draft: Option<Draft>,
    functions: Vec<Foreseen>,
    is_on: bool,
    /// Whether clones are made that are only to be foreseen.
    does_foreseen: bool,
}

impl Manager {
    /// No cloning.
    pub(crate) fn off() -> Self {
        let settings = CloningSettings::default();
        let policy = catalog::build(&settings.policy).expect("the usual policy is on the list");
        Self {
            rate: Rate::new(settings.starts_per_second),
            settings,
            policy,
            outcomes: Outcomes::default(),
            short: ShortTally::default(),
            uses: Uses::default(),
            balance: Balance::default(),
            skill: Skill::default(),
            said_of: None,
            draft: None,
            functions: Vec::new(),
            is_on: false,
            does_foreseen: false,
        }
    }

    /// The same, in a mind that does what another only foresees.
    pub(crate) fn doing_foreseen() -> Self {
        Self { does_foreseen: true, ..Self::off() }
    }

    /// Takes in new settings; what is expected and how it fared stays. Settings that name
    /// no policy change nothing.
    pub(crate) fn set(&mut self, settings: &CloningSettings) -> Result<(), UnknownPolicy> {
        self.policy = catalog::build(&settings.policy)?;
        self.rate = Rate::new(settings.starts_per_second);
        self.settings = settings.clone();
        self.look();
        Ok(())
    }

    /// Takes in a function's own mode.
    pub(crate) fn choose(&mut self, function: FunctionId, mode: Option<CloningMode>) {
        self.of(function).chosen = mode;
        self.look();
    }

    /// Takes in what clones of a function may take.
    pub(crate) fn bound(&mut self, function: FunctionId, bounds: CloneBounds) {
        let known = self.of(function);
        known.bounds = bounds;
        known.rate = bounds.starts_per_second.map(Rate::new);
    }

    /// What functions have chosen that clones of them may take.
    pub(crate) fn bounded(&self) -> impl Iterator<Item = (FunctionId, CloneBounds)> {
        let own = self.functions().map(|(function, known)| (function, known.bounds));
        own.filter(|(_, bounds)| *bounds != CloneBounds::default())
    }

    /// Takes in what became of all clones so far.
    pub(crate) fn look_back(&mut self, now: Instant, tally: CloneTally) {
        self.uses.look(now, tally);
        self.balance.look(now, tally.made, self.skill.surely());
    }

    /// A function was called.
    pub(crate) fn called(&mut self, function: FunctionId) {
        self.skill.on_call(function);
    }

    /// A step begins, and this is said of a function: the chance of a call in it. What was said of
    /// the step before is judged, if it was the one just before.
    pub(crate) fn said(&mut self, origin: Instant, step: Span, function: FunctionId, chance: u16) {
        if self.said_of != Some(origin) {
            match self.said_of.is_some_and(|said_of| said_of + step == origin) {
                true => self.skill.close(step),
                false => self.skill.forget_step(),
            }
            self.said_of = Some(origin);
        }
        self.skill.say(function, chance);
    }

    /// What clones of late were good for.
    pub(crate) fn lately(&self) -> Lately {
        Lately { used: self.uses.share(), standing: self.balance.standing() }
    }

    /// Whether no more clones are made than those that are certain to be used, as others have cost
    /// more starts than they were worth, given what became of all so far.
    pub(crate) fn holds_back(&self, tally: CloneTally) -> bool {
        self.policy.learns() && !self.balance.may_spend(tally.made)
    }

    /// When the next clone of a function may begin, by how its clones and its calls fared;
    /// [`Instant::ZERO`] if nothing is wrong with them.
    pub(crate) fn rested(&self, function: FunctionId) -> Instant {
        let own = self.get(function);
        own.map_or(Instant::ZERO, |own| own.health.until().max(own.calls.until()))
    }

    /// Whether a function tells of its health when it is asked.
    pub(crate) fn tells_health(&self, function: FunctionId) -> bool {
        self.get(function).is_some_and(|own| own.tells_health)
    }

    /// When the next instance that nobody waits for may begin of a function that tells of its health;
    /// [`Instant::ZERO`] if it is well, or does not tell.
    pub(crate) fn recovered(&self, function: FunctionId) -> Instant {
        let own = self.get(function).filter(|own| own.tells_health);
        own.map_or(Instant::ZERO, |own| own.health.until())
    }

    /// Whether calls of a function go without an answer, so that one clone at most is worth a try.
    pub(crate) fn calls_fail(&self, function: FunctionId) -> bool {
        self.get(function).is_some_and(|own| own.calls.is_failing())
    }

    /// When the next clone of a function may begin, by the caps on starts: `now` if at once.
    pub(crate) fn next_start(&self, now: Instant, function: FunctionId) -> Instant {
        let own = self.get(function).and_then(|known| known.rate);
        self.rate.next(now).max(own.map_or(now, |rate| rate.next(now)))
    }

    /// Takes a start, which [`Manager::next_start`] allowed.
    pub(crate) fn take_start(&mut self, now: Instant, function: FunctionId) {
        self.rate.take(now);
        if let Some(rate) = &mut self.of(function).rate {
            rate.take(now);
        }
    }

    /// How many more clones of a function may wait, by its own bound, if each holds so much and so
    /// many wait.
    pub(crate) fn room_of(&self, function: FunctionId, memory: Bytes, waiting: u32) -> u32 {
        let most = self.get(function).and_then(|known| known.bounds.memory);
        most.map_or(u32::MAX, |most| {
            let count = most.get() / memory.get().max(1);
            u32::try_from(count).unwrap_or(u32::MAX).saturating_sub(waiting)
        })
    }

    fn look(&mut self) {
        let own = self.functions.iter().filter_map(|known| known.chosen);
        self.is_on = own.chain([self.settings.mode]).any(|mode| self.makes(mode));
    }

    fn makes(&self, mode: CloningMode) -> bool {
        mode == CloningMode::On || self.does_foreseen && mode == CloningMode::Shadow
    }

    /// Whether clones of any function are only foreseen.
    pub(crate) fn has_shadow(&self) -> bool {
        let own = self.functions.iter().any(|known| known.chosen == Some(CloningMode::Shadow));
        own || self.settings.mode == CloningMode::Shadow
    }

    /// The modes that functions have for themselves.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = (FunctionId, CloningMode)> {
        self.functions().filter_map(|(function, known)| Some((function, known.chosen?)))
    }

    /// Whether clones of any function are made.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether clones of the function are made.
    pub(crate) fn clones(&self, function: FunctionId) -> bool {
        self.makes(self.mode(function))
    }

    /// What forecasts of the function may do.
    pub(crate) fn mode(&self, function: FunctionId) -> CloningMode {
        let known = self.functions.get(function.index());
        known.and_then(|known| known.chosen).unwrap_or(self.settings.mode)
    }

    /// What is known about a function's clones.
    pub(crate) fn of(&mut self, function: FunctionId) -> &mut Foreseen {
        let index = function.index();
        if index >= self.functions.len() {
            self.functions.resize_with(index + 1, Foreseen::default);
        }
        &mut self.functions[index]
    }

    /// What is known about a function's clones, if anything is.
    pub(crate) fn get(&self, function: FunctionId) -> Option<&Foreseen> {
        self.functions.get(function.index())
    }

    /// All functions about whose clones something is known.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (FunctionId, &Foreseen)> {
        (0..).map(FunctionId).zip(&self.functions)
    }

    /// Whether there are so many functions that what is due for all of them must not be done at
    /// once.
    pub(crate) fn is_large(&self) -> bool {
        self.functions.len() > AT_ONCE
    }

    /// How much later than others it is looked after a wish of a function that has ended: wishes
    /// end with the step that they are for, all at the same moment.
    pub(crate) fn apart(&self, function: FunctionId) -> Span {
        let place = if self.is_large() { u64::from(function.0) } else { 0 };
        Span::from_millis(place % 1_000)
    }

    pub(crate) fn note(&mut self, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            self.outcomes.note(outcome);
        }
    }

    /// How long a surplus of clones must last before it goes.
    pub(crate) fn patience(&self, now: Instant, function: FunctionId) -> Span {
        let known = self.get(function);
        let expected = known.and_then(|known| known.expected.as_ref());
        let step = expected.map_or(self.settings.step, |expected| expected.step());
        let usual = self.policy.patience(step);
        let is_over = known.is_some_and(|known| known.recent.is_over(now));
        if is_over { usual.min(scaling::SURGE_PATIENCE) } else { usual }
    }
}
