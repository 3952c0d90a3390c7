//! Counting by the clock: closes minutes as they end, writes now and then, tells who wants to
//! know.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::wall_ms;
use crate::demand::book::Book;
use crate::demand::census::Census;
use crate::demand::ledger::{Changes, Ledger};
use crate::demand::timeline::{Timeline, Turn};
use crate::registry::Registry;
use crate::store::error::StoreError;

/// Time between two writings of a node that is called.
const WRITE_EVERY: Duration = Duration::from_secs(300);
/// Time between two writings of a node that nobody calls.
const WRITE_IDLE: Duration = Duration::from_secs(3600);
/// How long the task sleeps at most: the wall clock may be set at any time.
const NAP_MAX: Duration = Duration::from_secs(30);
/// How long it sleeps at least, however fast the clock goes.
const NAP_MIN: Duration = Duration::from_millis(10);
/// Records that may wait to be written; the oldest go first.
const PENDING_MAX: usize = 10_000;

/// Demand, counted and kept.
pub struct Demand {
    /// What is known.
    pub(crate) book: Mutex<Book>,
    /// The file behind it.
    pub(crate) ledger: Ledger,
    registry: Arc<Registry>,
    counting: Mutex<Counting>,
    unsaved: Mutex<Unsaved>,
    /// The last minute that is dealt with.
    closed: watch::Sender<u64>,
}

struct Counting {
    timeline: Timeline,
    census: Census,
    is_behind: bool,
}

#[derive(Default)]
struct Unsaved {
    /// What could not be written.
    failed: Vec<Changes>,
    /// Records that wait for the next writing.
    records: Vec<(&'static str, String, Vec<u8>)>,
}

impl Demand {
    /// Opens what earlier runs counted, in a data folder.
    pub fn open(folder: &Path, registry: Arc<Registry>, speed: f64) -> Result<Self, StoreError> {
        let (ledger, aside) = Ledger::open(folder)?;
        if let Some(aside) = aside {
            let to = aside.to.display();
            tracing::warn!(why = %aside.why, kept = %to, "what was counted before cannot be read; it is kept aside, and counting begins anew");
        }
        let now = wall_ms();
        let minute = Timeline::new(speed, None, now).minute(now);
        let (ledger, book) = match ledger.book(speed, minute) {
            Ok(book) => (ledger, book),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::warn!(%error, "counts of earlier runs are left out");
                (ledger, Book::default())
            }
            Err(error) => return Err(error),
        };
        let last = book.measured.minutes.last();
        let timeline = Timeline::new(speed, last, now);
        let (closed, _) = watch::channel(timeline.last());
        let counting = Counting { timeline, census: Census::default(), is_behind: false };
        Ok(Self {
            book: Mutex::new(book),
            ledger,
            registry,
            counting: Mutex::new(counting),
            unsaved: Mutex::default(),
            closed,
        })
    }

    /// Tells of each minute that is dealt with.
    pub fn closed(&self) -> watch::Receiver<u64> {
        self.closed.subscribe()
    }

    /// The timeline as it stands.
    pub fn timeline(&self) -> Timeline {
        self.counting.lock().timeline.clone()
    }

    /// Looks at the clock: closes what ended. How long nothing is to be done, and whether
    /// calls came.
    fn turn(&self, now_ms: u64) -> (Duration, bool) {
        let mut counting = self.counting.lock();
        let turn = counting.timeline.turn(now_ms);
        let is_behind = turn == Turn::Behind;
        if is_behind && !counting.is_behind {
            tracing::warn!(
                "the clock was set back: nothing is counted until it is past what was counted already"
            );
        }
        counting.is_behind = is_behind;
        let mut any = false;
        if turn != Turn::Nothing {
            let Counting { timeline, census, .. } = &mut *counting;
            let counted = census.take(&self.registry, |ms| timeline.minute(ms));
            if let Turn::Close { first, count } = turn {
                any = counted.values().any(|counted| counted.calls > 0);
                self.book.lock().close(first, count, &counted);
            }
            self.closed.send_replace(timeline.last());
        }
        let nap = Duration::from_millis(counting.timeline.due_ms().saturating_sub(now_ms));
        (nap.clamp(NAP_MIN, NAP_MAX), any)
    }

    /// Has a record written with the next writing.
    pub fn note(&self, of: &'static str, name: String, bytes: Vec<u8>) {
        let mut unsaved = self.unsaved.lock();
        if unsaved.records.len() >= PENDING_MAX {
            unsaved.records.remove(0);
        }
        unsaved.records.push((of, name, bytes));
    }

    /// Writes what is new. What cannot be written is kept for another try.
    pub fn write(&self) -> Result<(), StoreError> {
        let minute = self.counting.lock().timeline.last();
        let registry = &self.registry;
        let mut changes =
            Changes::take(&mut self.book.lock(), minute, |name| registry.get(name).is_some());
        let mut pending = {
            let mut unsaved = self.unsaved.lock();
            changes.records = std::mem::take(&mut unsaved.records);
            std::mem::take(&mut unsaved.failed)
        };
        if !changes.is_empty() {
            pending.push(changes);
        }
        while !pending.is_empty() {
            if let Err(error) = self.ledger.write(&pending[0]) {
                // A chunk is written whole, so the newest writing of it is enough.
                let newest = pending.len().saturating_sub(2);
                self.unsaved.lock().failed = pending.split_off(newest);
                return Err(error);
            }
            pending.remove(0);
        }
        Ok(())
    }

    /// Counts until told to stop, and writes what is left then.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let (mut written, mut any) = (Instant::now(), false);
        loop {
            let (nap, came) = self.turn(wall_ms());
            any |= came;
            let every = if any { WRITE_EVERY } else { WRITE_IDLE };
            if written.elapsed() >= every {
                (written, any) = (Instant::now(), false);
                self.write_aside().await;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    async fn write_aside(self: &Arc<Self>) {
        let demand = self.clone();
        let written = tokio::task::spawn_blocking(move || demand.write()).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "cannot write what was counted; it is tried again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use swell_api::function::Share;
    use swell_api::spec::{BackendName, FunctionSpec};
    use swell_core::ids::FunctionId;

    use super::*;
    use crate::registry::{Function, Version};

    fn house() -> (tempfile::TempDir, Arc<Registry>, Arc<Version>) {
        let registry = Arc::new(Registry::default());
        let spec = FunctionSpec::plain("hello", BackendName::Modelled);
        let version = Arc::new(Version::new(FunctionId(0), "hello".into(), 1, 0, spec));
        registry.put(Function {
            name: "hello".into(),
            versions: vec![version.clone()],
            traffic: vec![Share { version: 1, percent: 100 }],
            paused: false,
        });
        (tempfile::tempdir().expect("a folder for the test"), registry, version)
    }

    #[test]
    fn calls_are_counted_in_their_minutes_and_found_after_a_restart() {
        let (folder, registry, version) = house();
        let demand = Demand::open(folder.path(), registry.clone(), 1.0).expect("it opens");
        let begun = demand.timeline().last();
        let at = |minutes: u64| (begun + minutes) * 60_000 + 5;
        version.counts.total.fetch_add(1_000, Ordering::Relaxed);
        demand.turn(at(1));
        for minute in 1..=30 {
            version.counts.total.fetch_add(minute, Ordering::Relaxed);
            demand.turn(at(minute + 1));
        }
        demand.write().expect("it is written");
        drop(demand);
        let demand = Demand::open(folder.path(), registry, 1.0).expect("it opens again");
        assert_eq!(demand.timeline().last(), begun + 30);
        let book = demand.book.lock();
        // What came before the first whole minute belongs to none.
        assert_eq!(book.tracks["hello"].minutes.get(begun + 1), 1);
        assert_eq!(book.tracks["hello"].minutes.get(begun + 30), 30);
        assert_eq!(book.measured.minutes.get(begun), 0);
    }
}
