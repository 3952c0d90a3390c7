//! Two processes on two cores: round trips, and one way as fast as it goes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::stdio::stdin;
use rustix::thread::{CpuSet, sched_setaffinity};
use swell_fifo::parcel;

use crate::end::{End, Wait, borrowed};

/// What was measured in a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Nanoseconds one way.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Messages a second.
    pub(crate) rate: f64,
}

/// Longer than this, a part of a round ends: others use the machine too.
const PART: Duration = Duration::from_millis(150);

/// What a first byte says.
const AGAIN: u8 = 1;
const ECHO_OVER: u8 = 2;
const LAST: u8 = 3;

/// Lets this thread run where it likes.
pub(crate) fn unpin() {
    let mut set = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|core| set.set(core));
    let _ = sched_setaffinity(None, &set);
}

fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // On a machine with one core there is nothing to choose.
    let _ = sched_setaffinity(None, &set);
}

pub(crate) fn measure<E: End>(name: &str, size: usize, wait: Wait) -> Figures {
    pin(0);
    let (socket, theirs) = parcel::pair().expect("a pair");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["child", name, &size.to_string(), wait.name()])
        .stdin(Stdio::from(theirs))
        .spawn()
        .expect("this program can be started again");
    let (mut end, descriptors) = E::create(size, wait);
    parcel::send(&socket, &(), &borrowed(&descriptors)).expect("it lives");
    parcel::receive::<()>(&socket).expect("it lives").expect("it answers");
    let (mut item, mut back) = (vec![AGAIN; size], Vec::new());
    let mut trips = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    while start.elapsed() < PART && trips.len() < trips.capacity() {
        let before = Instant::now();
        end.send(&item);
        end.receive(&mut back);
        trips.push(before.elapsed().as_nanos() as u64);
    }
    item[0] = ECHO_OVER;
    end.send(&item);
    item[0] = AGAIN;
    let start = Instant::now();
    let mut count = 1u64;
    while !count.is_multiple_of(256) || start.elapsed() < PART {
        end.stream(&item);
        count += 1;
    }
    item[0] = LAST;
    end.send(&item);
    end.receive(&mut back);
    let rate = count as f64 / start.elapsed().as_secs_f64();
    child.wait().expect("it ends");
    // The first tenth warms up.
    let mut trips = trips.split_off(trips.len() / 10);
    trips.sort_unstable();
    let quantile = |share: f64| trips[((trips.len() - 1) as f64 * share) as usize] as f64 / 2.0;
    Figures { p50: quantile(0.5), p99: quantile(0.99), rate }
}

pub(crate) fn child<E: End>(arguments: &[String]) {
    pin(1);
    let size = arguments[1].parse().expect("a size");
    let ((), descriptors) = parcel::receive(stdin()).expect("it lives").expect("a message");
    let mut end = E::join(size, Wait::of(&arguments[2]), descriptors);
    parcel::send(stdin(), &(), &[]).expect("it lives");
    let mut item = Vec::new();
    loop {
        end.receive(&mut item);
        if item[0] == ECHO_OVER {
            break;
        }
        end.send(&item);
    }
    while item[0] != LAST {
        end.receive(&mut item);
    }
    end.send(&item);
}
