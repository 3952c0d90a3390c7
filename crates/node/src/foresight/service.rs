//! Forecasting by the clock: one thread that wakes when a step is over, and one that makes
//! models, both behind everything else that the machine does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use swell_api::spec::ForecastMode;
use swell_core::event::Event;

use crate::foresight::alarms::Alarms;
use crate::foresight::calendar::Calendar;
use crate::foresight::desk::Desk;
use crate::foresight::followed::Followed;
use crate::foresight::ground::{Ground, Parts};
use crate::foresight::models::{METHOD, method};
use crate::foresight::receipts::Receipts;
use crate::foresight::round::{FOLLOWED, LEAGUE, Round, Wake};
use crate::foresight::training::{self, Job, Limits};
use crate::store::error::StoreError;

/// Forecasting.
pub struct Foresight {
    /// What it stands on.
    pub ground: Arc<Ground>,
    stop: Arc<AtomicBool>,
    wake: Sender<Wake>,
    threads: Mutex<Vec<(JoinHandle<()>, Duration)>>,
}

/// How long the end of a node waits for the threads. They run behind everything else, so on a busy
/// machine they hear late that they are to end. What makes models holds nothing that outlives it;
/// what forecasts has the store open, and what it knows of late is kept at each step anyway.
const TRAINER_WAIT: Duration = Duration::from_millis(200);
const MAKER_WAIT: Duration = Duration::from_secs(30);
/// How often it is looked whether a thread has ended.
const LOOK: Duration = Duration::from_millis(2);

impl Foresight {
    /// Begins to forecast. To be called in a runtime, which the mind's orders need.
    pub fn start(parts: Parts, stop: CancellationToken) -> Result<Arc<Self>, StoreError> {
        let calendar = Calendar::open(parts.demand.clone())?;
        let state = parts.demand.ledger.records(LEAGUE)?.pop().map(|(_, bytes)| bytes);
        let (wake, woken) = channel();
        let alarms = Alarms::open(parts.demand.clone(), parts.triggers.clone())?;
        let alarms = Arc::new(alarms);
        let receipts = Receipts::open(&parts.demand);
        let settings = &parts.settings;
        let followed = settings.prometheus.as_deref().filter(|_| !settings.follow.is_empty());
        let followed = followed.map(|server| Followed::new(server, settings.follow.clone()));
        let (desk, followed) = (Desk::default(), followed.map(Arc::new));
        let ground = Arc::new(Ground { parts, desk, calendar, receipts, alarms, followed });
        let (stopped, threads) = (Arc::default(), Mutex::default());
        let foresight = Arc::new(Self { ground, stop: stopped, wake, threads });
        foresight.tell_settings();
        foresight.begin_threads(woken, state);
        if let Some(followed) = foresight.ground.followed.clone() {
            let (step_ms, stop) = (foresight.ground.step_ms(), stop.clone());
            tokio::spawn(async move { followed.run(step_ms, FOLLOWED, stop).await });
        }
        tokio::spawn(foresight.ground.alarms.clone().run(stop.clone()));
        let minutes = foresight.clone();
        tokio::spawn(async move {
            let mut closed = minutes.ground.parts.demand.closed();
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    changed = closed.changed() => if changed.is_err() { return },
                }
                let minute = *closed.borrow_and_update();
                if minutes.wake.send(Wake::Minute(minute)).is_err() {
                    return;
                }
            }
        });
        Ok(foresight)
    }

    fn tell_settings(&self) {
        let parts = &self.ground.parts;
        if parts.settings.mode == ForecastMode::On && !parts.live.displaces() {
            tracing::info!(
                "the keep-alive policy does not tell what instances are worth, so clones take only \
                 memory that is free; beside `hazard` they also displace what is worth less"
            );
        }
        // A function may have a mode of its own where the node makes no clones: what holds for all
        // holds for it.
        let settings = Box::new(self.ground.cloning());
        self.ground.parts.live.tell(Event::CloningSet { settings });
    }

    fn begin_threads(self: &Arc<Self>, woken: Receiver<Wake>, state: Option<Vec<u8>>) {
        let (jobs, wanted) = channel::<Job>();
        let limits = Limits {
            per_mille: self.ground.parts.settings.training_per_mille,
            memory: self.ground.parts.settings.training_memory,
            stop: self.stop.clone(),
        };
        let wake = self.wake.clone();
        let trainer = move || {
            training::run(&method(METHOD), &limits, &wanted, |done| {
                // Who is gone needs no model.
                let _ = wake.send(Wake::Done(done));
            });
        };
        let (ground, stop) = (self.ground.clone(), self.stop.clone());
        let runtime = Handle::current();
        let maker = move || {
            let _runtime = runtime.enter();
            Round::new(&ground, &stop, state.as_deref()).run(&woken, &jobs);
        };
        let named = |name: &str| std::thread::Builder::new().name(name.to_string());
        let begun = [
            (named("swell-foresee").spawn(maker), MAKER_WAIT),
            (named("swell-train").spawn(trainer), TRAINER_WAIT),
        ];
        for (thread, wait) in begun {
            match thread {
                Ok(thread) => self.threads.lock().push((thread, wait)),
                Err(error) => tracing::warn!(%error, "demand is not forecast: no thread for it"),
            }
        }
    }

    /// Ends the threads, and waits for that, within bounds: one that does not hear of it in time
    /// ends later, or with the process.
    pub fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
        // A thread that is gone has ended.
        let _ = self.wake.send(Wake::Stop);
        for (thread, wait) in self.threads.lock().drain(..) {
            let name = thread.thread().name().unwrap_or_default().to_string();
            if !ends_within(thread, wait) {
                tracing::info!(name, "a thread behind the others has not ended and is left alone");
            }
        }
    }
}

/// Waits for a thread to end, for so long at most; whether it has.
fn ends_within(thread: JoinHandle<()>, wait: Duration) -> bool {
    let deadline = Instant::now() + wait;
    while !thread.is_finished() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    // A thread that broke has ended.
    let _ = thread.join();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_does_not_hear_is_not_waited_for() {
        let (go_on, wait) = channel::<()>();
        let deaf = std::thread::spawn(move || wait.recv().unwrap_or(()));
        assert!(!ends_within(deaf, Duration::from_millis(10)));
        drop(go_on);
        let done = std::thread::spawn(|| {});
        assert!(ends_within(done, Duration::from_secs(60)));
    }
}
