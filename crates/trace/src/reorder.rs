//! How are calls that stand slightly out of order in a file handed out in order?
//!
//! Azure 2021 sorts by the end of a call, others append from several machines. The first
//! pass over a file measures how far back a row ever reaches ([`Disorder`]); later passes
//! hold back only what such a row could still precede ([`Reorder`]). Memory is thus what
//! the disorder makes live, not the length of the trace.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};

use crate::arrival::{Arrival, ArrivalStream};
use crate::error::TraceError;
use crate::problems::Problems;

/// Arrivals per chunk.
const CHUNK: usize = 4096;

/// Measures how far rows reach back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disorder {
    latest: Instant,
    greatest: Span,
}

impl Disorder {
    /// Takes the time of the next row.
    pub fn see(&mut self, at: Instant) {
        self.greatest = self.greatest.max(self.latest.since(at));
        self.latest = self.latest.max(at);
    }

    /// The farthest that a row stood behind an earlier one.
    pub fn greatest(&self) -> Span {
        self.greatest
    }

    /// The time of the latest row.
    pub fn latest(&self) -> Instant {
        self.latest
    }
}

/// Rows of a per-call trace in the order of the file; `None` is the end.
pub trait Rows: Send {
    /// The next call.
    fn next(&mut self) -> Result<Option<Arrival>, TraceError>;
}

impl Rows for Box<dyn Rows> {
    fn next(&mut self) -> Result<Option<Arrival>, TraceError> {
        (**self).next()
    }
}

/// Rows of a table: what readers of tables tell apart, so that the stepping over broken
/// rows stands once.
pub trait TableRows: Send {
    /// Steps to the next row; `None` is the end.
    fn advance(&mut self) -> Result<Option<()>, TraceError>;
    /// The call in the present row.
    fn row(&mut self) -> Result<Arrival, TraceError>;
    /// Where broken rows are counted, or not forgiven.
    fn problems(&mut self) -> &mut Problems;
}

impl<T: TableRows> Rows for T {
    fn next(&mut self) -> Result<Option<Arrival>, TraceError> {
        loop {
            let step = self.advance();
            let Some(step) = self.problems().forgive(step)? else { continue };
            if step.is_none() {
                return Ok(None);
            }
            let row = self.row();
            if let Some(row) = self.problems().forgive(row)? {
                return Ok(Some(row));
            }
        }
    }
}

/// Rows in order of time, and at one time in the order of the file.
pub struct Reorder<R> {
    rows: R,
    name: String,
    disorder: Span,
    latest: Instant,
    handed: Instant,
    heap: BinaryHeap<Reverse<(Instant, u64, u32, Span)>>,
    sequence: u64,
    ended: bool,
}

impl<R: Rows> Reorder<R> {
    /// Sorts `rows` of the source `name`, none of which reaches back beyond `disorder`.
    pub fn new(rows: R, name: &str, disorder: Span) -> Self {
        Self {
            rows,
            name: name.to_string(),
            disorder,
            latest: Instant::ZERO,
            handed: Instant::ZERO,
            heap: BinaryHeap::new(),
            sequence: 0,
            ended: false,
        }
    }

    fn read(&mut self) -> Result<(), TraceError> {
        let Some(row) = self.rows.next()? else {
            self.ended = true;
            return Ok(());
        };
        if row.at < self.handed {
            return Err(TraceError::Format(format!(
                "`{}` changed while it was being read: its rows are in another order",
                self.name
            )));
        }
        self.latest = self.latest.max(row.at);
        self.heap.push(Reverse((row.at, self.sequence, row.function.0, row.run)));
        self.sequence += 1;
        Ok(())
    }
}

impl<R: Rows> ArrivalStream for Reorder<R> {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        chunk.clear();
        while chunk.len() < CHUNK {
            // A row still to come stands at `latest - disorder` or later, and after those
            // of the same time, so what is not later than that is final. A file in order
            // is passed through a row at a time.
            let due = self.heap.peek().is_some_and(|Reverse((at, ..))| {
                self.ended || self.latest.since(*at) >= self.disorder
            });
            if due {
                let Some(Reverse((at, _, function, run))) = self.heap.pop() else {
                    continue;
                };
                self.handed = at;
                chunk.push(Arrival { at, function: FunctionId(function), run });
            } else if self.ended {
                break;
            } else {
                self.read()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Listed(std::collections::VecDeque<Arrival>);

    impl Rows for Listed {
        fn next(&mut self) -> Result<Option<Arrival>, TraceError> {
            Ok(self.0.pop_front())
        }
    }

    fn sorted(rows: &[Arrival], disorder: Span) -> Result<(Vec<Arrival>, usize), TraceError> {
        let mut stream = Reorder::new(Listed(rows.iter().copied().collect()), "t", disorder);
        let (mut all, mut chunk, mut held) = (Vec::new(), Vec::new(), 0);
        loop {
            stream.fill(&mut chunk)?;
            held = held.max(stream.heap.len());
            if chunk.is_empty() {
                return Ok((all, held));
            }
            all.extend_from_slice(&chunk);
        }
    }

    proptest! {
        #[test]
        fn rows_come_out_sorted(rows in prop::collection::vec((0u64..500, 0u32..5), 0..9000)) {
            let mut disorder = Disorder::default();
            let rows: Vec<Arrival> = rows
                .into_iter()
                .enumerate()
                .map(|(index, (at, function))| Arrival {
                    at: Instant::from_nanos(index as u64 + at),
                    function: FunctionId(function),
                    run: Span::from_nanos(index as u64),
                })
                .collect();
            rows.iter().for_each(|row| disorder.see(row.at));
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row.at);
            let (found, held) = sorted(&rows, disorder.greatest()).unwrap();
            prop_assert_eq!(found, expected);
            prop_assert!(held <= 1500, "{}", held);
        }
    }

    #[test]
    fn a_file_that_changed_is_noticed() {
        let rows = [5, 9, 1].map(|at| Arrival {
            at: Instant::from_nanos(at),
            function: FunctionId(0),
            run: Span::ZERO,
        });
        assert!(sorted(&rows, Span::from_nanos(8)).is_ok());
        assert!(sorted(&rows, Span::ZERO).unwrap_err().to_string().contains("changed"));
    }
}
