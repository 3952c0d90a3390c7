//! The founding document's rule, to the letter.
//!
//! ```text
//! migration_score = 0
//! if utilization < LOW_THRESHOLD:             migration_score += 0.5
//! if latency > HIGH_THRESHOLD:                migration_score += 0.3
//! if owner_resource_usage > RESOURCE_LIMIT:   migration_score += 0.2
//! ```
//!
//! A score above a threshold triggers a change, at every evaluation. That cannot tell an
//! idle FIFO from one that is late on an exhausted owner, as both score 0.5, and knows no
//! rest; it is here to be compared with.

use crate::flow::indicator::{Indicators, Shares, Thresholds};
use crate::flow::policy::{FlowPolicy, Judgement, Stay, Verdict};
use crate::flow::signs::Signs;
use crate::flow::target::best;
use crate::flow::view::{FifoId, Glance, OwnerId, View};
use crate::flow::weighing::{Weighed, fit, weigh};
use crate::rng::Rng;
use crate::time::{Instant, Span};

/// The rule.
pub struct Seed {
    thresholds: Thresholds,
    /// A score above this triggers a change.
    trigger: f64,
    rng: Rng,
}

impl Seed {
    /// The rule with these thresholds.
    pub fn new(thresholds: Thresholds, trigger: f64, rng: Rng) -> Self {
        Self { thresholds, trigger, rng }
    }

    fn score(&self, indicators: Indicators) -> f64 {
        indicators.score(&self.thresholds)
    }
}

impl FlowPolicy for Seed {
    fn usage_max(&self) -> f64 {
        self.thresholds.resource_limit
    }

    fn signs(&self, glance: &Glance<'_>) -> Signs {
        Signs::of(glance, &self.thresholds, Span::FOREVER)
    }

    fn glance(&mut self, _: Instant, _: FifoId, signs: Signs, _: u32) -> Option<Judgement> {
        let score = self.score(signs.indicators());
        let verdict = Verdict::Stay(Stay::Content);
        match (score <= self.trigger, signs.has(Signs::ALONE)) {
            (true, _) => Some(Judgement { score, verdict }),
            (false, true) => Some(Judgement { score, verdict: Verdict::Stay(Stay::NoTarget) }),
            (false, false) => None,
        }
    }

    fn weigh(&self, view: &View<'_>, weighed: &mut Vec<Weighed>) {
        weigh(view, weighed);
    }

    fn judge(&mut self, _now: Instant, view: &View<'_>, weighed: &[Weighed]) -> Judgement {
        let target = best(fit(view, weighed), &mut self.rng);
        let verdict =
            target.map_or(Verdict::Stay(Stay::NoTarget), |party| Verdict::Move(party.owner));
        let indicators = Indicators::of(&view.glance(), &self.thresholds);
        Judgement { score: self.score(indicators), verdict }
    }

    fn judges_rest(&self) -> bool {
        true
    }

    fn on_moved(&mut self, _: Instant, _: FifoId, _: OwnerId, _: OwnerId, _: Span) {}

    fn shares(&self, _: FifoId, signs: Signs) -> Shares {
        signs.indicators().shares()
    }
}
