//! On which core the owner of a FIFO should work.
//!
//! A FIFO whose owner is busy is worth a thread of its own, on a core of its own. One whose
//! owner mostly sleeps is best on the core of whoever feeds it: waking it there costs a quarter
//! of waking it elsewhere. Between cores, those that share the last cache are nearer by a
//! factor of three. All others share the threads there are, wherever those run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::flow::view::{FifoId, TICK};
use crate::flow::window::Recent;
use crate::flow::words::{number, word};
use crate::time::{Instant, Span};

/// A core, as the machine counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CoreId(pub u32);

/// How a core stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Core {
    /// Which.
    pub id: CoreId,
    /// Cores with the same number share their last cache.
    pub cache: u32,
    /// Share of the last second that it worked, from 0 to 1.
    pub load: f64,
}

/// Where an owner works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Place {
    /// On a thread that others work on too, on any core.
    #[default]
    Shared,
    /// On a thread of its own, on this core.
    On(CoreId),
}

/// What is known of a FIFO for that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Items taken out, per second.
    pub leaving: f64,
    /// Share of a core that its owner works on them, from 0 to 1.
    pub busy: f64,
    /// The core of whoever feeds it, if that one has a core.
    pub feeder: Option<CoreId>,
}

/// A FIFO from so many items a second on is worth a core.
const RATE: f64 = 1_000.0;
/// And one whose owner works for so large a share of a core.
const BUSY: f64 = 0.25;
/// A core is full from this load on.
const FULL: f64 = 0.8;
/// Another core is worth a change if its load is less by this.
const GAIN: f64 = 0.25;
/// Ticks that are looked back at, and the shares of hot ones to begin and to end at.
const TICKS: usize = 30;
const ENTER: f64 = 0.6;
const LEAVE: f64 = 0.2;
/// How long a FIFO stays where it was put.
const REST: Span = Span::from_secs(5);

/// Whether a FIFO with this traffic is worth a core, if that lasts. One that is not, and is not
/// [known](Affinity::known), need not be judged.
pub fn is_busy(traffic: &Traffic) -> bool {
    traffic.leaving >= RATE || traffic.busy >= BUSY
}

/// What is known of a FIFO, as it is judged and as a journal keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busyness {
    /// Which.
    pub fifo: FifoId,
    /// Whether it is worth a core, if that lasts.
    pub is_hot: bool,
    /// The share of a core that its owner works, as a word.
    pub busy: u16,
    /// The core of whoever feeds it.
    pub feeder: Option<CoreId>,
}

/// A core as a journal keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreWords {
    /// Which.
    pub id: CoreId,
    /// As [`Core::cache`].
    pub cache: u32,
    /// As [`Core::load`], as a word.
    pub load: u16,
}

impl Busyness {
    /// Of this traffic.
    pub fn of(fifo: FifoId, traffic: &Traffic) -> Self {
        let (is_hot, busy) = (is_busy(traffic), word(traffic.busy));
        Self { fifo, is_hot, busy, feeder: traffic.feeder }
    }
}

impl CoreWords {
    /// Of this core.
    pub fn of(core: &Core) -> Self {
        Self { id: core.id, cache: core.cache, load: word(core.load) }
    }

    fn core(&self) -> Core {
        Core { id: self.id, cache: self.cache, load: number(self.load) }
    }
}

struct Memory {
    hot: Recent,
    place: Place,
    changed: Option<Instant>,
}

/// Decides for all FIFOs of a node.
#[derive(Default)]
pub struct Affinity {
    memories: BTreeMap<FifoId, Memory>,
}

impl Affinity {
    /// Takes in a tick: how cores stand, and FIFOs that are busy or known. Where owners are to work
    /// from now on, where that changed.
    pub fn tick(
        &mut self,
        now: Instant,
        cores: &[CoreWords],
        fifos: &[Busyness],
    ) -> Vec<(FifoId, Place)> {
        // As a journal keeps it.
        let now = Instant::from_millis(now.nanos() / 1_000_000);
        let cores: Vec<Core> = cores.iter().map(CoreWords::core).collect();
        let judge = |one: &Busyness| Some((one.fifo, self.judge(now, one, &cores)?));
        fifos.iter().filter_map(judge).collect()
    }

    fn judge(&mut self, now: Instant, one: &Busyness, cores: &[Core]) -> Option<Place> {
        let fifo = one.fifo;
        let leaving = if one.is_hot { RATE } else { 0.0 };
        let traffic = &Traffic { leaving, busy: number(one.busy), feeder: one.feeder };
        let memory = self.memories.entry(fifo).or_insert_with(|| Memory {
            hot: Recent::new(TICKS),
            place: Place::Shared,
            changed: None,
        });
        memory.hot.push(one.is_hot);
        if memory.place == Place::Shared && memory.hot.is_full() && !memory.hot.has_any() {
            // It is as if it had never been busy.
            self.memories.remove(&fifo);
            return None;
        }
        let rests = memory.changed.is_some_and(|changed| now.since(changed) < REST);
        // A machine with one core leaves nothing to choose.
        if rests || cores.len() < 2 {
            return None;
        }
        let share = memory.hot.share();
        let next = match memory.place {
            Place::Shared if share >= ENTER && memory.hot.is_full() => best(traffic, cores, None),
            Place::Shared => Place::Shared,
            Place::On(_) if share <= LEAVE => Place::Shared,
            Place::On(core) => best(traffic, cores, Some(core)),
        };
        if next == memory.place {
            return None;
        }
        (memory.place, memory.changed) = (next, Some(now));
        Some(next)
    }

    /// FIFOs that were busy not long ago, or have a core.
    pub fn known(&self) -> impl Iterator<Item = FifoId> {
        self.memories.keys().copied()
    }

    /// Where a FIFO's owner works.
    pub fn place(&self, fifo: FifoId) -> Place {
        self.memories.get(&fifo).map_or(Place::Shared, |memory| memory.place)
    }

    /// In words, why the owner of a FIFO with this traffic works where it does, on a machine with so
    /// many cores.
    pub fn explain(&self, now: Instant, fifo: FifoId, traffic: &Traffic, cores: usize) -> String {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let (hot, place, changed) = match self.memories.get(&fifo) {
            Some(memory) => (memory.hot.share(), memory.place, memory.changed),
            None => (0.0, Place::Shared, None),
        };
        let rests = changed.map(|changed| changed + REST).filter(|until| *until > now);
        let (seconds, hot_enough) = (TICKS as f64 * TICK.secs_f64(), percent(ENTER));
        let busy = format!("it was busy {} of the last {seconds:.0} s", percent(hot));
        let words = match place {
            Place::On(core) => format!("its owner works on core {}: {busy}", core.0),
            Place::Shared if cores < 2 => {
                "its owner shares the node's threads: there is one core".to_string()
            }
            Place::Shared if hot == 0.0 => format!(
                "its owner shares the node's threads: a core of its own is for {RATE:.0} items a \
                 second or {} of a core, and it has {:.0} and {}",
                percent(BUSY),
                traffic.leaving,
                percent(traffic.busy)
            ),
            Place::Shared if hot < ENTER => format!(
                "its owner shares the node's threads: {busy}, and a core of its own is for \
                 {hot_enough}"
            ),
            Place::Shared if rests.is_some() => {
                format!("its owner shares the node's threads: {busy}")
            }
            Place::Shared => format!(
                "its owner shares the node's threads: {busy}, but with it every core would be more \
                 than {} busy",
                percent(FULL)
            ),
        };
        match (rests, place) {
            (Some(until), _) => {
                let left = until.since(now).secs_f64();
                format!("{words}, and stays there for {left:.1} s more")
            }
            (None, Place::On(_)) => format!("{words}, and no other core suits it much better"),
            (None, Place::Shared) => words,
        }
    }

    /// A FIFO is no more.
    pub fn on_removed(&mut self, fifo: FifoId) {
        self.memories.remove(&fifo);
    }
}

/// The best core; the present one, unless another is much better.
fn best(traffic: &Traffic, cores: &[Core], present: Option<CoreId>) -> Place {
    let find = |id: CoreId| cores.iter().find(|core| core.id == id);
    // What it brings along is part of its present core's load.
    let load = |core: &Core| {
        let own = if Some(core.id) == present { traffic.busy } else { 0.0 };
        (core.load - own).max(0.0) + traffic.busy
    };
    let feeder = traffic.feeder.and_then(find);
    if let Some(feeder) = feeder
        && traffic.busy < BUSY
        && load(feeder) <= FULL
    {
        return Place::On(feeder.id);
    }
    let near = |core: &Core| feeder.is_none_or(|feeder| feeder.cache == core.cache);
    let rank = |core: &&Core| (load(core) > FULL, !near(core));
    let better = |a: &&Core, b: &&Core| {
        rank(a).cmp(&rank(b)).then(load(a).total_cmp(&load(b))).then(a.id.cmp(&b.id))
    };
    let Some(best) = cores.iter().min_by(better) else { return Place::Shared };
    match present.and_then(find) {
        Some(present) if rank(&present) == rank(&best) && load(best) + GAIN > load(present) => {
            Place::On(present.id)
        }
        // Where every core is full, a thread of its own only takes turns with the others.
        None if load(best) > FULL => Place::Shared,
        _ => Place::On(best.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(loads: &[f64]) -> Vec<Core> {
        let core = |(id, &load): (usize, &f64)| {
            let id = id as u32;
            Core { id: CoreId(id), cache: id / 2, load }
        };
        loads.iter().enumerate().map(core).collect()
    }

    /// Takes in a tick of the first FIFO.
    fn judge(
        affinity: &mut Affinity,
        now: Instant,
        traffic: &Traffic,
        cores: &[Core],
    ) -> Option<Place> {
        let cores: Vec<CoreWords> = cores.iter().map(CoreWords::of).collect();
        let changed = affinity.tick(now, &cores, &[Busyness::of(FifoId(0), traffic)]);
        changed.first().map(|(_, place)| *place)
    }

    fn check(traffic: (f64, f64, Option<u32>), loads: &[f64], expected: Option<u32>) {
        let (leaving, busy, feeder) = traffic;
        let traffic = Traffic { leaving, busy, feeder: feeder.map(CoreId) };
        let mut affinity = Affinity::default();
        for tick in 0..2 * TICKS as u64 {
            judge(&mut affinity, Instant::ZERO + TICK * tick, &traffic, &cores(loads));
        }
        let place = expected.map_or(Place::Shared, |core| Place::On(CoreId(core)));
        assert_eq!(affinity.place(FifoId(0)), place, "{traffic:?} {loads:?}");
    }

    #[test]
    fn fifos_get_the_core_that_suits_them() {
        // Idle ones get none; busy ones the core with the most room.
        check((10.0, 0.01, None), &[0.0, 0.0], None);
        check((10.0, 0.5, None), &[0.3, 0.1, 0.2, 0.9], Some(1));
        check((5_000.0, 0.1, None), &[0.3, 0.1], Some(1));
        // One that mostly sleeps goes to its feeder, unless that core is full.
        check((5_000.0, 0.1, Some(0)), &[0.6, 0.0, 0.0, 0.0], Some(0));
        check((5_000.0, 0.1, Some(0)), &[0.8, 0.3, 0.0, 0.0], Some(1));
        // A busy one goes beside its feeder, and far away only where there is no room near.
        check((5_000.0, 0.5, Some(0)), &[0.25, 0.2, 0.0, 0.0], Some(1));
        check((5_000.0, 0.5, Some(0)), &[0.5, 0.4, 0.1, 0.0], Some(3));
        // No thread of its own where it would only take turns, or where there is one core.
        check((5_000.0, 0.5, None), &[0.9, 0.7], None);
        check((5_000.0, 0.5, None), &[0.0], None);
    }

    #[test]
    fn a_place_is_explained() {
        let hot = Traffic { leaving: 5_000.0, busy: 0.3, feeder: None };
        let cold = Traffic { leaving: 20.0, busy: 0.05, feeder: None };
        for (traffic, loads, ticks, expected) in [
            (cold, &[0.0, 0.0][..], 60, "threads: a core of its own is for 1000 items a second or"),
            (hot, &[0.0, 0.0], 12, "threads: it was busy 40 % of the last 3 s, and a core of its"),
            (hot, &[0.0, 0.0], 40, "works on core 0: it was busy 100 % of the last 3 s, and stays"),
            (hot, &[0.9, 0.9], 60, "but with it every core would be more than 80 % busy"),
            (hot, &[0.0], 60, "threads: there is one core"),
        ] {
            let mut affinity = Affinity::default();
            let at = |tick| Instant::ZERO + TICK * tick;
            for tick in 0..ticks {
                judge(&mut affinity, at(tick), &traffic, &cores(loads));
            }
            let told = affinity.explain(at(ticks), FifoId(0), &traffic, loads.len());
            assert!(told.contains(expected), "`{expected}` is not in: {told}");
        }
    }

    #[test]
    fn places_are_kept_for_a_while() {
        let mut affinity = Affinity::default();
        let hot = Traffic { leaving: 5_000.0, busy: 0.3, feeder: None };
        let cold = Traffic { leaving: 0.0, busy: 0.0, feeder: None };
        let mut changes = Vec::new();
        for tick in 0..300u64 {
            let now = Instant::ZERO + TICK * tick;
            // Its own load moves along with it, and the rest wavers by less than it is worth.
            let at = |core| {
                let own = f64::from(affinity.place(FifoId(0)) == Place::On(CoreId(core)));
                let busy = if tick < 150 { hot.busy } else { cold.busy };
                busy * own + if tick % 20 < 10 { 0.1 * f64::from(core) } else { 0.1 }
            };
            let cores = cores(&[at(0), at(1)]);
            let traffic = if tick < 150 { &hot } else { &cold };
            if let Some(place) = judge(&mut affinity, now, traffic, &cores) {
                changes.push((tick, place));
            }
        }
        assert_eq!(changes.len(), 2, "to a core, and back: {changes:?}");
        assert_eq!(changes[0], (29, Place::On(CoreId(0))));
        assert_eq!(changes[1].1, Place::Shared);
    }
}
