//! The heartbeat by which running guests notice how long they have run.
//!
//! One thread for all guests of all engines. It beats only while guests run, and a moment
//! longer, so that a busy node never has to wake it and an idle one never wakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;

use parking_lot::Mutex;
use wasmtime::{Engine, EngineWeak};

/// Time between beats: what a guest can run over its CPU time, and the longest it keeps
/// others waiting.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Beats without a guest after which the thread sleeps.
const LINGER: u32 = 20;

/// The heartbeat.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

struct Shared {
    engines: Mutex<Vec<EngineWeak>>,
    running: AtomicUsize,
    asleep: AtomicBool,
    ended: AtomicBool,
}

/// A guest runs, until this is dropped.
pub(crate) struct Running {
    ticker: Arc<Ticker>,
}

impl Ticker {
    pub(crate) fn start() -> std::io::Result<Arc<Self>> {
        let shared = Arc::new(Shared {
            engines: Mutex::new(Vec::new()),
            running: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let seen = shared.clone();
        let builder = std::thread::Builder::new().name("guest-ticker".to_string());
        let thread = builder.spawn(move || beat(&seen))?.thread().clone();
        Ok(Arc::new(Self { shared, thread }))
    }

    /// Beats for this engine too.
    pub(crate) fn add(&self, engine: &Engine) {
        self.shared.engines.lock().push(engine.weak());
    }

    /// A guest begins to run.
    pub(crate) fn run(self: &Arc<Self>) -> Running {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running { ticker: self.clone() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ticker.shared.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

fn beat(shared: &Shared) {
    let mut idle = 0;
    while !shared.ended.load(Ordering::SeqCst) {
        if shared.running.load(Ordering::SeqCst) > 0 {
            idle = 0;
        } else if idle < LINGER {
            idle += 1;
        } else {
            shared.asleep.store(true, Ordering::SeqCst);
            // A guest that began before it could see the mark is seen here; one that
            // begins later sees the mark and unparks.
            if shared.running.load(Ordering::SeqCst) == 0 && !shared.ended.load(Ordering::SeqCst) {
                std::thread::park();
            }
            shared.asleep.store(false, Ordering::SeqCst);
            continue;
        }
        std::thread::sleep(TICK);
        for engine in shared.engines.lock().iter() {
            if let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
            }
        }
    }
}
