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

fn hint(spec: &FlowSpec) -> Hint {
    Hint {
        item: spec.item_bytes.saturating_add(ENVELOPE_MAX),
        rate: f64::from(spec.rate),
        stall: Duration::from_millis(spec.stall_ms),
    }
}

/// The size class that a flow asks for.
pub(crate) fn hinted(spec: &FlowSpec) -> Option<Class> {
    Class::for_flow(hint(spec))
}

/// The smallest class whose items can be as long as the flow's.
pub(crate) fn least(spec: &FlowSpec, usual: Class) -> Class {
    Class::holding(0, spec.item_bytes + ENVELOPE_MAX).unwrap_or(usual)
}

/// What somebody should know who deploys a flow that asks for more than a lane can have.
pub(crate) fn warnings(spec: &FlowSpec) -> Vec<String> {
    let (asked, most) = (hint(spec).bytes(), Class::MAX.bytes());
    if asked <= most {
        return Vec::new();
    }
    // No less than two items fit.
    let items = (most / (asked / hint(spec).items())).max(2);
    let after = items as f64 / f64::from(spec.rate.max(1));
    let rule = serde_json::to_value(spec.full).ok();
    let rule = rule.as_ref().and_then(|rule| rule.as_str()).unwrap_or_default();
    vec![format!(
        "`item`, `rate` and `stall` ask for lanes of {} MiB, and the largest size class has {} MiB: \
         at that rate a lane is full {} ms after items are no longer taken, and then `full` says \
         what happens (`{rule}`); state less, or pass long items as contents of a workload",
        asked.div_ceil(1 << 20),
        most >> 20,
        (after * 1e3).round().max(1.0),
    )]
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
    fn who_asks_for_more_than_there_is_is_told() {
        let mut spec = FlowSpec::plain("frames", &["camera"], "detect");
        assert!(warnings(&spec).is_empty());
        (spec.item_bytes, spec.rate, spec.stall_ms) = (7 << 20, 1_000, 1_000);
        let told = warnings(&spec).pop().expect("seven gigabytes are more than there is");
        for words in ["lanes of 7001 MiB", "has 16 MiB", "full 2 ms after", "(`block`)"] {
            assert!(told.contains(words), "`{words}` is not in: {told}");
        }
        // An item each second waits for long, however long it is.
        (spec.rate, spec.stall_ms) = (1, 1_000);
        assert!(warnings(&spec).is_empty());
    }

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
