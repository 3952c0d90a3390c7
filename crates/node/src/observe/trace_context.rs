//! Which trace a call belongs to (W3C Trace Context): read from the caller's headers, or
//! begun here, and passed on to the guest.
//!
//! The node names spans of its own only for calls it reports. For others the caller's
//! header goes on untouched, so that the guest's parent is a span that somebody knows.

use http::HeaderMap;
use http::header::HeaderName;

use crate::observe::chance;
use crate::observe::header_text::{self, hexadecimal};
use crate::observe::trace_state;

/// The header that names trace and parent.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header of what tracing systems want to know again.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The caller wants the trace to be recorded.
const SAMPLED: u8 = 0b01;
/// The trace's id is random.
const RANDOM: u8 = 0b10;

/// Length of the header in version 0.
const LENGTH: usize = 55;

/// A call's place in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: u128,
    /// The caller's span, if the trace did not begin here.
    pub parent: Option<u64>,
    /// The node's own span of the whole call.
    pub span: u64,
    /// The node's span of the instance's work; the guest's parent if the call is recorded.
    pub invoke_span: u64,
    /// Whether the node reports spans of this call.
    pub recorded: bool,
    flags: u8,
    /// Whether the caller's header can go on as it is.
    untouched: bool,
}

/// What a `traceparent` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: u128,
    /// The caller's span.
    pub parent: u64,
    /// What the caller wants, as far as we know the bits.
    pub flags: u8,
    /// Whether it is of a version we do not know, and was read as if we did.
    pub newer: bool,
}

impl TraceContext {
    /// The place of a request with these headers. `reporting` says whether the node
    /// reports spans at all; it does so for traces that the caller wants recorded, and for
    /// all that begin here.
    pub fn of(headers: &HeaderMap, reporting: bool) -> Self {
        let mut given = headers.get_all(TRACEPARENT).iter();
        // Two of them contradict each other: neither is to be believed.
        let parent = match (given.next(), given.next()) {
            (Some(only), None) => TraceParent::parse(only.as_bytes()),
            _ => None,
        };
        match parent {
            Some(parent) => Self::below(parent, reporting),
            None => Self::begin(reporting),
        }
    }

    /// A trace that begins here.
    pub fn begin(reporting: bool) -> Self {
        Self {
            trace_id: u128::from(chance::not_zero()) << 64 | u128::from(chance::bits()),
            parent: None,
            span: chance::not_zero(),
            invoke_span: chance::not_zero(),
            recorded: reporting,
            flags: if reporting { RANDOM | SAMPLED } else { RANDOM },
            untouched: false,
        }
    }

    fn below(parent: TraceParent, reporting: bool) -> Self {
        let recorded = reporting && parent.flags & SAMPLED != 0;
        Self {
            trace_id: parent.trace_id,
            parent: Some(parent.parent),
            span: chance::not_zero(),
            invoke_span: chance::not_zero(),
            recorded,
            flags: parent.flags,
            untouched: !recorded && !parent.newer,
        }
    }

    /// Makes the headers of a request say where its guest stands. They must be those that
    /// this was read from.
    pub fn pass_on(&self, headers: &mut HeaderMap) {
        if !self.untouched {
            let parent = match self.parent {
                Some(parent) if !self.recorded => parent,
                _ => self.invoke_span,
            };
            let mut text = *b"00-................................-................-..";
            hexadecimal(self.trace_id, &mut text[3..35]);
            hexadecimal(u128::from(parent), &mut text[36..52]);
            hexadecimal(u128::from(self.flags), &mut text[53..]);
            headers.insert(TRACEPARENT, header_text::value(&text));
        }
        if !headers.contains_key(TRACESTATE) {
            return;
        }
        let mut values = headers.get_all(TRACESTATE).iter().map(|value| value.as_bytes());
        let keep = self.parent.is_some() && trace_state::is_valid(&mut values);
        if !keep {
            headers.remove(TRACESTATE);
        }
    }
}

impl TraceParent {
    /// Reads a header; nothing if it is not exactly as the specification wants it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() < LENGTH || text[2] != b'-' || text[35] != b'-' || text[52] != b'-' {
            return None;
        }
        let version = number(&text[..2])?;
        let end_fits = match version {
            0 => text.len() == LENGTH,
            0xff => false,
            _ => text.len() == LENGTH || text[LENGTH] == b'-',
        };
        if !end_fits {
            return None;
        }
        let trace_id = number(&text[3..35])?;
        let parent = number(&text[36..52])? as u64;
        let flags = number(&text[53..55])? as u8 & (SAMPLED | RANDOM);
        let exists = trace_id != 0 && parent != 0;
        exists.then_some(Self { trace_id, parent, flags, newer: version != 0 })
    }
}

/// The number that lower-case hexadecimal digits make.
fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0u128, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const PARENT: &str = "b7ad6b7169203331";

    #[test]
    fn headers_are_judged_as_the_specification_says() {
        for (text, expected) in [
            (format!("00-{TRACE}-{PARENT}-01"), Some((1, false))),
            (format!("00-{TRACE}-{PARENT}-00"), Some((0, false))),
            (format!("00-{TRACE}-{PARENT}-03"), Some((3, false))),
            // Bits we do not know are taken off.
            (format!("00-{TRACE}-{PARENT}-ff"), Some((3, false))),
            (format!("00-{TRACE}-{PARENT}-08"), Some((0, false))),
            // Newer versions are read by the part we know.
            (format!("cc-{TRACE}-{PARENT}-01"), Some((1, true))),
            (format!("cc-{TRACE}-{PARENT}-01-what-the-future-holds"), Some((1, true))),
            (format!("cc-{TRACE}-{PARENT}-01.what-the-future-holds"), None),
            (format!("fe-{TRACE}-{PARENT}-01-"), Some((1, true))),
            (format!("ff-{TRACE}-{PARENT}-01"), None),
            // Version 0 has no more parts.
            (format!("00-{TRACE}-{PARENT}-01-more"), None),
            (format!("00-{TRACE}-{PARENT}-01-"), None),
            (format!("00-{TRACE}-{PARENT}-01."), None),
            (format!("00-{TRACE}-{PARENT}-0"), None),
            (format!("00-{TRACE}-{PARENT}"), None),
            (format!("00-{TRACE}-{PARENT}-0x"), None),
            (format!("00-{TRACE}-{PARENT}-.1"), None),
            (format!("0-{TRACE}-{PARENT}-01"), None),
            (format!("000-{TRACE}-{PARENT}-01"), None),
            (format!(".0-{TRACE}-{PARENT}-01"), None),
            (format!("0A-{TRACE}-{PARENT}-01"), None),
            (format!("00-{}-{PARENT}-01", "0".repeat(32)), None),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{PARENT}-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}-{}-01", PARENT.to_uppercase()), None),
            (format!("00-{}-{PARENT}-01", &TRACE[1..]), None),
            (format!("00-{TRACE}0-{PARENT}-01"), None),
            (format!("00-{TRACE}-{}-01", &PARENT[1..]), None),
            (format!("00-{TRACE}-{PARENT}0-01"), None),
            (format!("00_{TRACE}_{PARENT}_01"), None),
            (format!("00-.{}-{PARENT}-01", &TRACE[1..]), None),
            (format!("00-{TRACE}-.{}-01", &PARENT[1..]), None),
            (String::new(), None),
            ("é".repeat(40), None),
        ] {
            let expected = expected.map(|(flags, newer)| TraceParent {
                trace_id: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
                parent: 0xb7ad_6b71_6920_3331,
                flags,
                newer,
            });
            assert_eq!(TraceParent::parse(text.as_bytes()), expected, "{text}");
        }
    }

    fn headers(rows: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in rows {
            headers.append(name, value.parse().expect("a legal header"));
        }
        headers
    }

    /// What goes on to the guest: the context, `traceparent`, and `tracestate`.
    fn pass(rows: &[(HeaderName, &str)], reporting: bool) -> (TraceContext, String, String) {
        let mut headers = headers(rows);
        let context = TraceContext::of(&headers, reporting);
        context.pass_on(&mut headers);
        let joined = |name| {
            let values = headers.get_all(name).iter().map(|value| value.to_str().expect("ASCII"));
            values.collect::<Vec<_>>().join(",")
        };
        (context, joined(TRACEPARENT), joined(TRACESTATE))
    }

    #[test]
    fn who_does_not_report_passes_on_what_came() {
        let given = format!("00-{TRACE}-{PARENT}-01");
        let rows = [(TRACEPARENT, given.as_str()), (TRACESTATE, "a=1"), (TRACESTATE, "b=2")];
        let (context, parent, state) = pass(&rows, false);
        assert_eq!((parent, state.as_str()), (given, "a=1,b=2"));
        assert!(!context.recorded);
        let newer = format!("cc-{TRACE}-{PARENT}-01-x");
        let (_, parent, _) = pass(&[(TRACEPARENT, newer.as_str())], false);
        assert_eq!(parent, format!("00-{TRACE}-{PARENT}-01"));
    }

    #[test]
    fn who_reports_becomes_the_parent() {
        let given = format!("00-{TRACE}-{PARENT}-01");
        let (context, parent, state) = pass(&[(TRACEPARENT, &given), (TRACESTATE, "a=1")], true);
        assert!(context.recorded);
        assert_eq!(context.parent, Some(0xb7ad_6b71_6920_3331));
        assert_eq!(parent, format!("00-{TRACE}-{:016x}-01", context.invoke_span));
        assert_eq!(state, "a=1");
        assert_ne!(context.span, context.invoke_span);
    }

    #[test]
    fn what_the_caller_does_not_want_recorded_is_not() {
        let given = format!("00-{TRACE}-{PARENT}-00");
        let (context, parent, _) = pass(&[(TRACEPARENT, &given)], true);
        assert_eq!((context.recorded, parent), (false, given));
    }

    #[test]
    fn a_trace_begins_where_there_is_none_to_believe() {
        let good = format!("00-{TRACE}-{PARENT}-01");
        let bad = format!("00-{TRACE}-{PARENT}-zz");
        let state = (TRACESTATE, "a=1");
        for rows in [
            vec![],
            vec![state.clone()],
            vec![(TRACEPARENT, bad.as_str()), state.clone()],
            vec![(TRACEPARENT, good.as_str()), (TRACEPARENT, good.as_str()), state],
        ] {
            for reporting in [false, true] {
                let (context, parent, state) = pass(&rows, reporting);
                let flags = if reporting { "03" } else { "02" };
                let (trace, span) = (context.trace_id, context.invoke_span);
                assert_eq!(parent, format!("00-{trace:032x}-{span:016x}-{flags}"), "{rows:?}");
                assert_eq!((context.parent, state.as_str()), (None, ""), "{rows:?}");
                assert!(TraceParent::parse(parent.as_bytes()).is_some());
            }
        }
    }

    #[test]
    fn a_bad_state_does_not_spoil_its_trace() {
        let given = format!("00-{TRACE}-{PARENT}-01");
        for bad in ["a", "A=1", ""] {
            let (_, parent, state) = pass(&[(TRACEPARENT, &given), (TRACESTATE, bad)], false);
            assert_eq!((parent.as_str(), state.as_str()), (given.as_str(), ""), "{bad}");
        }
    }
}
