//! A FIFO, its owner and one other, as plain as can be; tests change what they are about.

use swell_core::flow::policy::{FlowPolicy, Judgement};
use swell_core::flow::view::{FifoId, OwnerId, Party, Sample, TICK, View};
use swell_core::time::{Instant, Span};

pub(crate) struct Stage {
    pub(crate) now: Instant,
    pub(crate) sample: Sample,
    pub(crate) owner: Party,
    pub(crate) others: Vec<Party>,
    pub(crate) memory_is_short: bool,
}

pub(crate) const FIFO: FifoId = FifoId(0);

pub(crate) fn party(owner: u32, cpu: f64) -> Party {
    Party {
        owner: OwnerId(owner),
        cpu,
        calls: 0.0,
        memory: 0.1,
        common_memory: 0.1,
        pressure: 0.0,
        processors: 1.0,
        is_alive: true,
        may_own: true,
        has_room: true,
        is_abroad: false,
        dependency: 0.5,
        proximity: 0.8,
        pause: Span::from_nanos(20_000),
        recent: 0,
    }
}

impl Stage {
    /// A busy FIFO in good order: a thousand items a second, each worth 0.1 ms of work.
    pub(crate) fn new() -> Self {
        let sample = Sample {
            at: Instant::ZERO,
            arriving: 1000.0,
            leaving: 1000.0,
            depth: 1.0,
            capacity: 1000.0,
            latency: Span::from_millis(1),
            true_rate: 5000.0,
            work: Span::from_nanos(100_000),
            variation: 2.0,
        };
        let (owner, others) = (party(0, 0.5), vec![party(1, 0.1)]);
        Self { now: Instant::ZERO, sample, owner, others, memory_is_short: false }
    }

    /// Lets the indicators speak, or not.
    pub(crate) fn with(is_idle: bool, is_late: bool, is_tight: bool) -> Self {
        let mut stage = Self::new();
        if is_idle {
            (stage.sample.arriving, stage.sample.leaving) = (1.0, 1.0);
        }
        if is_late {
            stage.sample.latency = Span::from_millis(50);
            stage.sample.depth = 50.0;
        }
        if is_tight {
            stage.owner.cpu = 0.95;
        }
        stage
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            fifo: FIFO,
            sample: &self.sample,
            owner: &self.owner,
            others: &self.others,
            memory_is_short: self.memory_is_short,
        }
    }

    /// One tick on.
    pub(crate) fn judge(&mut self, policy: &mut dyn FlowPolicy) -> Judgement {
        self.now = self.now + TICK;
        self.sample.at = self.now;
        let view = self.view();
        let signs = policy.signs(&view.glance());
        let judgement = policy.glance(self.now, FIFO, signs, 0);
        judgement.unwrap_or_else(|| {
            let mut weighed = Vec::new();
            policy.weigh(&view, &mut weighed);
            policy.judge(self.now, &view, &weighed)
        })
    }

    /// So many ticks on; the last judgement.
    pub(crate) fn judge_for(&mut self, ticks: usize, policy: &mut dyn FlowPolicy) -> Judgement {
        (0..ticks).map(|_| self.judge(policy)).last().expect("at least one tick")
    }
}
