//! On which cores the owners of FIFOs work, as the affinity of a node decides it.

use std::collections::BTreeSet;

use swell_core::flow::affinity::{
    Affinity, Busyness, Core, CoreId, CoreWords, Place, Traffic, is_busy,
};
use swell_core::flow::view::{FifoId, Sample};
use swell_core::time::Instant;

use crate::flow::stage::Stage;

/// The cores of a stage: one for each processor that owners may use, two at least.
pub(crate) struct Seats {
    affinity: Affinity,
    /// Processors of each owner.
    processors: Vec<f64>,
    cores: usize,
}

impl Seats {
    pub(crate) fn new(stage: &Stage) -> Self {
        let processors: Vec<f64> = stage.owners.iter().map(|owner| owner.processors).collect();
        let cores = (processors.iter().sum::<f64>().ceil() as usize).clamp(2, CORES_MAX);
        Self { affinity: Affinity::default(), processors, cores }
    }

    /// Takes in a tick: what owners do besides, and how each FIFO stood. Those whose owner is to work
    /// elsewhere from now on.
    pub(crate) fn judge(
        &mut self,
        now: Instant,
        besides: &[f64],
        fifos: impl Iterator<Item = Sample>,
    ) -> Vec<usize> {
        // What shares threads is spread over all cores.
        let spread = |load: f64| load / self.cores as f64;
        let besides = besides.iter().zip(&self.processors);
        let mut loads = vec![spread(besides.map(|(load, all)| load * all).sum()); self.cores];
        let mut all = Vec::new();
        for (index, sample) in fifos.enumerate() {
            let busy = (sample.leaving * sample.work.secs_f64()).min(1.0);
            match self.affinity.place(FifoId(index as u32)) {
                Place::On(CoreId(core)) => loads[core as usize] += busy,
                Place::Shared => {
                    let part = spread(busy);
                    loads.iter_mut().for_each(|load| *load += part);
                }
            }
            all.push(Traffic { leaving: sample.leaving, busy, feeder: None });
        }
        let core = |(id, load): (usize, &f64)| Core {
            id: CoreId(id as u32),
            cache: 0,
            load: load.min(1.0),
        };
        let cores: Vec<CoreWords> =
            loads.iter().enumerate().map(|one| CoreWords::of(&core(one))).collect();
        let mut known: BTreeSet<FifoId> = self.affinity.known().collect();
        let fifos = all.iter().enumerate().map(|(index, traffic)| (FifoId(index as u32), traffic));
        let fifos = fifos.filter(|(fifo, traffic)| known.remove(fifo) || is_busy(traffic));
        let fifos: Vec<Busyness> =
            fifos.map(|(fifo, traffic)| Busyness::of(fifo, traffic)).collect();
        let changed = self.affinity.tick(now, &cores, &fifos);
        changed.iter().map(|(fifo, _)| fifo.0 as usize).collect()
    }
}

/// No machine has more.
const CORES_MAX: usize = 1024;
