//! Many runs of several nodes: every memory size, way of making clones and seed, on all cores.

use std::sync::atomic::AtomicBool;

use swell_core::catalog;
use swell_core::journal::Digest;
use swell_core::pool::instance::State;
use swell_core::rng;
use swell_core::settings::{CloningMode, CloningSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_trace::reading::Reading;

use crate::announced::Notice;
use crate::clone::experiment::CloneExperiment;
use crate::ended::Stopped;
use crate::error::SimError;
use crate::near::dealt::{Dealt, node_of};
use crate::near::hood::{Exchange, Hood};
use crate::near::row::{NodeRow, Way};
use crate::spread::spread;
use crate::starts::Starts;
use crate::world::VirtualWorld;

/// What to run.
pub struct NearExperiment {
    /// All but the nodes; its modes are not looked at.
    pub plain: CloneExperiment,
    /// For each node its share of the memory, in parts of their sum.
    pub shares: Vec<u32>,
    /// How far nodes are from each other, one way.
    pub distance: Span,
}

impl NearExperiment {
    /// Runs in all.
    pub fn planned(&self) -> usize {
        self.cells().len()
    }

    /// Runs everything: for each run the rows of its nodes, in their order. `progress` is called
    /// after each run, from any thread. An interrupt does not lose what is done.
    pub fn run(
        &self,
        interrupt: &AtomicBool,
        progress: &(dyn Fn(&[NodeRow]) + Sync),
    ) -> Result<Vec<Vec<NodeRow>>, SimError> {
        let cells = self.cells();
        let job = |place: usize| match self.cell(cells[place], interrupt) {
            Ok(rows) => {
                progress(&rows);
                Ok(Some(rows))
            }
            Err(SimError::Interrupted) => Ok(None),
            Err(error) => Err(error),
        };
        spread(self.plain.threads, cells.len(), interrupt, &job)
    }

    fn cells(&self) -> Vec<(Bytes, Way, u64)> {
        let mut cells = Vec::new();
        for &memory in &self.plain.memories {
            for way in Way::ALL {
                cells.extend(self.plain.seeds.iter().map(|&seed| (memory, way, seed)));
            }
        }
        cells
    }

    fn memory_of(&self, node: usize, memory: Bytes) -> Bytes {
        let all: u64 = self.shares.iter().map(|&share| u64::from(share)).sum();
        let part =
            u128::from(memory.get()) * u128::from(self.shares[node]) / u128::from(all.max(1));
        Bytes::new(part as u64)
    }

    fn cell(
        &self,
        (memory, way, seed): (Bytes, Way, u64),
        interrupt: &AtomicBool,
    ) -> Result<Vec<NodeRow>, SimError> {
        let CloneExperiment { scenario, policy, placement, durations, .. } = &self.plain;
        let reading = Reading { placement: *placement, durations: *durations, seed };
        let nodes = self.shares.len();
        let (mut sites, mut worlds) = (Vec::new(), Vec::new());
        for node in 0..nodes {
            let settings =
                SiteSettings { memory: self.memory_of(node, memory), seed, policy: policy.clone() };
            sites.push(Site::with_policy(&settings, catalog::build(policy, seed)?));
            worlds.push(self.world(node, way, &reading, interrupt)?);
        }
        let mut digest = Digest::default();
        let are_alone = way != Way::Together;
        let mut hood = Hood::new(worlds, scenario.functions.len(), self.distance, are_alone);
        hood.play(&mut sites, &mut digest);
        let mut rows = Vec::with_capacity(nodes);
        let end = Instant::ZERO + scenario.trace.span();
        for (node, (world, exchange)) in hood.end().into_iter().enumerate() {
            let ended = world.end();
            match ended.stopped {
                Some(Stopped::Interrupted) => return Err(SimError::Interrupted),
                Some(Stopped::Broken(error)) => return Err(error.into()),
                None => {}
            }
            let Exchange { asked, promised, lent, sent, taken } = exchange;
            let (tally, end) = (ended.tally, end.max(ended.last));
            let account = sites[node].pool().account();
            let idle = [State::Idle, State::PreWarmed, State::Paused];
            let clones = sites[node].receipt(end).real.clones;
            rows.push(NodeRow {
                trace: scenario.trace.name().to_string(),
                way: way.name(),
                memory_mb: memory.mb_f64(),
                seed,
                node: node + 1,
                node_mb: self.memory_of(node, memory).mb_f64(),
                calls: tally.calls,
                sent,
                taken,
                cold: tally.cold,
                dropped: tally.dropped,
                starts: tally.starts,
                clones_made: clones.made,
                clones_used: clones.used,
                asked,
                promised,
                lent,
                waste_gb_s: idle.map(|state| account.byte_seconds(state, end) / 1e9).iter().sum(),
                digest: format!("{:016x}", digest.value()),
            });
        }
        Ok(rows)
    }

    fn world<'a>(
        &'a self,
        node: usize,
        way: Way,
        reading: &Reading,
        interrupt: &'a AtomicBool,
    ) -> Result<VirtualWorld<'a>, SimError> {
        let CloneExperiment { scenario, cloning, forecaster, failures, announced, .. } =
            &self.plain;
        let nodes = self.shares.len();
        let whole = scenario.trace.arrivals(reading)?;
        let stream = Box::new(Dealt { whole, node, nodes });
        let starts = Starts {
            model: scenario.cold.clone(),
            rng: rng::split(reading.seed, &format!("world/starts/{node}")),
            resume: scenario.resume,
        };
        let mut world = VirtualWorld::new(&scenario.functions, stream, starts, interrupt);
        let own = |function| node_of(function, nodes) == node;
        let foresight = match way {
            Way::Off => None,
            Way::Alone | Way::Together => Some(self.plain.foresight(forecaster, reading, &own)?),
        };
        let step = foresight.as_ref().map_or(Span::from_mins(1), |foresight| foresight.step());
        let announced = Some(announced).filter(|announced| !announced.is_nothing());
        let notice = announced.map(|announced| Notice::new(announced, &scenario.trace, step));
        world = world.with_failures(*failures, reading.seed + node as u64).with_notice(notice);
        if let Some(foresight) = foresight {
            let settings = CloningSettings { mode: CloningMode::On, ..cloning.clone() };
            world = world.with_foresight(settings, foresight);
        }
        Ok(world)
    }
}
