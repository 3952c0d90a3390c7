//! What was recorded of the analyzer is decided again as it was, and nothing else is.

use proptest::prelude::*;

use swell_core::flow::affinity::{Affinity, Busyness, Core, CoreId, CoreWords, Traffic};
use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::choice::build;
use swell_core::flow::entry::Entry;
use swell_core::flow::policy::Verdict;
use swell_core::flow::recorder::Recorder;
use swell_core::flow::replay::{FlowCounts, FlowReplay, FlowStop};
use swell_core::flow::view::{FifoId, Glance, OwnerId, Party, TICK, View};
use swell_core::rng::{self, Rng};
use swell_core::time::{Instant, Span};

use crate::stage::{Stage, party};

/// Some FIFOs that come to be late, idle, cramped, held or nothing for a while, and rest between.
struct Life {
    analyzer: Analyzer,
    affinity: Affinity,
    rng: Rng,
    stages: Vec<(Stage, bool, bool)>,
    bytes: Vec<u8>,
    now: Instant,
}

impl Life {
    fn new(policy: &str, seed: u64, fifos: usize) -> Self {
        let chosen = build(policy, seed).expect("it is a rule");
        let mut analyzer = Analyzer::new(chosen.policy, chosen.budget);
        analyzer.record(Some(Recorder::new(policy, seed)));
        let stages = (0..fifos).map(|_| (Stage::new(), false, false)).collect();
        let now = Instant::from_nanos(1_234_567);
        let affinity = Affinity::default();
        Self { analyzer, affinity, rng: rng::split(seed, "life"), stages, bytes: Vec::new(), now }
    }

    fn chance(&mut self, share: f64) -> bool {
        rng::unit(&mut self.rng) < share
    }

    fn tick(&mut self) {
        self.now = self.now + TICK + Span::from_nanos(rng::below(&mut self.rng, 3_000_000));
        for index in 0..self.stages.len() {
            if self.chance(0.05) {
                let (idle, late, tight) = (self.chance(0.3), self.chance(0.5), self.chance(0.5));
                let mut stage = Stage::with(idle, late, tight);
                if self.chance(0.2) {
                    stage.sample.leaving = 0.0;
                }
                let is_abroad = self.chance(0.5);
                stage.others =
                    vec![party(1, rng::unit(&mut self.rng)), Party { is_abroad, ..party(2, 0.1) }];
                stage.memory_is_short = self.chance(0.2);
                self.stages[index] = (stage, self.chance(0.3), self.chance(0.2));
            }
            let wobble = 0.9 + 0.2 * rng::unit(&mut self.rng);
            let stage = &mut self.stages[index].0;
            stage.sample.arriving *= wobble;
            stage.sample.at = self.now;
        }
        let mut seen = Vec::new();
        for index in 0..self.stages.len() {
            let (stage, rests, is_held) = &self.stages[index];
            if *rests {
                continue;
            }
            let (fifo, is_held) = (FifoId(index as u32 * 3), *is_held);
            let is_cramped = rng::unit(&mut self.rng) < 0.2;
            let rested = if rng::unit(&mut self.rng) < 0.02 { 7 } else { 0 };
            if rng::unit(&mut self.rng) < 0.01 {
                self.analyzer.on_given(self.now, fifo, OwnerId(0), OwnerId(1));
            }
            if rng::unit(&mut self.rng) < 0.01 {
                self.analyzer.on_came(self.now, fifo, rng::below(&mut self.rng, 3) as u32);
            }
            let view = View { fifo, ..stage.view() };
            // Some are with a process, which stalls where nothing leaves.
            let is_native = index % 8 == 7;
            let still = if stage.sample.leaving > 0.0 { Span::ZERO } else { Span::from_secs(60) };
            let glance = Glance { rested, is_cramped, is_held, is_native, still, ..view.glance() };
            self.analyzer.glance(self.now, &glance);
            seen.push(fifo);
        }
        let close = self.analyzer.closely();
        let view =
            |fifo: &FifoId| View { fifo: *fifo, ..self.stages[fifo.0 as usize / 3].0.view() };
        let views: Vec<View<'_>> = close.iter().map(view).collect();
        let orders = self.analyzer.decide(self.now, &views);
        for order in orders {
            let relieved = match order.verdict {
                Verdict::Examine => self.analyzer.relieve(self.now, &view(&order.fifo)).is_some(),
                verdict => matches!(verdict, Verdict::Move(_)),
            };
            match (relieved, rng::below(&mut self.rng, 3)) {
                (true, 0) => self.analyzer.on_failed(order.fifo, "it does not answer"),
                (true, _) => self.analyzer.on_moved(self.now, order.fifo, TICK, 3),
                (false, _) => {}
            }
        }
        if rng::unit(&mut self.rng) < 0.01
            && let Some(fifo) = seen.first()
        {
            self.analyzer.on_removed(*fifo);
            self.affinity.on_removed(*fifo);
        }
        let cores = [0.1, 0.5, 0.9].map(|load| load * rng::unit(&mut self.rng));
        let cores = (0..).zip(cores).map(|(id, load)| Core { id: CoreId(id), cache: id / 2, load });
        let cores: Vec<CoreWords> = cores.map(|core| CoreWords::of(&core)).collect();
        let traffic = Traffic { leaving: 0.0, busy: 0.3 * rng::unit(&mut self.rng), feeder: None };
        let busy: Vec<Busyness> = seen.iter().map(|fifo| Busyness::of(*fifo, &traffic)).collect();
        let places = self.affinity.tick(self.now, &cores, &busy);
        let recorder = self.analyzer.recorder().expect("it is recorded");
        recorder.seated(self.now, &cores, busy, &places);
        for fifo in recorder.unnamed() {
            recorder.name(fifo, "a flow", vec!["detect".to_string()]);
        }
        if let Some(fifo) = seen.last() {
            recorder.show(self.now, &View { fifo: *fifo, ..self.stages[0].0.view() }, (9, 64));
        }
        self.bytes.extend(recorder.take());
    }
}

fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((entry, rest)) = Entry::take(bytes) {
        entries.push(entry);
        bytes = rest;
    }
    assert!(bytes.is_empty(), "what was written is read");
    entries
}

fn replay(entries: &[Entry]) -> Result<FlowCounts, FlowStop> {
    let mut replay = FlowReplay::default();
    entries.iter().try_for_each(|entry| replay.feed(entry))?;
    Ok(replay.counts())
}

fn recorded(policy: &str, seed: u64, fifos: usize, ticks: u64) -> Vec<Entry> {
    let mut life = Life::new(policy, seed, fifos);
    (0..ticks).for_each(|_| life.tick());
    entries(&life.bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_recorded_life_is_decided_again(seed in 0u64..1 << 40, fifos in 1usize..40) {
        for policy in ["measured", "measured:window=500ms,rest=1s", "seed:trigger=0.4"] {
            let entries = recorded(policy, seed, fifos, 200);
            prop_assert!(replay(&entries).is_ok(), "{:?}", replay(&entries));
        }
    }

    #[test]
    fn bytes_that_nobody_wrote_stop_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut replay = FlowReplay::default();
        replay.feed(&Entry::Begun { policy: "measured".to_string(), seed: 1 }).expect("it begins");
        let mut rest = &bytes[..];
        while let Some((entry, more)) = Entry::take(rest) {
            if replay.feed(&entry).is_err() {
                break;
            }
            rest = more;
        }
    }
}

#[test]
fn much_happens_in_such_a_life() {
    let counts = replay(&recorded("measured", 1, 40, 2_000)).expect("it is decided again");
    assert!(counts.ticks == 2_000 && counts.moved > 100 && counts.refused > 50, "{counts:?}");
    assert!(counts.close > 1_000 && counts.orders > 1_000, "{counts:?}");
}

#[test]
fn what_was_changed_is_noticed() {
    let entries = recorded("measured", 1, 40, 400);
    let changed = |change: &dyn Fn(&mut Entry) -> bool| {
        let mut entries = entries.clone();
        assert!(entries.iter_mut().any(change), "there is one to change");
        replay(&entries).err()
    };
    let differs = |stop| matches!(stop, Some(FlowStop::Differs(_)));
    assert!(differs(changed(&|entry| match entry {
        Entry::Looked { orders, .. } => orders.pop().is_some(),
        _ => false,
    })));
    let seeded = |entry: &mut Entry| match entry {
        Entry::Begun { policy, .. } => {
            *policy = "measured:enter=0.9".to_string();
            true
        }
        _ => false,
    };
    assert!(changed(&seeded).is_some());
    assert!(replay(&entries[1..]).is_err(), "nobody began");
}

#[test]
fn what_goes_on_as_it_did_takes_next_to_nothing() {
    let mut life = Life::new("measured", 1, 0);
    life.stages = (0..1_000).map(|_| (Stage::new(), false, false)).collect();
    let glance = |life: &mut Life| {
        for (index, (stage, ..)) in life.stages.iter().enumerate() {
            let view = View { fifo: FifoId(index as u32), ..stage.view() };
            life.analyzer.glance(stage.sample.at, &view.glance());
        }
        life.analyzer.decide(Instant::ZERO, &[]);
        life.analyzer.recorder().expect("it is recorded").take().len()
    };
    assert!(glance(&mut life) < 5_000, "the first time all are new");
    assert!(glance(&mut life) <= 6);
}

#[test]
fn close_looks_are_told_by_what_differs() {
    let mut stage = Stage::with(false, true, true);
    stage.others = vec![Party { cpu: 0.99, ..party(1, 0.99) }];
    let mut life = Life::new("measured", 1, 0);
    let mut look = |arriving: f64| {
        life.now = life.now + TICK;
        stage.sample.at = life.now;
        stage.sample.arriving = arriving;
        life.analyzer.tick(life.now, &[stage.view()]);
        life.analyzer.recorder().expect("it is recorded").take().len()
    };
    for _ in 0..20 {
        look(1000.0);
    }
    let (same, other) = (look(1000.0), look(1100.0));
    assert!(same <= 14 && other == same + 2, "{same} {other}");
}
