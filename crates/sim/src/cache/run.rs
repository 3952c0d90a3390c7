//! Plays one run: requests are drawn, served and counted.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_core::time::Span;

use crate::cache::case::{Case, Outcome};
use crate::cache::network::Network;
use crate::cache::popularity::Popularity;
use crate::cache::protocol::ahead::room;
use crate::cache::protocol::play::play;
use crate::cache::protocol::tally::Kept;
use crate::cache::replacement::bank::{Bank, Size};
use crate::cache::replacement::catalogue::Replacement;
use crate::cache::replacement::fifo::Fifo;
use crate::cache::replacement::in_cache_lfu::InCacheLfu;
use crate::cache::replacement::lru::Lru;
use crate::cache::replacement::perfect_lfu::PerfectLfu;
use crate::cache::replacement::rand::Rand;
use crate::cache::replacement::s3_fifo::S3Fifo;
use crate::cache::replacement::sieve::Sieve;
use crate::cache::run_error::RunError;
use crate::cache::splitmix::{SplitMix64, Stream};
use crate::cache::stopwatch::Stopwatch;
use crate::cache::strategy::catalogue::Choice;
use crate::cache::strategy::cl4m::Cl4m;
use crate::cache::strategy::edge::Edge;
use crate::cache::strategy::group::Group;
use crate::cache::strategy::hr_symm::HrSymm;
use crate::cache::strategy::lcd::Lcd;
use crate::cache::strategy::lce::Lce;
use crate::cache::strategy::no_cache::NoCache;
use crate::cache::strategy::prob_cache::ProbCache;
use crate::cache::strategy::serving::{From, Request, Strategy};

/// Requests drawn, and what they read touched, together: so the processor waits for memory once
/// and not each time. More than this would not fit its nearest caches.
const AHEAD: u64 = 256;

/// What came of a run, and how long its requests took to play.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Played {
    /// What came of it.
    pub outcome: Outcome,
    /// What else came of it, with the real protocol.
    pub kept: Option<Kept>,
    /// Seconds of one processor, from the first request to the last.
    pub seconds: f64,
}

/// Plays a run. The popularity is the case's, made once for many runs.
pub fn run(
    case: &Case,
    popularity: &Popularity,
    interrupt: &AtomicBool,
) -> Result<Played, RunError> {
    let contents = case.contents * case.workloads;
    let network = Network::new(case.topology(), contents, case.seed)
        .map_err(|apart| RunError::Apart(apart.0))?;
    // More slots than contents would stay empty.
    let ahead = case.protocol.map_or(0, |protocol| room(protocol.prefetch, case.slots));
    let slots = (case.slots - ahead).min(contents) as usize;
    let size = Size { caches: network.topology.caches.len(), slots };
    let play = Play { case, popularity, network: &network, interrupt };
    match case.replacement {
        Replacement::Lru => play.with(Lru::new(size)),
        Replacement::Fifo => play.with(Fifo::new(size)),
        Replacement::InCacheLfu => play.with(InCacheLfu::new(size)),
        Replacement::PerfectLfu => play.with(PerfectLfu::new(size)),
        Replacement::Rand => {
            play.with(Rand::new(size, SplitMix64::stream(case.seed, Stream::Victims)))
        }
        Replacement::Sieve => play.with(Sieve::new(size)),
        Replacement::S3Fifo => play.with(S3Fifo::new(size)),
    }
}

struct Play<'a> {
    case: &'a Case,
    popularity: &'a Popularity,
    network: &'a Network,
    interrupt: &'a AtomicBool,
}

impl Play<'_> {
    fn with<B: Bank>(&self, bank: B) -> Result<Played, RunError> {
        let (case, network) = (self.case, self.network);
        if let (Choice::Group(sharing), Some(protocol)) = (case.strategy, &case.protocol) {
            let (popularity, interrupt) = (self.popularity, self.interrupt);
            let watch = Stopwatch::start();
            let topology = &network.topology;
            let (outcome, kept) =
                play(case, protocol, topology, popularity, bank, sharing.copy, interrupt)?;
            return Ok(Played { outcome, kept: Some(kept), seconds: watch.seconds() });
        }
        let coins = SplitMix64::stream(case.seed, Stream::Coins);
        match case.strategy {
            Choice::NoCache => self.requests(bank, NoCache(network)),
            Choice::Edge => self.requests(bank, Edge(network)),
            Choice::Lce => self.requests(bank, Lce(network)),
            Choice::Lcd => self.requests(bank, Lcd(network)),
            Choice::ProbCache => self.requests(bank, ProbCache::new(network, coins)),
            Choice::Cl4m => self.requests(bank, Cl4m::new(network)),
            Choice::HrSymm => self.requests(bank, HrSymm::new(network)),
            Choice::Group(sharing) => {
                let group = Group::new(network, case.contents, sharing, case.lookup, coins);
                self.requests(bank, group)
            }
        }
    }

    fn requests<B: Bank, S: Strategy>(
        &self,
        mut bank: B,
        mut strategy: S,
    ) -> Result<Played, RunError> {
        let Case { warmup, requests, seed, contents, .. } = *self.case;
        let mut generator = SplitMix64::stream(seed, Stream::Requests);
        let receivers = self.network.topology.receivers.len();
        let mut first = vec![0; receivers];
        for (first, workload) in first.iter_mut().zip(&self.network.topology.workloads) {
            *first = workload * contents;
        }
        let mut ahead = Vec::with_capacity(AHEAD as usize);
        let mut count = Count::default();
        let watch = Stopwatch::start();
        for (mut left, counts) in [(warmup, false), (requests, true)] {
            while left > 0 {
                if self.interrupt.load(Ordering::Relaxed) {
                    return Err(RunError::Interrupted);
                }
                ahead.clear();
                for _ in 0..left.min(AHEAD) {
                    let receiver = generator.below(receivers as u64) as u32;
                    let content = first[receiver as usize] + self.popularity.draw(&mut generator);
                    ahead.push(Request { receiver, content });
                }
                left -= ahead.len() as u64;
                let touched = ahead.iter().map(|&request| strategy.touch(&bank, request));
                black_box(touched.fold(0, |all, one| all ^ one));
                for &request in &ahead {
                    let served = strategy.serve(&mut bank, request);
                    count.from[served.from as usize] += 1;
                    count.latency += u128::from(served.latency);
                    count.messages += u64::from(served.messages);
                }
                if !counts {
                    count = Count::default();
                }
            }
        }
        let outcome = Outcome {
            requests,
            local_hits: count.from[From::Local as usize],
            group_hits: count.from[From::Group as usize],
            latency: Span::from_nanos(u64::try_from(count.latency).unwrap_or(u64::MAX)),
            messages: count.messages,
        };
        Ok(Played { outcome, kept: None, seconds: watch.seconds() })
    }
}

#[derive(Default)]
struct Count {
    from: [u64; 3],
    latency: u128,
    messages: u64,
}
