//! The mind of one node: news in, orders out, and when to be woken.
//!
//! Invariant: the orders depend on the settings, the seed and the news so far, and on
//! nothing else. Deliberately absent: a clock, chance without a seed, any way to reach
//! the world but through the list of actions.

use crate::action::{Action, StartKind};
use crate::catalog;
use crate::cloning::balance::{Balance, Fared};
use crate::cloning::short::ShortTally;
use crate::decide;
use crate::event::Event;
use crate::history::Taken;
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::nearby::NearId;
use crate::parameters::UnknownPolicy;
use crate::planning;
use crate::pool::ledger::Pool;
use crate::prospect::{self, Prospect};
use crate::recall;
use crate::receipt::{Account, Came, Receipt, SecondMinds, Served, Share};
use crate::settings::{CloningMode, SiteSettings};
use crate::shadow::Shadow;
use crate::time::Instant;
use crate::units::Bytes;

/// The mind of one node.
pub struct Site {
    mind: Mind,
    settings: SiteSettings,
    taken: Option<Taken>,
    served: Served,
    /// Since when what is served is counted beside the shadow.
    since: Instant,
    fared: Fared,
    /// A second mind that makes the clones which this one only foresees.
    shadow: Option<Box<Shadow>>,
    /// A second mind that makes none, beside one that does.
    habit: Option<Box<Shadow>>,
    /// What came since the mind began.
    came: Came,
    foreseen: SecondMinds,
    without: SecondMinds,
}

impl Site {
    /// A fresh mind. Fails if the settings name a policy that the catalogue does not have.
    pub fn new(settings: &SiteSettings) -> Result<Self, UnknownPolicy> {
        let policy = catalog::build(&settings.policy, settings.seed)?;
        Ok(Self::with_policy(settings, policy))
    }

    /// A fresh mind around a policy that is not in the catalogue, such as one that knows
    /// the future.
    pub fn with_policy(settings: &SiteSettings, policy: catalog::Policy) -> Self {
        Self {
            mind: Mind::new(settings.memory, policy.keeper, policy.dispatch),
            settings: settings.clone(),
            taken: None,
            served: Served::default(),
            since: Instant::ZERO,
            fared: Fared::default(),
            shadow: None,
            habit: None,
            came: Came::default(),
            foreseen: SecondMinds::default(),
            without: SecondMinds::default(),
        }
    }

    /// What the site knows of its instances.
    pub fn pool(&self) -> &Pool {
        &self.mind.pool
    }

    /// Whether its keep-alive policy tells what instances are worth, so that a clone may displace
    /// what is worth less; else clones take only free memory.
    pub fn prices(&self) -> bool {
        self.mind.keeper.prices()
    }

    /// Memory that clones may still take here, as far as what rests is worth less.
    pub fn room_for_clones(&self) -> Bytes {
        let account = self.mind.pool.account();
        let at_work = account.used().saturating_sub(account.idle());
        let left = self.mind.pool.limit().saturating_sub(at_work);
        planning::room_for_clones(&self.mind).min(left)
    }

    /// Clones that were wished for and came too late or not at all, by what stood in the way.
    pub fn clones_short(&self) -> ShortTally {
        self.mind.cloning.short
    }

    /// Whether clones of a function are made.
    pub fn clones(&self, function: FunctionId) -> bool {
        self.mind.cloning.clones(function)
    }

    /// What is made of the forecast of a function; where it is in shadow, what would be. None if
    /// the function is not there.
    pub fn prospect(&self, now: Instant, function: FunctionId) -> Option<Prospect> {
        let mode = self.mind.cloning.mode(function);
        match &self.shadow {
            Some(shadow) if mode == CloningMode::Shadow => {
                let told = shadow.prospect(function)?;
                Some(Prospect { mode, ..told })
            }
            _ => prospect::prospect(&self.mind, now, function),
        }
    }

    /// Nodes nearby that were asked for clones of a function and have not refused.
    pub fn asked_nearby(&self, now: Instant, function: FunctionId) -> Vec<NearId> {
        self.mind.nearby.of(now, function).map(|(node, _)| node).collect()
    }

    /// What the site has learned, for [`Event::HistoryRecalled`] of a later run.
    pub fn remembered(&self, now: Instant) -> Vec<u8> {
        recall::remember(&self.mind, now)
    }

    /// How much the site took of the history it was last handed; `None` if of none.
    pub fn taken(&self) -> Option<Taken> {
        self.taken
    }

    /// When the site wants to hear [`Event::WokeUp`] at the latest.
    pub fn next_wakeup(&self) -> Option<Instant> {
        let beside = self.shadow.iter().chain(&self.habit);
        let beside = beside.filter_map(|second| second.next_wakeup());
        self.mind.timers.next().into_iter().chain(beside).min()
    }

    /// What clones saved and cost; with functions in shadow, what they would have.
    pub fn receipt(&self, now: Instant) -> Receipt {
        let real = Account::of(&self.mind, self.served, now);
        let cold = self.came.cold();
        let counted = |second: &Option<Box<Shadow>>, seconds: &SecondMinds| {
            second.as_ref().map_or_else(
                || seconds.past(),
                |second| seconds.with(second.foreseen(), second.cold(), cold),
            )
        };
        let (_, fewer_without) = counted(&self.habit, &self.without);
        Receipt {
            since: self.since,
            real,
            shadow: self.shadow.as_ref().map(|shadow| shadow.account(now)),
            habit: self.habit.as_ref().map(|habit| habit.account(now)),
            on: Share::made(&self.came, real.clones, fewer_without),
            foreseen: Share::foreseen(&self.came, counted(&self.shadow, &self.foreseen)),
            off: self.came.off(),
            spared: self.mind.lift.tally().spared,
        }
    }

    /// Takes in one piece of news and appends the orders that follow from it.
    pub fn handle(&mut self, now: Instant, event: Event, actions: &mut Vec<Action>) {
        for second in self.shadow.iter_mut().chain(&mut self.habit) {
            second.hear(now, &event, &self.mind.pool);
        }
        let chooses = matches!(event, Event::CloningSet { .. } | Event::CloningChosen { .. });
        if let Event::RequestArrived { function, .. } = event {
            self.came.of(self.mind.cloning.mode(function)).all += 1;
        }
        let before = actions.len();
        let taken = decide::decide(&mut self.mind, now, event, actions);
        self.taken = taken.or(self.taken);
        self.served.count(&actions[before..]);
        self.count_cold(&actions[before..]);
        self.fared.count(&actions[before..]);
        if chooses {
            self.look_at_habit(now);
            self.look_at_shadow(now);
        }
        self.compare();
    }

    /// Those that make clones hear how calls fare without.
    fn compare(&mut self) {
        let habit = self.habit.as_ref().map(|habit| habit.fared());
        if let Some(habit) = habit {
            self.mind.cloning.balance.tell(self.fared, habit);
        }
        if let Some(shadow) = &mut self.shadow {
            shadow.compare(habit.unwrap_or(self.fared));
        }
    }

    /// A second mind without clones is there exactly while any are made.
    fn look_at_habit(&mut self, now: Instant) {
        if !self.mind.cloning.is_on() {
            if let Some(habit) = self.habit.take() {
                self.without.end(habit.foreseen(), habit.cold(), self.came.cold());
            }
            self.mind.cloning.balance = Balance::default();
        } else if self.habit.is_none() {
            self.habit = Shadow::by_habit(&self.mind, &self.settings, now).map(Box::new);
            self.without.begin(self.came.cold());
            let made = self.mind.pool.clone_tally().made;
            let balance = self
                .habit
                .as_ref()
                .map(|habit| Balance::begin(now, self.fared, habit.fared(), made));
            self.mind.cloning.balance = balance.unwrap_or_default();
            if self.shadow.is_none() {
                self.since = now;
                self.served = Served::default();
            }
        }
    }

    fn count_cold(&mut self, actions: &[Action]) {
        for action in actions {
            if let Action::Invoke { instance, start: StartKind::Cold, .. } = action
                && let Some(tenant) = self.mind.pool.get(*instance)
            {
                self.came.of(self.mind.cloning.mode(tenant.function())).cold += 1;
            }
        }
    }

    /// A second mind is there exactly while something is in shadow. It begins without any
    /// instance, so a receipt counts both from when it began.
    fn look_at_shadow(&mut self, now: Instant) {
        if !self.mind.cloning.has_shadow() {
            if let Some(shadow) = self.shadow.take() {
                self.foreseen.end(shadow.foreseen(), shadow.cold(), self.came.cold());
            }
        } else if self.shadow.is_none() {
            let without = self.habit.as_ref().map_or(self.fared, |habit| habit.fared());
            let shadow = Shadow::with_clones(&self.mind, &self.settings, now, without);
            self.shadow = shadow.map(Box::new);
            self.foreseen.begin(self.came.cold());
            self.since = now;
            self.served = Served::default();
        }
    }
}
