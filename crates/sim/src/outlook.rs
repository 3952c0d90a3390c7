//! What a world foresees, and how far that was right: forecasts, with what is announced put into
//! them.

use swell_core::cloning::skill::Skill;
use swell_core::demand::DemandForecast;
use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_forecast::foresight::steps::Foresight;

use crate::announced::Notice;

/// A world's forecasts.
pub(crate) struct Outlook {
    foresight: Foresight,
    /// By function, the chance that the forecast gave this step, in thousandths.
    chances: Vec<u16>,
    /// The chance from which on the policy may find a clone worth its price, in thousandths.
    worth_a_clone: u16,
    skill: Skill,
}

impl Outlook {
    pub(crate) fn new(foresight: Foresight, functions: usize, worth_a_clone: u16) -> Self {
        let (chances, skill) = (vec![0; functions], Skill::default());
        Self { foresight, chances, worth_a_clone, skill }
    }

    /// A function was called.
    pub(crate) fn count(&mut self, function: FunctionId) {
        self.foresight.count(function);
        self.skill.on_call(function);
    }

    /// A start of a function takes so long.
    pub(crate) fn started(&mut self, function: FunctionId, took: Span) {
        self.foresight.started(function, took);
    }

    /// When the step ends whose calls are being counted.
    pub(crate) fn due(&self) -> Instant {
        self.foresight.due()
    }

    /// Ends the step, and tells what is expected of the next ones.
    pub(crate) fn close(&mut self, notice: Option<&Notice<'_>>) -> DemandForecast {
        let mut forecast = self.foresight.close();
        if let Some(notice) = notice {
            notice.tell(&mut forecast, &|function, steps| self.foresight.ahead(function, steps));
        }
        self.skill.close(forecast.step);
        self.chances.fill(0);
        for demand in &forecast.functions {
            if let Some(first) = demand.steps.first() {
                self.chances[demand.function.index()] = first.chance;
                self.skill.say(demand.function, first.chance);
            }
        }
        forecast
    }

    /// Whether the forecast gave the step a chance that can be worth a clone.
    pub(crate) fn is_foreseen(&self, function: FunctionId) -> bool {
        self.chances[function.index()] >= self.worth_a_clone
    }

    /// How much better than rates it told steps with calls from others, at most 1.
    pub(crate) fn skill(&self) -> Option<f64> {
        self.skill.share()
    }
}
