//! What one function is forecast by, and how those did who might.
//!
//! A method that a back-test found is tried beside what forecasts for all on steps that nobody had
//! seen, and serves once it was better there too. Whoever serves and is surely worse than the
//! counts of a season ago makes way for them: that needs no model to be believed.

use serde::{Deserialize, Serialize};

use crate::choice::looking::{Found, TRIED_OVER};
use crate::choice::record::Record;

/// Who serves a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum By {
    /// What forecasts for all.
    #[default]
    Common,
    /// The method that proved better for it.
    Own,
    /// The counts of a season ago, as whoever served was worse.
    Naive,
}

/// A method of a function's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// Its name.
    pub method: String,
    /// By which share of the loss it was better in the back-test.
    pub share: f64,
    record: Record,
}

/// What was lost by the forecasts of a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Losses {
    /// By what forecasts for all.
    pub common: Option<f64>,
    /// By the counts of a season ago.
    pub naive: Option<f64>,
    /// By the function's own method, tried or serving.
    pub own: Option<f64>,
}

/// What one function is forecast by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choice {
    by: By,
    own: Option<Own>,
    common: Record,
    naive: Record,
    /// The step up to which somebody else served.
    since: u64,
    /// When methods were last tried on it.
    pub(crate) looked: Option<u64>,
}

/// Steps by which somebody is tried or left: two hours of 5-minute steps.
const SPAN: usize = 24;
/// Steps after which one who is tried has failed: eight hours.
const TRIAL_MAX: usize = 96;
/// By which share of the loss the better one must be better, and in how many standard errors.
const MARGIN: f64 = 0.05;
const SURE: f64 = 2.0;
/// How many forecasts may be missing in a row.
const MISSING_MAX: usize = 3;

impl Choice {
    /// Who serves.
    pub fn by(&self) -> By {
        self.by
    }

    /// The method of its own that is tried or serves.
    pub fn own(&self) -> Option<&Own> {
        self.own.as_ref()
    }

    /// The losses of what forecasts for all.
    pub fn common(&self) -> &Record {
        &self.common
    }

    /// Why whoever serves does, in words; none where what forecasts for all does.
    pub fn why(&self) -> Option<String> {
        match (self.by, &self.own) {
            (By::Own, Some(own)) => Some(format!(
                "for this function it lost {:.0} % less in a back-test than what forecasts the \
                 others, and did better in a trial after it",
                100.0 * own.share
            )),
            (By::Naive, _) => {
                Some("what forecasts the others did worse for this function of late".to_string())
            }
            _ => None,
        }
    }

    /// A back-test of its methods has ended: the one that was found is tried, unless one is tried
    /// or serves.
    pub fn found(&mut self, found: Option<Found>) {
        if let (None, Some(Found { method, share })) = (&self.own, found) {
            self.own = Some(Own { method, share, record: Record::default() });
        }
    }

    /// A step is over. Tells whether somebody else serves from now on.
    pub fn hear(&mut self, step: u64, losses: Losses) -> bool {
        self.common.push(step, losses.common, TRIED_OVER);
        self.naive.push(step, losses.naive, TRIAL_MAX);
        if let Some(own) = &mut self.own {
            own.record.push(step, losses.own, TRIAL_MAX);
        }
        let before = self.by;
        self.judge_own();
        self.hold_to_naive();
        if self.by != before {
            self.since = step;
        }
        self.by != before
    }

    /// Whether one who serves is surely worse than another: over the last hours, or over more of
    /// them where calls are so rare that some hours tell nothing. What came before it served is
    /// not held against it.
    fn is_left(&self, own: &Record, other: &Record) -> bool {
        let served = usize::try_from(own.newest().saturating_sub(self.since)).unwrap_or(usize::MAX);
        [SPAN, TRIAL_MAX].into_iter().any(|steps| Self::is_worse(own, other, steps.min(served)))
    }

    /// Whether one record is surely worse than another, over the newest steps.
    fn is_worse(own: &Record, other: &Record, steps: usize) -> bool {
        let beside = own.beside(other, steps);
        beside.len >= SPAN && beside.own > (1.0 + MARGIN) * beside.others && beside.sure() >= SURE
    }

    fn judge_own(&mut self) {
        let Some(own) = &self.own else { return };
        let missing = own.record.missing() >= MISSING_MAX;
        match self.by {
            By::Own => {
                let is_worse = self.is_left(&own.record, &self.common);
                if missing || is_worse || self.is_left(&own.record, &self.naive) {
                    let beside = self.common.beside(&self.naive, SPAN);
                    self.by = if beside.own > beside.others { By::Naive } else { By::Common };
                    self.own = None;
                }
            }
            By::Common | By::Naive => {
                let over = own.record.known() >= TRIAL_MAX;
                let beside = own.record.beside(&self.common, TRIAL_MAX);
                let hopeless = beside.len >= SPAN && beside.own > beside.others * (1.0 + MARGIN);
                let to_naive = own.record.beside(&self.naive, SPAN);
                if Self::is_worse(&self.common, &own.record, TRIAL_MAX)
                    && to_naive.own <= to_naive.others
                {
                    self.by = By::Own;
                } else if missing || over || hopeless {
                    self.own = None;
                }
            }
        }
    }

    fn hold_to_naive(&mut self) {
        match self.by {
            By::Common if self.is_left(&self.common, &self.naive) => self.by = By::Naive,
            By::Naive => {
                let beside = self.naive.beside(&self.common, SPAN);
                if beside.own > (1.0 + MARGIN) * beside.others && beside.sure() >= SURE {
                    self.by = By::Common;
                }
            }
            By::Common | By::Own => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::{split, unit};

    struct Stage {
        choice: Choice,
        step: u64,
    }

    impl Stage {
        fn run(&mut self, steps: u64, common: f64, naive: f64, own: f64) -> By {
            for _ in 0..steps {
                let mut rng = split(7 ^ self.step, "losses");
                let mut lost = |mean: f64| Some(mean * (0.5 + unit(&mut rng)));
                let losses = Losses { common: lost(common), naive: lost(naive), own: lost(own) };
                self.choice.hear(self.step, losses);
                self.step += 1;
            }
            self.choice.by()
        }
    }

    #[test]
    fn an_own_method_serves_after_a_trial_and_goes_when_it_is_worse() {
        let mut stage = Stage { choice: Choice::default(), step: 0 };
        assert_eq!(stage.run(300, 1.0, 1.5, 0.5), By::Common, "nothing was found");
        let found = || Some(Found { method: "theta".to_string(), share: 0.3 });
        stage.choice.found(found());
        assert_eq!(stage.run(23, 1.0, 1.5, 0.5), By::Common, "luck");
        assert_eq!(stage.run(20, 1.0, 1.5, 0.5), By::Own);
        assert!(stage.choice.why().is_some_and(|why| why.contains("30 %")));
        assert_eq!(stage.run(30, 1.0, 1.5, 1.6), By::Common);
        assert!(stage.choice.own().is_none() && stage.choice.why().is_none());
        stage.choice.found(found());
        assert_eq!(stage.run(97, 1.0, 1.5, 1.02), By::Common);
        assert!(stage.choice.own().is_none(), "no better after its trial");
    }

    #[test]
    fn who_is_worse_than_the_naive_makes_way_and_comes_back() {
        let mut stage = Stage { choice: Choice::default(), step: 0 };
        assert_eq!(stage.run(100, 1.0, 1.1, 9.0), By::Common);
        assert_eq!(stage.run(30, 2.0, 1.1, 9.0), By::Naive);
        assert_eq!(stage.run(50, 1.05, 1.1, 9.0), By::Naive, "about as good");
        assert_eq!(stage.run(40, 0.6, 1.1, 9.0), By::Common);
    }
}
