//! Whether one order explains what callers of registers asked and were told.
//!
//! Each register is one site's, so histories fall apart by register, and each part is looked at by
//! itself. The search for an order is that of Porcupine (Wing and Gong, 1993, as improved by Lowe,
//! 2017).

use std::collections::BTreeMap;
use std::time::Duration;

use porcupine_rs::{Model, Operation, check_operations};

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// The site whose register it is.
    pub(crate) register: u32,
    pub(crate) kind: Kind,
    pub(crate) start: Duration,
    /// When an answer came; a write without one may have happened or not.
    pub(crate) end: Option<Duration>,
}

/// What was asked, and seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Write(u64),
    Read(Option<u64>),
}

#[derive(Debug, Clone)]
struct Register;

impl Model for Register {
    type State = Option<u64>;
    type Op = (u32, Kind);
    type Metadata = ();

    fn partition_operations(history: &[Operation<Self>]) -> Vec<Vec<Operation<Self>>> {
        let mut parts: BTreeMap<u32, Vec<Operation<Self>>> = BTreeMap::new();
        for operation in history {
            parts.entry(operation.op.0).or_default().push(operation.clone());
        }
        parts.into_values().collect()
    }

    fn init() -> Self::State {
        None
    }

    fn step(state: &Self::State, (_, kind): &Self::Op) -> (bool, Self::State) {
        match kind {
            Kind::Write(value) => (true, Some(*value)),
            Kind::Read(value) => (value == state, *state),
        }
    }
}

/// Whether one order explains all of it.
pub(crate) fn is_linearizable<'a>(calls: impl IntoIterator<Item = &'a Call>) -> bool {
    let nanos = |at: Duration| i64::try_from(at.as_nanos()).unwrap_or(i64::MAX);
    let operation = |call: &Call| Operation::<Register> {
        client_id: None,
        call_time: nanos(call.start),
        return_time: call.end.map_or(i64::MAX, nanos),
        op: (call.register, call.kind),
        metadata: None,
    };
    let history: Vec<Operation<Register>> = calls.into_iter().map(operation).collect();
    check_operations(&history)
}

#[test]
fn what_no_order_explains_is_noticed() {
    let of = |register, kind, start, end: Option<u64>| {
        let (start, end) = (Duration::from_secs(start), end.map(Duration::from_secs));
        Call { register, kind, start, end }
    };
    let (write, read) = (|value| Kind::Write(value), |value| Kind::Read(Some(value)));
    let written = [of(0, write(10), 0, Some(1)), of(0, write(20), 2, None)];
    for (more, expected) in [
        (vec![], true),
        (vec![of(0, read(10), 3, Some(4)), of(0, read(20), 5, Some(6))], true),
        (vec![of(0, read(20), 3, Some(4)), of(0, read(10), 5, Some(6))], false),
        (vec![of(0, Kind::Read(None), 2, Some(3))], false),
        (vec![of(0, read(30), 2, Some(3))], false),
        (vec![of(1, Kind::Read(None), 2, Some(3))], true),
    ] {
        assert_eq!(is_linearizable(written.iter().chain(&more)), expected, "{more:?}");
    }
}
