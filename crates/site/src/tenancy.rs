//! What a site knows of its leases and of time in the log, by a clock of its own that nobody sets.

use std::time::Duration;

use parking_lot::Mutex;
use swell_consensus::log::Leadership;
use swell_core::council::acting::{Acting, Tenure, acting, is_renewal_due};
use swell_core::council::state::State;
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;
use swell_core::time::Instant;
use tokio::time::Instant as Own;

/// What a site knows of its leases.
#[derive(Debug)]
pub struct Tenancy {
    /// The site's own clock counts from here.
    born: Own,
    tenure: Mutex<Option<Tenure>>,
    /// The time in the log, and when it was seen to go on.
    seen: Mutex<(Instant, Own)>,
    /// The term in which this site leads, and since when.
    led: Mutex<Option<(u64, Own)>>,
}

impl Tenancy {
    /// Of a site that starts now: it may count on nothing yet.
    pub fn new() -> Self {
        let born = Own::now();
        let (tenure, led) = (Mutex::default(), Mutex::default());
        Self { born, tenure, seen: Mutex::new((Instant::ZERO, born)), led }
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(self.born.elapsed().as_nanos() as u64)
    }

    /// What a renewal is good for that is sent after this.
    pub fn asked(&self, state: &State) -> Tenure {
        Tenure::asked(state, self.now())
    }

    /// That renewal was decided.
    pub fn begin(&self, tenure: Tenure) {
        *self.tenure.lock() = Some(tenure);
    }

    /// Whether it is time for the next.
    pub fn is_renewal_due(&self, state: &State, me: SiteId) -> bool {
        is_renewal_due(state, me, *self.tenure.lock(), self.now())
    }

    /// Whether the site acts for a workload by itself.
    pub fn acting(&self, state: &State, me: SiteId, workload: WorkloadId) -> Acting {
        acting(state, me, workload, *self.tenure.lock(), self.now())
    }

    /// Looks whether time goes on in the log.
    pub fn see(&self, state: &State) {
        let mut seen = self.seen.lock();
        if state.now > seen.0 {
            *seen = (state.now, Own::now());
        }
    }

    /// For how long it has not.
    pub fn silence(&self) -> Duration {
        self.seen.lock().1.elapsed()
    }

    /// Whether this site tells the time now: where it leads, and has led for a beat, so that
    /// leaders who follow each other fast do not make time of it. The first tick waits for
    /// nothing, as there are no leases yet.
    pub fn may_tick(&self, leadership: Leadership, (now, beat): (Instant, Duration)) -> bool {
        let mut led = self.led.lock();
        if !leadership.is_ours {
            *led = None;
            return false;
        }
        let (term, since) = (*led)
            .filter(|(term, _)| *term == leadership.term)
            .unwrap_or_else(|| (leadership.term, Own::now()));
        *led = Some((term, since));
        now == Instant::ZERO || since.elapsed() >= beat
    }
}

impl Default for Tenancy {
    fn default() -> Self {
        Self::new()
    }
}
