//! Those who could own a flow, as the analyzer weighs them: what each has in use, how much it has to
//! do with the flow and its owner, how near it is, and how long a change to it would pause the flow.

use std::sync::Weak;

use swell_api::flow::is_native;
use swell_core::flow::affinity::{CoreId, Place};
use swell_core::flow::exchange::{Exchange, Part};
use swell_core::flow::topology::{Nearness, Neighbour};
use swell_core::flow::view::{FifoId, OwnerId, Party};
use swell_core::time::{Instant, Span};

use crate::flow::candidate::{Candidate, Source, shares};
use crate::flow::functions::{FunctionSight, Tick};
use crate::flow::line::Line;
use crate::flow::places::Places;
use crate::flow::sight::LineSight;
use crate::flow::up::Up;

/// Moves to an owner count as recent for so long.
const RECENT: Span = Span::from_mins(1);

/// Ticks after which it is told anew what went through a flow.
const TOLD_TICKS: u64 = 10;

/// What surrounds a flow.
pub(crate) struct Around<'a> {
    /// Share of the memory of instances that those at work hold.
    pub(crate) memory: f64,
    pub(crate) exchange: &'a Exchange,
    pub(crate) places: &'a Places,
}

impl LineSight {
    /// Tells now and then what went through it from whom to whom.
    pub(crate) fn tell(
        &mut self,
        tick: &Tick<'_>,
        (id, up): (FifoId, &Weak<Up>),
        exchange: &mut Exchange,
    ) {
        if !(u64::from(id.0) + tick.number).is_multiple_of(TOLD_TICKS) {
            return;
        }
        if self.sources.len() > 1
            && let Some(up) = up.upgrade()
            && let Ok(line) = &up.line
        {
            for (lane, source) in self.sources.iter_mut().enumerate() {
                source.look(tick.now, line.lane_state(lane).1.tail);
            }
        }
        exchange.put(id, self.parts(tick.now));
    }

    /// What of its bytes of the last minute went from whom to whom.
    pub(crate) fn parts(&self, now: Instant) -> Vec<Part> {
        let mut parts = Vec::new();
        for (place, candidate) in self.candidates.iter().enumerate() {
            let taken = self.taken(place) * self.faded(now);
            for (source, share) in shares(&self.sources) {
                let bytes = (taken * share) as u64;
                if bytes > 0 {
                    let (from, to) = (source.name.clone(), candidate.name.clone());
                    parts.push(Part { from, to, bytes });
                }
            }
        }
        parts
    }

    /// How much this one has to do with the flow and its owner.
    fn dependency(&self, now: Instant, line: &Line, place: usize, exchange: &Exchange) -> f64 {
        let Some(candidate) = self.candidates.get(place) else { return 0.0 };
        let came = shares(&self.sources).filter(|(source, _)| source.name == candidate.name);
        let came: f64 = came.map(|(_, share)| share).sum();
        let flow = self.passed * self.faded(now);
        let own = self.taken(place) * self.faded(now) + came * flow;
        let both = (&*candidate.name, line.owner_name(self.owner as usize));
        exchange.dependency(line.id, both, (own, flow))
    }

    /// How near this one is to those who feed the flow, and to its owner.
    fn nearness(&self, line: &Line, candidate: &Candidate, places: &Places) -> Nearness {
        let owner = line.owner_name(self.owner as usize);
        let seat = line.seat.place();
        let seat = if let Place::On(core) = &seat { std::slice::from_ref(core) } else { &[] };
        // An owner works on the seat of the flow, whatever other seats it has.
        let owner_cores = match seat.is_empty() || is_native(owner) {
            true => cores(line, owner, places),
            false => seat,
        };
        let owner =
            Neighbour { share: 0.0, is_same: *owner == *candidate.name, cores: owner_cores };
        let feeder = |(source, share): (&Source, f64)| Neighbour {
            share,
            is_same: source.name == candidate.name,
            cores: cores(line, &source.name, places),
        };
        let feeders: Vec<Neighbour<'_>> = shares(&self.sources).map(feeder).collect();
        let own = if owner.is_same { owner_cores } else { cores(line, &candidate.name, places) };
        places.topology().nearness(own, &feeders, owner)
    }

    /// The share of its bytes of the last minute that came from functions of another node.
    pub(crate) fn share_of(&self, node: &str) -> f64 {
        let is_of = |name: &str| name.rsplit_once('@').is_some_and(|(_, of)| of == node);
        let came = shares(&self.sources).filter(|(source, _)| is_of(&source.name));
        came.map(|(_, share)| share).sum()
    }

    /// Those who can own it, in their order; `function` tells how one of that number is.
    pub(crate) fn parties<'a>(
        &self,
        now: Instant,
        line: &Line,
        around: &Around<'_>,
        function: impl Fn(usize) -> &'a FunctionSight,
    ) -> Vec<Party> {
        let Around { memory, exchange, places } = *around;
        let candidates = self.candidates.iter().enumerate();
        let party = |(place, candidate): (usize, &Candidate)| {
            let is_recent = |moved: &&Instant| now.since(**moved) < RECENT;
            let nearness = self.nearness(line, candidate, places);
            let common = Party {
                owner: OwnerId(place as u32),
                cpu: 0.0,
                calls: 0.0,
                memory: 0.0,
                common_memory: memory,
                pressure: 0.0,
                processors: 1.0,
                is_alive: true,
                may_own: true,
                has_room: true,
                is_abroad: false,
                dependency: self.dependency(now, line, place, exchange),
                proximity: nearness.proximity,
                pause: line.expect(place, nearness.writer),
                recent: candidate.recent.iter().filter(is_recent).count() as u32,
            };
            match candidate.function.map(&function) {
                Some(function) => Party {
                    // It may have to get an instance first.
                    common_memory: (memory + function.wanting()).min(1.0),
                    has_room: memory + function.wanting() <= 1.0,
                    cpu: function.cpu(),
                    calls: function.calls(),
                    memory: function.memory(),
                    pressure: function.pressure(),
                    processors: function.processors,
                    is_alive: function.is_alive,
                    ..common
                },
                // A native process has the flow when it connects, and not because somebody judged
                // so; what else it does nobody knows.
                None => {
                    let is_alive = line.natives.consumer(line.owner_name(place)).is_some();
                    let calls = if is_alive { 0.0 } else { 1.0 };
                    Party { calls, is_alive, may_own: false, ..common }
                }
            }
        };
        let parties: Vec<Party> = candidates.map(party).collect();
        line.show_cost();
        parties
    }

    /// The flow went to this owner.
    pub(crate) fn on_moved(&mut self, now: Instant, place: usize) {
        if let Some(candidate) = self.candidates.get_mut(place) {
            candidate.recent.retain(|&moved| now.since(moved) < RECENT);
            candidate.recent.push_back(now);
        }
    }
}

/// The cores that a function or process works on, as far as they are known.
fn cores<'a>(line: &Line, name: &str, places: &'a Places) -> &'a [CoreId] {
    match is_native(name) {
        true => line.natives.process(name).map_or(&[], |pid| places.of_process(pid)),
        false => places.of_function(name),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use swell_core::flow::topology::{Spot, Topology};

    use super::*;
    use crate::flow::alone::{flow_alone, tick};
    use crate::flow::functions::Functions;
    use crate::flow::news::News;
    use crate::registry::Registry;

    /// Cores 0 to 7 share one last cache, and those from 8 on another on another memory node.
    fn places() -> Places {
        let spot = |core: u32| Spot {
            core: CoreId(core),
            second_cache: core / 2,
            last_cache: core / 8,
            memory: core / 8,
        };
        Places::on(Topology::new((0..16).map(spot)))
    }

    fn rounded(share: f64) -> f64 {
        (share * 1e3).round() / 1e3
    }

    #[test]
    fn who_is_near_and_has_much_to_do_with_a_flow_is_worth_more() {
        let (news, registry) = (News::default(), Registry::default());
        let (mut line, _folder) = flow_alone(&news, 0, 16 << 10);
        line.spec.owners = vec!["lite".to_string(), "other".to_string()];
        let mut functions = Functions::default();
        let mut sight = LineSight::new(&line, &mut functions);
        let (mut places, mut exchange) = (places(), Exchange::default());
        let see = |sight: &LineSight, places: &Places, exchange: &Exchange, number| {
            let around = Around { memory: 0.1, exchange, places };
            let now = tick(number, &registry).now;
            sight.parties(now, &line, &around, |number| functions.seen(number))
        };
        let unknown = see(&sight, &places, &exchange, 0);
        let nearness = |parties: &[Party]| -> Vec<f64> {
            parties[1..].iter().map(|party| rounded(party.proximity)).collect()
        };
        let ties = |parties: &[Party]| -> Vec<f64> {
            parties.iter().map(|party| rounded(party.dependency)).collect()
        };
        assert_eq!(nearness(&unknown), [0.4, 0.4], "as far as cores of this machine can be");
        assert_eq!(ties(&unknown), [0.0; 3]);

        // A second in which 640 bytes went, while ten items wait.
        let (counters, up) = (line.meter.counters(), Weak::new());
        counters.put.fetch_add(11, Relaxed);
        sight.read(&tick(1, &registry), counters);
        counters.done.fetch_add(1, Relaxed);
        counters.bytes.fetch_add(6_400, Relaxed);
        sight.read(&tick(2, &registry), counters);
        sight.tell(&tick(9, &registry), (line.id, &up), &mut exchange);
        assert_eq!(exchange.fifos().count(), 0, "it is not its turn");
        sight.tell(&tick(10, &registry), (line.id, &up), &mut exchange);
        let parts = sight.parts(tick(2, &registry).now);
        let expected = Part { from: "camera".into(), to: "detect".into(), bytes: 6_400 };
        assert_eq!(parts, [expected]);
        // What it carries is of the last minute only.
        let later = sight.parts(tick(602, &registry).now);
        assert!((2_200..2_500).contains(&later[0].bytes), "{later:?}");
        assert_eq!(sight.parts(tick(9_000, &registry).now), []);

        let other = Part { from: "lite".into(), to: "detect".into(), bytes: 19_200 };
        exchange.put(FifoId(7), vec![other]);
        let seat = |name: &str, core| (std::sync::Arc::from(name), CoreId(core));
        places.seat(1, [seat("camera", 0), seat("detect", 2), seat("lite", 1), seat("other", 9)]);
        let parties = see(&sight, &places, &exchange, 2);
        assert_eq!(
            nearness(&parties),
            [0.85, 0.4],
            "beside the camera and near the owner, and far from both"
        );
        assert_eq!(ties(&parties), [0.25, 0.75, 0.0]);
        let pause = |place: usize| parties[place].pause;
        assert!(pause(2) - pause(1) > Span::from_nanos(200_000), "what waits is fetched from afar");
        assert_eq!(line.pause_next(), pause(1), "its memory tells what the decision goes by");
        // Where it has a seat of its own, that is where its owner is.
        line.seat.set(Place::On(CoreId(9)));
        let parties = see(&sight, &places, &exchange, 2);
        assert_eq!(nearness(&parties), [0.65, 0.65], "each is near one of the two");
    }

    #[test]
    fn each_lane_counts_by_what_came_of_late() {
        let news = News::default();
        let (line, _folder) = flow_alone(&news, 0, 16 << 10);
        let mut sight = LineSight::new(&line, &mut Functions::default());
        sight.sources = ["camera", "lite"].map(crate::flow::candidate::Source::new).into();
        (sight.passed, sight.candidates[0].name) = (100.0, "lite".into());
        for (at, bytes) in [(0, [500, 0]), (1_000, [500, 30]), (2_000, [510, 30])] {
            for (source, bytes) in sight.sources.iter_mut().zip(bytes) {
                source.look(Instant::from_millis(at), bytes);
            }
        }
        let dependency = sight.dependency(Instant::ZERO, &line, 0, &Exchange::default());
        assert!((0.74..0.76).contains(&dependency), "30 of 40 came from it: {dependency}");
    }
}
