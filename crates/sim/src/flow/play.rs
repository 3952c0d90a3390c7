//! Plays a scenario with one rule and counts what came of it.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::cost::{Change, Costs, Kind, lines};
use swell_core::flow::policy::Verdict;
use swell_core::flow::topology::Distance;
use swell_core::flow::view::{FifoId, Glance, OwnerId, Party, Sample, View};
use swell_core::flow::wait::{kingman, little};
use swell_core::time::{Instant, Span};

use crate::flow::rule::Rule;
use crate::flow::seats::Seats;
use crate::flow::stage::{Candidate, Stage, StageFifo, TICK};

/// Items that wait longer than this are late, if nobody says otherwise.
pub const BOUND: Span = Span::from_millis(20);
/// What nodes do and is not played, for those who ask.
pub const NOT_PLAYED: &str = "a change of hands pauses as long as was said, and for what waits to get \
                              to another core, which the rule learns as a node does, from 20 us \
                              on, one of cores 20 us and one of sizes not at all; owners stay as \
                              near as they were, and have as much to do with each other; flows \
                              stay at their node; calls neither hang nor fail";
/// Regions may hold so many times what they begin with.
const MEMORY: f64 = 8.0;
/// Coming back within so many ticks is a ping-pong.
const RETURN: u64 = 100;
/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Changes of hands, per FIFO and hour.
    pub moves: f64,
    /// Of these, back to where it was within ten seconds.
    pub ping_pongs: f64,
    /// Larger and smaller regions, and other cores, per FIFO and hour.
    pub grown: f64,
    /// See `grown`.
    pub shrunk: f64,
    /// See `grown`.
    pub reseated: f64,
    /// Share of all ticks of all FIFOs with items over the bound.
    pub late: f64,
    /// The same, stretch by stretch.
    pub course: Vec<Stretch>,
}

/// One of some stretches of equal length that a run is looked at in.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stretch {
    /// Seconds into the run at its end.
    pub end_s: f64,
    /// Changes of hands.
    pub moves: u64,
    /// Share of ticks of FIFOs with items over the bound.
    pub late: f64,
}

/// So many stretches at most.
const STRETCHES: usize = 120;

struct Fifo<'a> {
    stage: &'a StageFifo,
    owner: usize,
    queue: f64,
    /// How many times four as much as at first it can hold.
    class: i32,
    /// Whether more came in the last tick than it could hold.
    is_cramped: bool,
    /// Seconds of pause still to come.
    paused: f64,
    sample: Sample,
    /// When it left which owner.
    left: BTreeMap<usize, u64>,
}

/// Plays; items that wait longer than `bound` are late.
pub fn play(stage: &Stage, rule: &Rule, bound: Span) -> Outcome {
    let mut analyzer = rule.analyzer(stage.seed);
    let mut fifos: Vec<Fifo<'_>> = stage.fifos.iter().map(fifo).collect();
    let mut recent = vec![0u32; stage.owners.len()];
    let (mut moves, mut ping_pongs, mut late) = (0u64, 0u64, 0u64);
    let (mut grown, mut shrunk, mut reseated) = (0u64, 0u64, 0u64);
    let mut seats = Seats::new(stage);
    let mut costs = Costs::default();
    let warm = Change::on_node(Kind::Warm, 0, Span::ZERO);
    let warm = Costs::default().pause(&warm).secs_f64();
    let length = stage.ticks.div_ceil(STRETCHES).max(1);
    let mut course: Vec<Stretch> = Vec::new();
    let (mut moves_before, mut late_before) = (0, 0);
    for tick in 1..=stage.ticks as u64 {
        let now = Instant::from_millis(tick * 100);
        let place = tick as usize - 1;
        let own: Vec<f64> = stage.owners.iter().map(|owner| owner.besides(place)).collect();
        let used = serve(now, place, stage, &own, &mut fifos);
        late += fifos.iter().filter(|fifo| fifo.sample.latency > bound).count() as u64;
        if let Some(analyzer) = &mut analyzer {
            let usage: Vec<f64> = own.iter().zip(&used).map(|(own, used)| own + used).collect();
            let world = World { stage, tick: place, usage: &usage, recent: &recent, costs: &costs };
            for (fifo, ordered) in orders(now, analyzer, &world, &fifos) {
                let index = fifo.0 as usize;
                let fifo = &mut fifos[index];
                let to = match ordered {
                    Ordered::Owner(OwnerId(to)) => to as usize,
                    Ordered::Class(step) => {
                        let counter = if step > 0 { &mut grown } else { &mut shrunk };
                        *counter += u64::from(fifo.resize(step));
                        continue;
                    }
                };
                moves += 1;
                let back = fifo.left.get(&to).is_some_and(|&left| tick - left <= RETURN);
                ping_pongs += u64::from(back);
                fifo.left.insert(fifo.owner, tick);
                fifo.owner = to;
                let pause = fifo.pause(stage, to);
                costs.on_pause(&fifo.change(to), Span::ZERO, pause);
                fifo.paused += pause.secs_f64();
                recent[to] += 1;
                analyzer.on_moved(now, FifoId(index as u32), pause, fifo.queue as u64);
            }
            let traffic = fifos.iter().map(|fifo| fifo.sample);
            for index in seats.judge(now, &own, traffic) {
                reseated += 1;
                fifos[index].paused += warm;
            }
        }
        if tick % 600 == 0 {
            recent.fill(0);
        }
        if (place + 1).is_multiple_of(length) || place + 1 == stage.ticks {
            let ticks = (place % length + 1) * fifos.len().max(1);
            course.push(Stretch {
                end_s: tick as f64 * TICK,
                moves: moves - moves_before,
                late: (late - late_before) as f64 / ticks as f64,
            });
            (moves_before, late_before) = (moves, late);
        }
    }
    let fifo_ticks = (stage.fifos.len() * stage.ticks).max(1) as f64;
    let fifo_hours = fifo_ticks * TICK / 3600.0;
    Outcome {
        moves: moves as f64 / fifo_hours,
        ping_pongs: ping_pongs as f64 / fifo_hours,
        grown: grown as f64 / fifo_hours,
        shrunk: shrunk as f64 / fifo_hours,
        reseated: reseated as f64 / fifo_hours,
        late: late as f64 / fifo_ticks,
        course,
    }
}

fn fifo(stage: &StageFifo) -> Fifo<'_> {
    let sample = Sample {
        at: Instant::ZERO,
        arriving: 0.0,
        leaving: 0.0,
        depth: 0.0,
        capacity: stage.capacity,
        latency: Span::ZERO,
        true_rate: 0.0,
        work: Span::from_secs_f64(stage.work),
        variation: stage.variation,
    };
    Fifo {
        stage,
        owner: stage.owner,
        queue: 0.0,
        class: 0,
        is_cramped: false,
        paused: 0.0,
        sample,
        left: BTreeMap::new(),
    }
}

/// The least and the most that a lane can come to, as it begins in the third of six size classes.
const CLASSES: std::ops::RangeInclusive<i32> = -2..=3;

impl Fifo<'_> {
    /// Goes on in a region that is so many classes larger, or less so; whether there is one.
    fn resize(&mut self, step: i32) -> bool {
        let is_there = CLASSES.contains(&(self.class + step));
        if is_there {
            self.class += step;
            self.sample.capacity = self.stage.capacity * 4f64.powi(self.class);
        }
        is_there
    }

    /// What is to be done if this one is to own it, as far as a node knows.
    fn change(&self, to: usize) -> Change {
        let candidate = self.stage.owners.iter().find(|candidate| candidate.owner == to);
        let distance = candidate.map(|candidate| Distance::of(candidate.proximity));
        let unread = (self.queue * self.stage.item_bytes) as u64;
        Change { distance, ..Change::on_node(Kind::Warm, unread, Span::ZERO) }
    }

    /// How long it pauses if this one is to own it.
    fn pause(&self, stage: &Stage, to: usize) -> Span {
        let Change { unread, distance, .. } = self.change(to);
        Span::from_millis_f64(stage.pause_ms) + lines(unread, distance)
    }
}

/// Lets owners work for a tick; returns the share of each one's processors that it took.
fn serve(
    now: Instant,
    tick: usize,
    stage: &Stage,
    own: &[f64],
    fifos: &mut [Fifo<'_>],
) -> Vec<f64> {
    let mut used = vec![0.0; own.len()];
    let arriving: Vec<f64> = fifos.iter().map(|fifo| fifo.stage.arriving(tick)).collect();
    for (owner, share) in used.iter_mut().enumerate() {
        let processors = stage.owners[owner].processors;
        let mut free = (1.0 - own[owner]).max(0.0) * processors * TICK;
        let all = free;
        // Who wants little gets it; the others share what is left.
        let mut mine: Vec<usize> =
            (0..fifos.len()).filter(|&index| fifos[index].owner == owner).collect();
        let demand =
            |index: usize| (fifos[index].queue + arriving[index] * TICK) * fifos[index].stage.work;
        mine.sort_by(|&a, &b| demand(a).total_cmp(&demand(b)));
        let demands: Vec<f64> = mine.iter().map(|&index| demand(index)).collect();
        for (place, (&index, &demand)) in mine.iter().zip(&demands).enumerate() {
            // Items of a FIFO are done one after the other: it keeps one processor busy.
            let fair = (free / (mine.len() - place) as f64).min(TICK);
            let fifo = &mut fifos[index];
            let work = fifo.stage.work;
            let pause = fifo.paused.min(TICK);
            fifo.paused -= pause;
            let given = demand.min(fair) * (1.0 - pause / TICK);
            free -= given;
            // What it could have had: its fair part and what nobody else wanted.
            let others: f64 = demands.iter().sum::<f64>() - demand;
            let could = (all - others).max(fair).min(TICK);
            settle(now, fifo, arriving[index], given / work, could / work / TICK, pause);
        }
        *share = (all - free) / TICK / processors;
    }
    used
}

fn settle(now: Instant, fifo: &mut Fifo<'_>, arriving: f64, served: f64, rate: f64, pause: f64) {
    let before = fifo.queue;
    // A full FIFO blocks its producer.
    let after = (before + arriving * TICK - served).max(0.0);
    fifo.is_cramped = after > fifo.sample.capacity;
    fifo.queue = after.min(fifo.sample.capacity);
    let depth = f64::midpoint(before, fifo.queue);
    let leaving = served / TICK;
    let queued = little(depth, leaving, Span::from_secs(1));
    let stalled = Span::from_secs_f64(if arriving > 0.0 { pause } else { 0.0 });
    let random = if arriving > 0.0 && arriving < rate {
        kingman(arriving, rate, fifo.stage.variation)
    } else {
        Span::ZERO
    };
    let latency = queued.max(stalled).max(random);
    fifo.sample =
        Sample { at: now, arriving, leaving, depth, latency, true_rate: rate, ..fifo.sample };
}

/// What is to be done with a FIFO.
enum Ordered {
    /// This one is to own it.
    Owner(OwnerId),
    /// It is to have a region of another size, so many classes larger.
    Class(i32),
}

/// What surrounds FIFOs at a tick.
struct World<'a> {
    stage: &'a Stage,
    tick: usize,
    /// Of each owner, what it has in use, and how many FIFOs moved to it of late.
    usage: &'a [f64],
    recent: &'a [u32],
    /// What was learned of changes of hands.
    costs: &'a Costs,
}

/// What is to be done with which FIFO.
fn orders(
    now: Instant,
    analyzer: &mut Analyzer,
    world: &World<'_>,
    fifos: &[Fifo<'_>],
) -> Vec<(FifoId, Ordered)> {
    let held: f64 = fifos.iter().map(|fifo| fifo.sample.capacity).sum();
    let most: f64 = fifos.iter().map(|fifo| fifo.stage.capacity * MEMORY).sum();
    let memory_is_short = held > 0.9 * most;
    let parties: Vec<(Vec<Party>, Vec<Party>)> = fifos
        .iter()
        .map(|fifo| {
            let all = fifo.stage.owners.iter();
            all.map(|candidate| party(world, fifo, candidate))
                .partition(|party| party.owner.0 as usize == fifo.owner)
        })
        .collect();
    let views: Vec<View<'_>> = fifos
        .iter()
        .zip(&parties)
        .enumerate()
        .filter_map(|(index, (fifo, (owner, others)))| {
            Some(View {
                fifo: FifoId(index as u32),
                sample: &fifo.sample,
                owner: owner.first()?,
                others,
                memory_is_short,
            })
        })
        .collect();
    for view in &views {
        let is_cramped = fifos[view.fifo.0 as usize].is_cramped;
        analyzer.glance(now, &Glance { is_cramped, ..view.glance() });
    }
    let close: BTreeSet<FifoId> = analyzer.closely().into_iter().collect();
    let close: Vec<View<'_>> =
        views.iter().filter(|view| close.contains(&view.fifo)).copied().collect();
    let orders = analyzer.decide(now, &close).into_iter();
    let moves = orders.filter_map(|order| {
        let to = match order.verdict {
            Verdict::Move(to) => Some(Ordered::Owner(to)),
            Verdict::Grow => Some(Ordered::Class(1)),
            Verdict::Shrink => Some(Ordered::Class(-1)),
            // An owner that takes nothing out does nothing for it, as nobody fails here.
            Verdict::Examine => {
                let view = views.iter().find(|view| view.fifo == order.fifo)?;
                analyzer.relieve(now, view).map(Ordered::Owner)
            }
            Verdict::Stay(_) | Verdict::Scale => None,
        };
        Some((order.fifo, to?))
    });
    moves.collect()
}

fn party(world: &World<'_>, fifo: &Fifo<'_>, candidate: &Candidate) -> Party {
    let World { stage, tick, usage, recent, costs } = *world;
    let Candidate { owner, dependency, proximity } = *candidate;
    let used = usage[owner].min(1.0);
    Party {
        owner: OwnerId(owner as u32),
        cpu: used,
        calls: used,
        memory: stage.owners[owner].memory(tick),
        common_memory: 0.0,
        pressure: 0.0,
        processors: stage.owners[owner].processors,
        is_alive: true,
        may_own: true,
        has_room: true,
        is_abroad: false,
        dependency,
        proximity,
        pause: costs.pause(&fifo.change(owner)),
        recent: recent[owner],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::scenario::Scenario;

    #[test]
    fn what_waits_takes_longer_to_a_core_farther_away() {
        let mut stage = Scenario::hour(1, 0.1).stage();
        stage.fifos[0].item_bytes = 640.0;
        (stage.fifos[0].owners[1].proximity, stage.fifos[0].owners[2].proximity) = (0.9, 0.5);
        let waiting = Fifo { queue: 20.0, ..fifo(&stage.fifos[0]) };
        let us = |to| (waiting.pause(&stage, to).nanos() as f64 / 1e3).round();
        assert_eq!((us(1), us(2)), (122.0, 178.0), "200 lines");
        let mut costs = Costs::default();
        let seen = |costs: &Costs| {
            let (usage, recent) = (&[0.5; 4], &[0; 4]);
            let world = World { stage: &stage, tick: 0, usage, recent, costs };
            [1, 2].map(|place| party(&world, &waiting, &stage.fifos[0].owners[place]))
        };
        let parties = seen(&costs);
        assert_eq!(parties.map(|party| party.proximity), [0.9, 0.5]);
        assert_eq!(parties.map(|party| party.memory), [0.3; 2]);
        // What it takes is expected as a node expects it: by the first constants, then as it was.
        let us = |party: Party| (party.pause.nanos() as f64 / 1e3).round();
        assert_eq!(parties.map(us), [42.0, 98.0]);
        for _ in 0..50 {
            costs.on_pause(&waiting.change(2), Span::ZERO, waiting.pause(&stage, 2));
        }
        assert_eq!(us(seen(&costs)[1]), 178.0);
    }
}
