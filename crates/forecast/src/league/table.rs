//! The league: a champion, a challenger, the last good one, and what needs no training.
//!
//! It is told at each step how good everybody's forecasts of that step were, and says who
//! forecasts next and when to train. It has no clock and no model in its hands.
//!
//! Invariant: there is always somebody who can forecast, as the last of [`League::chain`] needs
//! nothing. Invariant: whoever forecasts is not worse than seasonal naive by more than
//! [`Rules::tolerance`] for more than [`Rules::patience`] scored steps in a row. Demand that goes by
//! the day is known better from the day before, so whoever is surely worse than that is out too.

use crate::checkpoint::CheckpointError;
use crate::league::contender::{Contender, Order, Why};
use crate::league::form::KEPT;
use crate::league::rules::Rules;
use crate::league::state::State;
use crate::league::trial::{Trial, Verdict};

/// Who does not need training, the better usual one first.
const UNTRAINED: [Contender; 4] =
    [Contender::Window, Contender::SeasonalNaive, Contender::DayNaive, Contender::WeekNaive];

/// What a step told.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// The step whose counts have come.
    pub step: u64,
    /// How many steps are known.
    pub known: u64,
    /// The loss of each contender's forecasts of that step, on the same functions; one that is
    /// left out, or no number, did not forecast. Empty: nothing was measured.
    pub losses: &'a [(Contender, f64)],
    /// The share of functions whose demand changed of late.
    pub drifted: f32,
}

/// A league.
#[derive(Debug, Clone, PartialEq)]
pub struct League {
    rules: Rules,
    state: State,
}

impl League {
    /// A league that knows nothing.
    pub fn new(rules: Rules) -> Self {
        let patience = rules.patience.clamp(1, KEPT);
        Self { rules: Rules { patience, ..rules }, state: State::default() }
    }

    /// The league of an earlier run; its training, if there was one, has ended with that.
    pub fn from_bytes(rules: Rules, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let mut state = State::from_bytes(bytes)?;
        state.training = None;
        Ok(Self { state, ..Self::new(rules) })
    }

    /// What it knows, for the next run.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.state.to_bytes()
    }

    /// What it knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Who forecasts, and who does if that one cannot, in order.
    pub fn chain(&self) -> Vec<Contender> {
        let models = [self.state.champion, self.state.last_good].into_iter().flatten();
        let mut chain = vec![self.state.in_use];
        let rest = match self.state.in_use {
            Contender::Model(_) => models.map(Contender::Model).collect(),
            _ => Vec::new(),
        };
        for contender in rest.into_iter().chain(UNTRAINED).chain([Contender::KeepAlive]) {
            if !chain.contains(&contender) {
                chain.push(contender);
            }
        }
        chain
    }

    /// Who is to forecast in shadow beside who is in use, to be scored.
    pub fn scored(&self) -> Vec<Contender> {
        let models = self.state.held().map(Contender::Model);
        let mut scored: Vec<Contender> = models.chain(UNTRAINED).collect();
        scored.sort_unstable();
        scored.dedup();
        scored
    }

    /// Takes in what a step told, and says what to do.
    pub fn step(&mut self, round: &Round<'_>) -> Vec<Order> {
        let mut orders = Vec::new();
        if self.state.step.is_some_and(|last| round.step <= last) {
            return orders;
        }
        self.state.step = Some(round.step);
        let recent = round.step.saturating_sub(KEPT as u64 - 1);
        self.state.forms.values_mut().for_each(|form| form.forget_before(recent));
        if !round.losses.is_empty() {
            self.take(round);
            self.watch(round.step, &mut orders);
            self.judge(round.step, &mut orders);
        }
        self.consider_training(round, &mut orders);
        orders
    }

    /// A training has ended, with a model or with a reason why there is none.
    pub fn trained(&mut self, generation: u64, result: Result<(), &str>) -> Vec<Order> {
        if self.state.training.map(|(of, _)| of) != Some(generation) {
            return vec![Order::Forget(generation)];
        }
        self.state.training = None;
        if let Err(reason) = result {
            self.state.failed = self.state.failed.saturating_add(1);
            self.state.note(format!("training model {generation} failed: {reason}"));
            return vec![Order::Forget(generation)];
        }
        self.state.failed = 0;
        let mut orders = Vec::new();
        let rival = self.state.in_use;
        if let Some(before) = self.state.trial.replace(Trial::new(generation, rival)) {
            orders.push(Order::Forget(before.challenger));
        }
        self.state.note(format!("model {generation} is tried beside {rival}"));
        orders
    }

    /// A model's checkpoint is missing or damaged.
    pub fn lost(&mut self, generation: u64, reason: &str) -> Vec<Order> {
        if !self.state.held().any(|held| held == generation) {
            return Vec::new();
        }
        self.state.note(format!("model {generation} is lost: {reason}"));
        let mut orders = Vec::new();
        self.remove(generation, &mut orders);
        if self.state.in_use == Contender::Model(generation) {
            self.fall_back(&mut orders);
        }
        orders
    }

    fn take(&mut self, round: &Round<'_>) {
        for contender in self.scored() {
            let found = round.losses.iter().find(|(of, _)| *of == contender);
            let loss = found.map(|(_, loss)| *loss).filter(|loss| loss.is_finite() && *loss >= 0.0);
            self.state.forms.entry(contender).or_default().push(round.step, loss);
        }
    }

    fn loss(&self, contender: Contender, step: u64) -> Option<f64> {
        self.state.forms.get(&contender).and_then(|form| form.at(step))
    }

    /// Whether a contender did worse than another over the last hour, if both were scored, and
    /// whether it is as sure as that that this was no chance.
    fn is_worse(&self, contender: Contender, than: Contender, by: f64, sure: f64) -> bool {
        let beside = self.state.form(contender).beside(&self.state.form(than));
        beside.len >= self.rules.patience
            && beside.own > beside.others * (1.0 + by)
            && (sure <= 0.0 || beside.sure() >= sure)
    }

    fn watch(&mut self, step: u64, orders: &mut Vec<Order>) {
        let in_use = self.state.in_use;
        let Rules { tolerance, sure, .. } = self.rules;
        if let Some(naive) = self.loss(Contender::SeasonalNaive, step) {
            let is_worse =
                self.loss(in_use, step).is_none_or(|own| own > naive * (1.0 + tolerance));
            self.state.worse = if is_worse { self.state.worse + 1 } else { 0 };
        }
        if let Contender::Model(generation) = in_use {
            let missing = self.state.form(in_use).missing() >= self.rules.missing_max;
            let worse =
                UNTRAINED.into_iter().find(|&than| self.is_worse(in_use, than, tolerance, sure));
            if missing || worse.is_some() || self.state.worse >= self.rules.patience {
                let why = match worse {
                    _ if missing => "its forecasts do not come".to_string(),
                    Some(than) => format!("it did worse than {than}"),
                    None => format!("it did worse than {}", Contender::SeasonalNaive),
                };
                self.state.note(format!("model {generation} is demoted: {why}"));
                self.state.is_degraded = true;
                self.remove(generation, orders);
                self.fall_back(orders);
            }
        } else {
            self.settle_without(orders);
        }
        if self.state.worse >= self.rules.patience {
            self.put(Contender::SeasonalNaive, orders);
        }
    }

    /// Among those who need no training the better one forecasts; the last good model returns
    /// once it is better than that again.
    fn settle_without(&mut self, orders: &mut Vec<Order>) {
        let in_use = self.state.in_use;
        let Rules { tolerance, sure, .. } = self.rules;
        let others = UNTRAINED.into_iter().filter(|&other| other != in_use);
        let better = others.filter(|&other| self.is_worse(in_use, other, tolerance, sure));
        if let Some(other) = better.reduce(|best, other| self.better_of(best, other)) {
            self.put(other, orders);
        }
        let in_use = self.state.in_use;
        if let Some(good) = self.state.last_good
            && self.is_worse(in_use, Contender::Model(good), self.rules.margin, self.rules.sure)
        {
            self.state.note(format!("model {good} is good again"));
            self.state.champion = Some(good);
            self.state.last_good = None;
            self.put(Contender::Model(good), orders);
        }
    }

    /// The first of two unless the other one did better over the last hour.
    fn better_of(&self, one: Contender, other: Contender) -> Contender {
        if self.is_worse(one, other, 0.0, 0.0) { other } else { one }
    }

    /// Somebody else forecasts: the last good model if it did better of late than what needs
    /// no training, else the better of these.
    fn fall_back(&mut self, orders: &mut Vec<Order>) {
        let [window, naives @ ..] = UNTRAINED;
        let best = naives.into_iter().fold(window, |best, other| self.better_of(best, other));
        let good = self
            .state
            .last_good
            .filter(|&good| self.is_worse(best, Contender::Model(good), 0.0, 0.0));
        let next = match good {
            Some(good) => {
                self.state.champion = Some(good);
                self.state.last_good = None;
                Contender::Model(good)
            }
            None => best,
        };
        self.put(next, orders);
    }

    fn judge(&mut self, step: u64, orders: &mut Vec<Order>) {
        let Some(mut trial) = self.state.trial.take() else { return };
        let generation = trial.challenger;
        if trial.rival != self.state.in_use {
            trial = Trial::new(generation, self.state.in_use);
        }
        let own = self.loss(Contender::Model(generation), step);
        trial.add(own, self.loss(trial.rival, step));
        let verdict = trial.verdict(&self.rules);
        self.state.trial = Some(trial);
        match verdict {
            Verdict::Open => {}
            Verdict::Better(share) => self.promote(generation, share, orders),
            Verdict::NoBetter | Verdict::Missing => {
                let why = match verdict {
                    Verdict::Missing => "its forecasts do not come",
                    _ => "it is no better",
                };
                self.state.note(format!("model {generation} is dropped: {why}"));
                self.remove(generation, orders);
            }
        }
    }

    fn promote(&mut self, generation: u64, share: f64, orders: &mut Vec<Order>) {
        let (own, tolerance) = (Contender::Model(generation), self.rules.tolerance);
        let [_, naives @ ..] = UNTRAINED;
        if let Some(naive) =
            naives.into_iter().find(|&than| self.is_worse(own, than, tolerance, 0.0))
        {
            let tried = self.state.trial.as_ref().map_or(0, Trial::pairs);
            if tried >= self.rules.trial_max {
                self.state.note(format!("model {generation} is dropped: {naive} are as good"));
                self.remove(generation, orders);
            }
            return;
        }
        self.state.trial = None;
        self.state.is_degraded = false;
        if let Some(before) = self.state.champion.replace(generation)
            && let Some(good) = self.state.last_good.replace(before)
        {
            self.remove_unheld(good, orders);
        }
        let percent = 100.0 * share;
        self.state.note(format!("model {generation} is promoted: better by {percent:.1} %"));
        self.put(Contender::Model(generation), orders);
    }

    fn put(&mut self, contender: Contender, orders: &mut Vec<Order>) {
        if contender == Contender::SeasonalNaive {
            self.state.worse = 0;
        }
        if self.state.in_use != contender {
            self.state.in_use = contender;
            self.state.note(format!("{contender} forecasts"));
            orders.push(Order::Use(contender));
        }
    }

    fn remove(&mut self, generation: u64, orders: &mut Vec<Order>) {
        let is_other = |held: &u64| *held != generation;
        self.state.champion = self.state.champion.filter(is_other);
        self.state.last_good = self.state.last_good.filter(is_other);
        self.state.trial = self.state.trial.take().filter(|trial| trial.challenger != generation);
        self.remove_unheld(generation, orders);
    }

    fn remove_unheld(&mut self, generation: u64, orders: &mut Vec<Order>) {
        if !self.state.held().any(|held| held == generation) {
            self.state.forms.remove(&Contender::Model(generation));
            orders.push(Order::Forget(generation));
        }
    }

    fn consider_training(&mut self, round: &Round<'_>, orders: &mut Vec<Order>) {
        if self.state.training.is_some() || self.state.trial.is_some() {
            return;
        }
        if round.known < self.rules.known_min {
            return;
        }
        let since = self.state.trained_at.map_or(u64::MAX, |at| round.step.saturating_sub(at));
        // After failures waiting doubles, up to a day's worth of schedules.
        let patience = self.rules.retrain_min.saturating_mul(1 << self.state.failed.min(5));
        if since < patience {
            return;
        }
        let has_model = self.state.champion.is_some();
        let why = match () {
            () if !has_model && self.state.is_degraded => Why::Degraded,
            () if !has_model => Why::First,
            () if since >= self.rules.retrain_every => Why::Schedule,
            () if round.drifted >= self.rules.drift_share => Why::Drift,
            () => return,
        };
        let generation = self.state.next;
        self.state.next += 1;
        self.state.trained_at = Some(round.step);
        self.state.training = Some((generation, why));
        self.state.note(format!("model {generation} is trained: {why}"));
        orders.push(Order::Train(generation, why));
    }
}
