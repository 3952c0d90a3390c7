//! With which size class a lane begins: by its flow's launch hint, and by what the last run of
//! its function used of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use swell_api::flow::FlowSpec;
use swell_fifo::class::{Class, Hint};
use swell_fifo::envelope::ENVELOPE_MAX;

/// Items after which a run is believed when it says that less would do.
const ITEMS_TOLD: u64 = 1_000;

/// What the last run used of a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// Bytes that were in it at most, as far as was seen.
    pub peak_bytes: u64,
    /// Items that were put in.
    pub items: u64,
}

/// The size class that a flow asks for.
pub(crate) fn hinted(spec: &FlowSpec) -> Option<Class> {
    let hint = Hint {
        item: spec.item_bytes.saturating_add(ENVELOPE_MAX),
        rate: f64::from(spec.rate),
        stall: Duration::from_millis(spec.stall_ms),
    };
    Class::for_flow(hint)
}

/// The class to begin with. More than the hint asks for is taken from a run that needed it, with a
/// quarter to spare; less, and one class at most, from one that was long enough to tell.
/// Items must fit into `least`.
pub(crate) fn class(hint: Class, least: Class, last: Option<Use>) -> Class {
    let Some(last) = last else { return hint.max(least) };
    let wanted = last.peak_bytes.saturating_add(last.peak_bytes / 4);
    let used = Class::holding(wanted, 0).unwrap_or(Class::MAX);
    let floor = if last.items >= ITEMS_TOLD { hint.smaller().unwrap_or(hint) } else { hint };
    used.max(floor).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_believed_within_bounds() {
        let of = |bytes: u64| Class::holding(bytes, 0).expect("there is one");
        let (small, hint, large) = (of(16 << 10), of(256 << 10), of(4 << 20));
        let smaller = hint.smaller().expect("there is one");
        for (peak_bytes, items, least, expected) in [
            (0, 10, small, hint),
            (0, 5_000, small, smaller),
            (200 << 10, 5_000, small, hint),
            (250 << 10, 10, small, hint.larger().expect("there is one")),
            (4 << 20, 10, small, large.larger().expect("there is one")),
            (u64::MAX, 10, small, Class::MAX),
            (0, 5_000, large, large),
        ] {
            let last = Some(Use { peak_bytes, items });
            assert_eq!(class(hint, least, last), expected, "{peak_bytes} {items}");
        }
        assert_eq!(class(hint, small, None), hint);
        assert_eq!(class(small, hint, None), hint);
    }
}
