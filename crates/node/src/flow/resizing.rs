//! How lanes come to other size classes, as the analyzer orders it.

use std::sync::Arc;

use swell_core::flow::policy::Verdict;
use swell_fifo::class::Class;
use swell_fifo::envelope::ENVELOPE_MAX;
use swell_fifo::pool::PoolError;

use crate::flow::letters::LineError;
use crate::flow::line::Line;
use crate::flow::sizes::{Outcome, Resized};
use crate::flow::up::Up;
use crate::flow::watch::Watch;

impl Watch {
    /// Lets those lanes of a flow that it is due for go on in other regions.
    pub(crate) async fn resize(&self, up: &Arc<Up>, line: &Line, verdict: Verdict) {
        let is_growth = matches!(verdict, Verdict::Grow);
        for lane in 0..line.lanes.len() {
            let is_due = if is_growth { line.is_short(lane) } else { line.is_spare(lane) };
            if !is_due || line.is_resizing(lane) {
                continue;
            }
            let resized = Resized::now(&line.from[lane], resize(line, lane, is_growth));
            let words = resized.words();
            let is_known = line.resized.lock().as_ref().is_some_and(|last| last.is_as(&resized));
            let is_kept = resized.is_kept();
            *line.resized.lock() = Some(resized);
            let flow = &line.spec.name;
            if is_kept {
                // It is ordered again and again as long as that is so.
                if !is_known {
                    tracing::info!(%flow, %words, "a lane stays as large as it is");
                    self.kept(line.id, &words);
                }
                continue;
            }
            tracing::info!(%flow, %words, "a lane goes on in another size class");
            let classes = (0..line.lanes.len()).map(|lane| line.lane_state(lane).0.bytes());
            up.record.lock().classes = classes.collect();
            self.keep(up).await;
        }
    }
}

/// Lets a lane go on in the next larger region, or the next smaller one.
fn resize(line: &Line, lane: usize, is_growth: bool) -> Outcome {
    let (class, _) = line.lane_state(lane);
    let item = line.spec.item_bytes + ENVELOPE_MAX;
    let fits = |class: &Class| Class::holding(0, item).is_some_and(|least| *class >= least);
    let next = match is_growth {
        true => class.larger().ok_or(Outcome::Largest),
        false => class.smaller().filter(fits).ok_or(Outcome::Needed(class)),
    };
    let next = match next {
        Ok(next) => next,
        Err(outcome) => return outcome,
    };
    match line.resize(lane, next) {
        Ok(()) => Outcome::Changed(class, next),
        Err(error) => {
            let setting = match &error {
                LineError::Pool(PoolError::TenantQuota { .. }) => " (`flow.function-memory-max`)",
                LineError::Pool(PoolError::NodeQuota { .. }) => " (`flow.memory-max`)",
                _ => "",
            };
            Outcome::Refused(class, next, format!("{error}{setting}"))
        }
    }
}
