//! What guests wrote, and what the node has to say about their calls: the last lines of
//! the whole node, in memory, bounded by lines and by bytes.
//!
//! Lines are numbered without gaps, so a reader who comes back with the last number it
//! saw gets what follows, and learns how much it missed if the ring was faster.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use swell_api::log::{LogLine, LogStream};
use tokio::sync::Notify;

use crate::clock::wall_ms;
use crate::observe::gauges::Gauges;

/// Bytes of one line; what is longer is broken into several.
pub const LINE_BYTES_MAX: usize = 16 << 10;

/// What a line costs besides its text: the entry itself and its allocations, roughly.
const OVERHEAD: usize = 128;

/// The last lines.
#[derive(Debug)]
pub struct Logs {
    lines_max: usize,
    bytes_max: usize,
    ring: Mutex<Ring>,
    changed: Arc<Notify>,
    written: [AtomicU64; 3],
}

#[derive(Debug)]
struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Number of the next line.
    next: u64,
}

#[derive(Debug)]
struct Line {
    at_ms: u64,
    origin: Arc<Origin>,
    stream: LogStream,
    text: Box<str>,
}

/// Which call a line belongs to; shared by all its lines.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) function: Arc<str>,
    pub(crate) version: u32,
    pub(crate) request_id: Box<str>,
}

/// A part of the ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// The number to ask with next time.
    pub last: u64,
    /// Lines, of whatever function, that were written after the number asked with and
    /// forgotten before this was read.
    pub missed: u64,
}

impl Logs {
    /// A ring of at most so many lines and bytes.
    pub fn new(lines_max: usize, bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            lines_max,
            bytes_max,
            ring: Mutex::new(Ring { lines: VecDeque::new(), bytes: 0, next: 1 }),
            changed: Arc::default(),
            written: Default::default(),
        })
    }

    /// Words of the node about a call.
    pub fn note(&self, function: &Arc<str>, version: u32, request_id: &str, text: &str) {
        let origin = Origin { function: function.clone(), version, request_id: request_id.into() };
        self.append(&Arc::new(origin), LogStream::Node, text.lines().map(str::as_bytes));
    }

    /// Lines after `number`, at most `limit` and only those of `function` if one is given.
    pub fn since(&self, number: u64, function: Option<&str>, limit: usize) -> Excerpt {
        let ring = self.ring.lock();
        let oldest = ring.oldest();
        // Who asks with a number from before a restart starts anew.
        let number = if number >= ring.next { 0 } else { number };
        let first = (number + 1).max(oldest);
        let mut lines = Vec::new();
        let mut last = number.max(oldest - 1);
        for (number, line) in (first..).zip(ring.lines.range((first - oldest) as usize..)) {
            if lines.len() >= limit {
                break;
            }
            last = number;
            if function.is_none_or(|function| function == &*line.origin.function) {
                lines.push(line.tell(number));
            }
        }
        Excerpt { lines, last, missed: first - (number + 1) }
    }

    /// The last `limit` lines, only those of `function` if one is given.
    pub fn tail(&self, function: Option<&str>, limit: usize) -> Excerpt {
        let ring = self.ring.lock();
        let numbers = (ring.oldest()..ring.next).rev();
        let numbered = numbers.zip(ring.lines.iter().rev());
        let fitting = numbered
            .filter(|row| function.is_none_or(|function| function == &*row.1.origin.function));
        let mut lines: Vec<_> =
            fitting.take(limit).map(|(number, line)| line.tell(number)).collect();
        lines.reverse();
        Excerpt { lines, last: ring.next - 1, missed: 0 }
    }

    /// Wakes all that wait on it when lines were added. Who waits must begin to listen
    /// before it reads; [`Logs::past`] does so.
    pub fn changed(&self) -> Arc<Notify> {
        self.changed.clone()
    }

    /// Waits until there is a line after `number`.
    pub async fn past(&self, number: u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.ring.lock().next > number.saturating_add(1) {
                return;
            }
            changed.await;
        }
    }

    /// Writes what it knows into the figures of a scrape.
    pub fn fill(&self, gauges: &mut Gauges) {
        for (figure, written) in gauges.log_lines.iter_mut().zip(&self.written) {
            *figure = written.load(Ordering::Relaxed);
        }
    }

    /// Adds lines of a call. What is no UTF-8 is replaced.
    pub(crate) fn append<'a>(
        &self,
        origin: &Arc<Origin>,
        stream: LogStream,
        texts: impl Iterator<Item = &'a [u8]>,
    ) {
        let at_ms = wall_ms();
        let lines = texts.map(|text| Line {
            at_ms,
            origin: origin.clone(),
            stream,
            text: String::from_utf8_lossy(text).into(),
        });
        let lines: Vec<Line> = lines.collect();
        if lines.is_empty() {
            return;
        }
        self.written[place(stream)].fetch_add(lines.len() as u64, Ordering::Relaxed);
        let mut forgotten = Vec::new();
        let mut ring = self.ring.lock();
        for line in lines {
            ring.bytes += line.cost();
            ring.next += 1;
            ring.lines.push_back(line);
        }
        while ring.lines.len() > self.lines_max || ring.bytes > self.bytes_max {
            let Some(oldest) = ring.lines.pop_front() else {
                break;
            };
            ring.bytes -= oldest.cost();
            forgotten.push(oldest);
        }
        // Nobody waits for the lock while memory is given back.
        drop(ring);
        drop(forgotten);
        self.changed.notify_waiters();
    }
}

impl Ring {
    /// Number of the oldest line, or of the next where there is none.
    fn oldest(&self) -> u64 {
        self.next - self.lines.len() as u64
    }
}

impl Line {
    fn cost(&self) -> usize {
        self.text.len() + OVERHEAD
    }

    fn tell(&self, number: u64) -> LogLine {
        LogLine {
            number,
            at_ms: self.at_ms,
            function: self.origin.function.to_string(),
            version: self.origin.version,
            request_id: self.origin.request_id.to_string(),
            stream: self.stream,
            text: self.text.to_string(),
        }
    }
}

fn place(stream: LogStream) -> usize {
    match stream {
        LogStream::Stdout => 0,
        LogStream::Stderr => 1,
        LogStream::Node => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(logs: &Logs, function: &str, texts: &[&str]) {
        for text in texts {
            logs.note(&function.into(), 1, "id", text);
        }
    }

    fn check(found: Excerpt, lines: &[(u64, &str)], last: u64, missed: u64) {
        let texts: Vec<_> = found.lines.iter().map(|row| (row.number, row.text.as_str())).collect();
        assert_eq!((texts, found.last, found.missed), (lines.to_vec(), last, missed));
    }

    #[test]
    fn readers_come_back_for_what_follows() {
        let logs = Logs::new(10, 1 << 20);
        check(logs.since(0, None, 10), &[], 0, 0);
        write(&logs, "a", &["one", "two"]);
        write(&logs, "b", &["three"]);
        check(logs.since(0, None, 2), &[(1, "one"), (2, "two")], 2, 0);
        check(logs.since(2, None, 2), &[(3, "three")], 3, 0);
        check(logs.since(0, Some("b"), 1), &[(3, "three")], 3, 0);
        check(logs.since(0, Some("a"), 10), &[(1, "one"), (2, "two")], 3, 0);
        check(logs.since(3, None, 10), &[], 3, 0);
        check(logs.since(0, None, 0), &[], 0, 0);
    }

    #[test]
    fn a_number_of_the_future_starts_anew() {
        let logs = Logs::new(10, 1 << 20);
        write(&logs, "a", &["one"]);
        check(logs.since(99, None, 10), &[(1, "one")], 1, 0);
        check(logs.since(u64::MAX, None, 10), &[(1, "one")], 1, 0);
    }

    #[test]
    fn slow_readers_learn_what_they_missed() {
        let logs = Logs::new(2, 1 << 20);
        write(&logs, "a", &["1", "2", "3", "4", "5"]);
        check(logs.since(1, None, 10), &[(4, "4"), (5, "5")], 5, 2);
        check(logs.since(1, Some("b"), 10), &[], 5, 2);
        check(logs.since(3, None, 10), &[(4, "4"), (5, "5")], 5, 0);
        check(logs.since(1, None, 0), &[], 3, 2);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let logs = Logs::new(1_000, 3 * (OVERHEAD + 100));
        for _ in 0..10 {
            write(&logs, "a", &["x".repeat(100).as_str()]);
        }
        assert_eq!(logs.since(0, None, 100).lines.len(), 3);
        write(&logs, "a", &["y".repeat(5_000).as_str()]);
        check(logs.since(0, None, 100), &[], 11, 11);
    }

    #[test]
    fn tails_are_the_newest() {
        let logs = Logs::new(10, 1 << 20);
        write(&logs, "a", &["1"]);
        write(&logs, "b", &["2"]);
        write(&logs, "a", &["3"]);
        check(logs.tail(None, 2), &[(2, "2"), (3, "3")], 3, 0);
        check(logs.tail(Some("a"), 2), &[(1, "1"), (3, "3")], 3, 0);
        check(logs.tail(Some("c"), 2), &[], 3, 0);
    }

    #[test]
    fn lines_are_counted_for_the_metrics() {
        let logs = Logs::new(1, 1 << 20);
        write(&logs, "a", &["1", "2\n3"]);
        let mut gauges = Gauges::default();
        logs.fill(&mut gauges);
        assert_eq!(gauges.log_lines, [0, 0, 3]);
    }

    #[tokio::test]
    async fn followers_are_woken_and_lose_nothing() {
        let logs = Logs::new(10_000, 1 << 24);
        let follower = tokio::spawn({
            let logs = logs.clone();
            async move {
                let (mut last, mut seen) = (0, 0);
                while seen < 500 {
                    logs.past(last).await;
                    let excerpt = logs.since(last, None, 7);
                    assert_eq!(excerpt.missed, 0);
                    seen += excerpt.lines.len();
                    last = excerpt.last;
                }
                (seen, last)
            }
        });
        for _ in 0..500 {
            write(&logs, "a", &["x"]);
            tokio::task::yield_now().await;
        }
        assert_eq!(follower.await.expect("no panic"), (500, 500));
    }
}
