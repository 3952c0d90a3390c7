//! Flows as the metrics tell of them.

use std::sync::Arc;

use swell_fifo::class::Class;

use crate::flow::shown::{Shown, journeys};
use crate::flow::told::{alarms, silent};
use crate::flow::up::Up;
use crate::observe::gauges::{FlowFigures, Gauges, RegionFigures};

impl Shown {
    /// Fills in the figures of all flows and of the regions they lie in.
    pub fn fill(&self, gauges: &mut Gauges) {
        let ups = self.flows.all();
        gauges.flows = ups.iter().filter_map(|up| self.figures(up)).collect();
        gauges.flow_moves = ups.iter().map(|up| moves(up)).collect();
        let silent =
            |up: &Arc<Up>| Some((up.spec.name.clone(), silent(up.away.as_deref()?)?.alarm));
        gauges.away_alarms = ups.iter().filter_map(silent).collect();
        let regions = &self.flows.regions;
        gauges.regions = Class::all()
            .map(|class| {
                let count = regions.count(class);
                RegionFigures {
                    bytes: class.bytes(),
                    free: (count.free + count.dirty) as u64,
                    used: count.used as u64,
                    misses: count.misses,
                }
            })
            .collect();
        gauges.region_bytes = regions.held();
        let (counts, (took, longest)) = self.watch.counts();
        gauges.flow_decisions = [
            counts.moves,
            counts.over_budget,
            counts.cooling_down,
            counts.no_target,
            counts.no_benefit,
            counts.overloaded,
        ];
        gauges.flow_tick_seconds = [took.as_secs_f64(), longest.as_secs_f64()];
    }

    fn figures(&self, up: &Up) -> Option<FlowFigures> {
        let line = up.line.as_ref().ok()?;
        let seen = self.watch.measured(line);
        let rates = seen.rates;
        Some(FlowFigures {
            name: line.spec.name.clone(),
            items: line.meter.items(),
            depth: line.meter.depth(),
            behind: line.lanes.iter().map(|lane| lane.behind()).sum(),
            disk_bytes: line.lanes.iter().map(|lane| lane.disk_bytes()).sum(),
            oldest_seconds: line.meter.oldest_us() as f64 / 1e6,
            blocked: rates.blocked,
            starved: rates.starved,
            epoch: line.epoch().into(),
            owner: line.owner_name(line.owner()).to_string(),
            lanes: (0..)
                .zip(&line.from)
                .map(|(lane, from)| (from.clone(), line.lane_state(lane).0.bytes()))
                .collect(),
            utilization: seen.utilization,
            score: seen.score,
            next_pause_seconds: line.pause_next().secs_f64(),
            last_put_seconds: line.last_put_ms().map(|at| at as f64 / 1e3),
            last_taken_seconds: line.taken_at_ms().map(|at| at as f64 / 1e3),
            alarms: alarms(line, &seen).into_iter().map(|alarm| alarm.alarm).collect(),
            sojourn: line.meter.sojourn.read(),
            pauses: line.meter.pauses.read(),
        })
    }
}

/// Changes of a flow by reason, also of one that is at another node.
fn moves(up: &Up) -> (String, Vec<(String, u64)>) {
    let record = up.record.lock().clone();
    let here = up.line.as_ref().map_or_else(|_| record.moves.clone(), |line| line.moves());
    (up.spec.name.clone(), here.into_iter().chain(journeys(&record)).collect())
}
