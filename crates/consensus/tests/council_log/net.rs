//! A network in one process: late, lossy, repeating, and cut one way or both, under a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_consensus::raft::carrier::{Carried, Carrier, CarryError, Urgency};
use swell_consensus::raft::desk::Desk;
use swell_core::ids::SiteId;
use tokio::time::{sleep, timeout};

/// How bad it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// The shortest way in one direction.
    pub(crate) least: Duration,
    /// The longest way in one direction.
    pub(crate) delay: Duration,
    /// How long the disk of who is asked something urgent takes before the answer: disks in memory
    /// take no time.
    pub(crate) sync: Duration,
    /// How many of a hundred messages are lost.
    pub(crate) lost_percent: u32,
    /// How many of a hundred come twice.
    pub(crate) twice_percent: u32,
}

/// The network.
pub(crate) struct Net {
    state: Mutex<State>,
}

struct State {
    rng: Xoshiro256PlusPlus,
    desks: BTreeMap<SiteId, Desk>,
    cut: BTreeSet<(SiteId, SiteId)>,
    weather: Weather,
    counts: Counts,
}

/// What happened, so that a run that was spared can be told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    pub(crate) cut: u64,
}

/// The network as one site sees it.
pub(crate) struct Port {
    net: Arc<Net>,
    from: SiteId,
}

impl Net {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let state = State {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6e65_7400),
            desks: BTreeMap::new(),
            cut: BTreeSet::new(),
            weather: Weather::default(),
            counts: Counts::default(),
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    pub(crate) fn port(self: &Arc<Self>, from: SiteId) -> Arc<Port> {
        Arc::new(Port { net: Arc::clone(self), from })
    }

    pub(crate) fn plug(&self, site: SiteId, desk: Desk) {
        self.state.lock().desks.insert(site, desk);
    }

    pub(crate) fn unplug(&self, site: SiteId) {
        self.state.lock().desks.remove(&site);
    }

    pub(crate) fn weather(&self, weather: Weather) {
        self.state.lock().weather = weather;
    }

    pub(crate) fn cut(&self, from: SiteId, to: SiteId) {
        self.state.lock().cut.insert((from, to));
    }

    pub(crate) fn heal(&self) {
        let mut state = self.state.lock();
        state.cut.clear();
        state.weather = Weather::default();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state.lock().counts
    }

    /// Whether a message gets through, how long it takes, and whether it comes twice.
    fn fate(&self, from: SiteId, to: SiteId) -> Option<(Duration, bool)> {
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.cut.contains(&(from, to)) {
            state.counts.cut += 1;
            return None;
        }
        let weather = state.weather;
        if state.rng.random_range(0..100) < weather.lost_percent {
            state.counts.lost += 1;
            return None;
        }
        let micros = |of: Duration| u64::try_from(of.as_micros()).expect("short");
        let (least, longest) = (micros(weather.least), micros(weather.delay.max(weather.least)));
        let delay = Duration::from_micros(state.rng.random_range(least..=longest));
        let twice = state.rng.random_range(0..100) < weather.twice_percent;
        state.counts.twice += u64::from(twice);
        Some((delay, twice))
    }

    async fn bring(
        &self,
        (from, to): (SiteId, SiteId),
        urgency: Urgency,
        message: &[u8],
    ) -> Result<Bytes, CarryError> {
        let Some((delay, twice)) = self.fate(from, to) else { return std::future::pending().await };
        sleep(delay).await;
        let desk = self.state.lock().desks.get(&to).cloned();
        let gone = || CarryError::Unreachable(format!("nobody is at site {}", to.0));
        let desk = desk.ok_or_else(gone)?;
        if twice {
            let (desk, message) = (desk.clone(), message.to_vec());
            tokio::spawn(async move {
                sleep(delay * 2).await;
                desk.answer(from, &message).await;
            });
        }
        let answer = desk.answer(from, message).await;
        if urgency == Urgency::Urgent {
            let sync = self.state.lock().weather.sync;
            sleep(sync).await;
        }
        let Some((delay, _)) = self.fate(to, from) else { return std::future::pending().await };
        sleep(delay).await;
        Ok(Bytes::from(answer))
    }
}

impl Carrier for Port {
    fn call<'a>(
        &'a self,
        to: SiteId,
        _address: &'a str,
        urgency: Urgency,
        message: Bytes,
        within: Duration,
    ) -> Carried<'a> {
        Box::pin(async move {
            let brought = timeout(within, self.net.bring((self.from, to), urgency, &message)).await;
            brought.unwrap_or(Err(CarryError::TimedOut))
        })
    }
}
