//! Which flows work on cores of their own: what is seen of flows and cores is shown to the
//! affinity of core, and what it says is carried out.

use std::collections::BTreeMap;
use std::sync::Arc;

use swell_core::flow::affinity::{Affinity, Busyness, CoreId, CoreWords, Place, Traffic, is_busy};
use swell_core::flow::recorder::Recorder;
use swell_core::flow::view::FifoId;
use swell_core::time::Instant;

use crate::flow::cores::Cores;
use crate::flow::line::Line;
use crate::flow::looks::Looks;
use crate::flow::news::Mark;
use crate::flow::shelves::Watched;
use crate::flow::sight::LineSight;
use crate::flow::up::Up;
use crate::flow::wire::function_of;
use crate::settings::FlowCores;

/// Ticks after which the work of cores is looked at anew.
const CORE_TICKS: u64 = 10;
/// With fewer cores than this, a thread of its own mostly takes turns with the others.
const CORES_MIN: usize = 4;

/// Where the consumers of flows work.
pub(crate) struct Seating {
    cores: Cores,
    affinity: Affinity,
    wanted: FlowCores,
    is_on: bool,
}

impl Seating {
    pub(crate) fn new(wanted: FlowCores) -> Self {
        let cores = Cores::find();
        let is_on = match wanted {
            FlowCores::Off => false,
            FlowCores::Auto => cores.all().len() >= CORES_MIN,
            FlowCores::On => true,
        };
        Self { cores, affinity: Affinity::default(), wanted, is_on }
    }

    /// Takes in a tick; where consumers are to work from now on, where that changed.
    pub(crate) fn judge(
        &mut self,
        now: Instant,
        looks: &Looks,
        recorder: Option<&mut Recorder>,
    ) -> Vec<(Arc<Up>, Place)> {
        if !self.is_on {
            return Vec::new();
        }
        if looks.ticks() % CORE_TICKS == 1 {
            self.cores.look();
        }
        // What does little and has no core of its own needs no look.
        let busy = looks.awake().filter(|seen| {
            seen.marks.has(Mark::Seated) || is_busy(&seen.watched.sight.traffic(None))
        });
        let mut known: BTreeMap<FifoId, &Watched> =
            busy.map(|seen| (seen.watched.id, seen.watched)).collect();
        let before = self.affinity.known().filter_map(|id| Some((id, looks.watched(id)?)));
        known.extend(before);
        let ups: Vec<(FifoId, Arc<Up>, &LineSight)> = known
            .into_iter()
            .filter_map(|(id, watched)| Some((id, watched.up.upgrade()?, &watched.sight)))
            .collect();
        let mut fed: BTreeMap<&str, CoreId> = BTreeMap::new();
        for line in ups.iter().filter_map(|(_, up, _)| up.line.as_ref().ok()) {
            if let Place::On(core) = line.seat.place()
                && !line.is_native(line.owner())
            {
                fed.insert(line.owner_name(line.owner()), core);
            }
        }
        let mut fifos = Vec::new();
        for (id, up, sight) in &ups {
            let Ok(line) = &up.line else { continue };
            if up.record.lock().core.is_some() {
                continue;
            }
            let feeder = line.from.iter().find_map(|from| fed.get(function_of(from))).copied();
            // A process works where it likes, and the consumer here does nothing.
            let traffic = match line.is_native(line.owner()) {
                true => Traffic { leaving: 0.0, busy: 0.0, feeder: None },
                false => sight.traffic(feeder),
            };
            fifos.push(Busyness::of(*id, &traffic));
        }
        if fifos.is_empty() {
            return Vec::new();
        }
        let cores: Vec<CoreWords> = self.cores.all().iter().map(CoreWords::of).collect();
        let places = self.affinity.tick(now, &cores, &fifos);
        if let Some(recorder) = recorder {
            recorder.seated(now, &cores, fifos, &places);
        }
        let up =
            |fifo: FifoId| ups.iter().find(|(id, ..)| *id == fifo).map(|(_, up, _)| up.clone());
        places.into_iter().filter_map(|(fifo, place)| Some((up(fifo)?, place))).collect()
    }

    /// In words, why the owner of a flow works where it does.
    pub(crate) fn explain(&self, now: Instant, line: &Line, sight: &LineSight) -> String {
        let count = self.cores.all().len();
        let shared = "its owner shares the node's threads: ";
        match self.wanted {
            FlowCores::Off => format!("{shared}`flow.cores` is off"),
            FlowCores::Auto if count < CORES_MIN => {
                format!("{shared}`flow.cores` is auto, which needs {CORES_MIN} cores")
            }
            _ if line.is_native(line.owner()) => {
                "its owner is a process, and works where it likes".to_string()
            }
            _ => self.affinity.explain(now, line.id, &sight.traffic(None), count),
        }
    }

    /// A flow is no more.
    pub(crate) fn on_removed(&mut self, fifo: FifoId) {
        self.affinity.on_removed(fifo);
    }
}

/// Lets the consumer of a flow work elsewhere.
pub(crate) fn reseat(up: &Up, place: Place) {
    let Ok(line) = &up.line else { return };
    let flow = &line.spec.name;
    match line.reseat(place) {
        Ok(()) => tracing::info!(%flow, ?place, "a flow's owner works elsewhere"),
        Err(error) => tracing::warn!(%flow, %error, "a flow's owner works where it did"),
    }
}
