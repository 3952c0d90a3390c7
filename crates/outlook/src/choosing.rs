//! Which series are forecast by a method of their own: what functions are chosen by, a few methods a
//! slot.

use std::sync::Arc;

use swell_core::council::words::Slot;
use swell_forecast::bands::{Forecast, Quantiles};
use swell_forecast::choice::chooser::Chooser;
use swell_forecast::choice::looking::{Aim, Found, look_among, loss_of};
use swell_forecast::choice::methods::{TRIED, find};
use swell_forecast::choice::serving::{By, Losses};
use swell_forecast::forecaster::Budget;
use swell_forecast::panel::Panel;

use crate::counted::{Calendar, amounts, count, panel, scale};
use crate::manner::Manner;
use crate::methods::NAIVE;
use crate::track::Said;

/// Who is believed about a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// The common method that missed least.
    Common,
    /// A method of its own.
    Own(&'static str),
    /// What came a day ago.
    Naive,
}

/// The choices of all series.
#[derive(Clone, Default)]
pub struct Choosing {
    chooser: Chooser,
    /// The series whose methods are being tried, by how many of them that is done, and the best.
    looking: Option<(Arc<str>, usize, Option<Found>)>,
}

impl Choosing {
    /// What [`Choosing::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self { chooser: Chooser::from_bytes(bytes).ok()?, looking: None })
    }

    /// The choices, for the next run.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.chooser.to_bytes()
    }

    /// Who is believed about a series.
    pub fn serving(&self, name: &str) -> Serving {
        let by = self.chooser.of(name).map_or(By::Common, |choice| choice.by());
        match (by, self.own(name)) {
            (By::Own, Some(own)) => Serving::Own(own),
            (By::Naive, _) => Serving::Naive,
            _ => Serving::Common,
        }
    }

    /// The method of its own that is tried on a series or serves it.
    pub fn own(&self, name: &str) -> Option<&'static str> {
        let own = self.chooser.of(name)?.own()?;
        Some(find(&own.method)?.name)
    }

    /// A slot is over: this had been said of it, and that came.
    pub fn hear(&mut self, name: &Arc<str>, slot: Slot, taken: &[f32], said: Said, came: f32) {
        let scale = scale(taken);
        let lost = |said: Option<Quantiles>| loss_of(said?.map(count), count(came), scale);
        let losses = Losses {
            common: lost(said.common[said.best]),
            naive: lost(said.common[NAIVE]),
            own: lost(said.own),
        };
        self.chooser.hear(name, slot.0, losses);
    }

    /// What a method says of a series; nothing if there is no such method or it says nothing.
    pub fn ask(
        method: &str,
        series: (&Arc<str>, &[f32]),
        calendar: Calendar,
        horizon: usize,
    ) -> Option<Forecast> {
        let (name, taken) = series;
        let panel = panel(&[(name.clone(), taken)], calendar);
        let none = Panel::new(Vec::new(), 1);
        let model = find(method)?.forecaster.fit(&none.before(0), &Budget::FULL, 0);
        model.predict(&panel.before(panel.len()), 0..1, horizon).pop().map(amounts)
    }

    /// Tries some methods on a series whose turn it is; `series` are all that take anything.
    pub fn look(&mut self, series: &[(Arc<str>, &[f32])], calendar: Calendar, manner: &Manner) {
        self.chooser.keep_only(|name| series.iter().any(|(known, _)| **known == *name));
        if manner.tried == 0 {
            return;
        }
        let is_there =
            |(of, ..): &(Arc<str>, usize, Option<Found>)| series.iter().any(|(name, _)| name == of);
        let Some((name, done, best)) =
            self.looking.take().filter(is_there).or_else(|| self.next(series))
        else {
            return;
        };
        let (Some((_, taken)), Some(choice)) =
            (series.iter().find(|(of, _)| *of == name), self.chooser.of(&name))
        else {
            return;
        };
        let some = &TRIED[done..TRIED.len().min(done + manner.tried)];
        let panel = panel(&[(name.clone(), taken)], calendar);
        let first = (calendar.slot.0 + 1).saturating_sub(panel.len() as u64);
        let aim = Aim { horizon: manner.horizon, ahead: manner.lead };
        let (past, common) = (panel.before(panel.len()), (choice.common(), first));
        let found = look_among(some, &past, 0, common, scale(taken), aim);
        let best = [best, found].into_iter().flatten();
        let best = best.max_by(|one, other| one.share.total_cmp(&other.share));
        match done + some.len() {
            done if done < TRIED.len() => self.looking = Some((name, done, best)),
            _ => self.chooser.found(&name, calendar.slot.0, best),
        }
    }

    /// The series that is looked at next: the one that was not for longest, of these the one that
    /// changes most.
    fn next(&self, series: &[(Arc<str>, &[f32])]) -> Option<(Arc<str>, usize, Option<Found>)> {
        let all = series.iter().map(|(name, taken)| (name, scale(taken)));
        self.chooser.next(all, 1).pop().map(|name| (name, 0, None))
    }
}
