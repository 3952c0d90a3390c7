//! The calls to play: a part of a trace, in memory, since a live run cannot wait for a
//! reader.

use swell_core::time::Span;
use swell_trace::arrival::Arrival;
use swell_trace::reading::Reading;
use swell_trace::sample::Selection;
use swell_trace::trace::Trace;

use crate::error::Letter;

/// The most calls that are played at a time.
const CALLS_MAX: usize = 2_000_000;

/// A part of a trace, and its calls in order.
pub struct Slice {
    /// The part, as a trace that a simulator can run too.
    pub trace: Trace,
    /// How it is read.
    pub reading: Reading,
    /// Its calls.
    pub calls: Vec<Arrival>,
    /// Its length.
    pub span: Span,
}

impl Slice {
    /// The part of `trace` from `from` on, `length` long.
    pub fn cut(trace: &Trace, from: Span, length: Span, reading: Reading) -> Result<Self, Letter> {
        let until = Some(from + length);
        let trace = trace.sample(&Selection { from, until, ..Selection::default() })?;
        let mut stream = trace.arrivals(&reading)?;
        let (mut calls, mut chunk) = (Vec::new(), Vec::new());
        loop {
            stream.fill(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            calls.extend_from_slice(&chunk);
            if calls.len() > CALLS_MAX {
                let most = CALLS_MAX;
                return Err(Letter::usage(format!(
                    "this part of the trace has more than {most} calls, the most that are played"
                ))
                .hint("take a shorter part with `--for`"));
            }
        }
        drop(stream);
        if calls.is_empty() {
            return Err(Letter::usage("this part of the trace has no calls")
                .hint("take another with `--from` and `--for`"));
        }
        let span = trace.span();
        Ok(Self { trace, reading, calls, span })
    }
}
