//! Sending calls when the trace says, come what may: an open loop, as the world is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use crate::rig::client::Client;
use crate::rig::slice::Slice;
use crate::rig::stage::{Cast, name};
use crate::rig::tally::Tally;

/// How often the run is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// What a run has come to so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moment {
    /// Seconds of the trace that have passed.
    pub seconds: f64,
    /// Calls sent.
    pub sent: u64,
    /// Calls answered by a warm instance at once.
    pub warm: u64,
    /// Calls that waited for a new instance.
    pub cold: u64,
    /// Calls refused.
    pub dropped: u64,
}

/// Plays the calls of a slice `speed` times as fast as they were recorded; ends early when
/// `interrupt` is set. `show` hears how it goes.
pub async fn drive(
    client: &Client,
    slice: &Slice,
    cast: Cast,
    speed: f64,
    interrupt: &AtomicBool,
    mut show: impl FnMut(Moment),
) -> Tally {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let late = Arc::new(AtomicU64::new(0));
    let calls = TaskTracker::new();
    let begun = Instant::now();
    let mut shown = begun;
    let mut sent = 0;
    for call in &slice.calls {
        let due = begun + Duration::from_nanos((call.at.nanos() as f64 / speed) as u64);
        let now = Instant::now();
        if due > now {
            tokio::time::sleep_until(due.into()).await;
        } else {
            late.fetch_max((now - due).as_nanos() as u64, Ordering::Relaxed);
        }
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        let (client, count) = (client.clone(), tally.clone());
        let name = name(call.function.index());
        let run = call.run.nanos();
        calls.spawn(async move {
            // Measured from when the call was due, so that a driver that falls behind does
            // not hide it.
            let (path, header) = match cast {
                Cast::Wasm(_) => {
                    let ms = (run as f64 / speed / 1e6).round();
                    (format!("/function/{name}/?m={ms:.0}"), None)
                }
                Cast::Modelled(_) => (format!("/function/{name}"), Some((run / 1_000).to_string())),
            };
            let went = client.call(&path, header.as_deref()).await;
            count.lock().add(went, due.elapsed());
        });
        sent += 1;
        if shown.elapsed() >= SHOWN_EVERY {
            shown = Instant::now();
            show(moment(&tally.lock(), sent, call.at.secs_f64()));
        }
    }
    calls.close();
    calls.wait().await;
    show(moment(&tally.lock(), sent, slice.span.secs_f64()));
    let mut whole = std::mem::take(&mut *tally.lock());
    whole.late = Duration::from_nanos(late.load(Ordering::Relaxed));
    whole
}

fn moment(tally: &Tally, sent: u64, seconds: f64) -> Moment {
    Moment { seconds, sent, warm: tally.warm, cold: tally.cold, dropped: tally.dropped() }
}
