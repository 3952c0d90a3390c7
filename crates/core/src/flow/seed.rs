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
use crate::flow::target::{able, best};
use crate::flow::view::{FifoId, Glance, OwnerId, View};
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

    fn score(&self, glance: &Glance<'_>) -> f64 {
        Indicators::of(glance, &self.thresholds).score(&self.thresholds)
    }
}

impl FlowPolicy for Seed {
    fn glance(&mut self, _now: Instant, glance: &Glance<'_>) -> Option<Judgement> {
        let score = self.score(glance);
        let verdict = Verdict::Stay(Stay::Content);
        (score <= self.trigger).then_some(Judgement { score, verdict })
    }

    fn judge(&mut self, _now: Instant, view: &View<'_>) -> Judgement {
        let target = best(able(view), &mut self.rng);
        let verdict =
            target.map_or(Verdict::Stay(Stay::NoTarget), |party| Verdict::Move(party.owner));
        Judgement { score: self.score(&view.glance()), verdict }
    }

    fn on_moved(&mut self, _: Instant, _: FifoId, _: OwnerId, _: OwnerId, _: Span) {}

    fn shares(&self, glance: &Glance<'_>) -> Shares {
        Indicators::of(glance, &self.thresholds).shares()
    }
}
