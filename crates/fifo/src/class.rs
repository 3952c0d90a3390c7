//! Size classes: how large a region is, and which one a flow wants.

use std::time::Duration;

use crate::record::{item_max, record};

/// A size class: 16 KiB, times four, up to 16 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(u8);

/// How many classes there are.
pub const CLASSES: usize = 6;

/// What is known of a flow before it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hint {
    /// Bytes of an item.
    pub item: u64,
    /// Items a second.
    pub rate: f64,
    /// How long the owner may take nothing while the producer goes on.
    pub stall: Duration,
}

impl Hint {
    /// Bytes that arrive during a stall, or of two items where that is more. It may be more than any
    /// class has.
    pub fn bytes(self) -> u64 {
        self.items().saturating_mul(record(self.item.min(u64::from(u32::MAX))))
    }

    /// Items of these.
    pub fn items(self) -> u64 {
        // The cast saturates, and turns what is not a number into zero.
        ((self.rate * self.stall.as_secs_f64()).ceil() as u64).max(2)
    }
}

impl Class {
    /// The smallest class.
    pub const MIN: Class = Class(0);
    /// The largest class.
    pub const MAX: Class = Class(CLASSES as u8 - 1);

    /// All classes, smallest first.
    pub fn all() -> impl Iterator<Item = Class> {
        (0..CLASSES as u8).map(Class)
    }

    /// Bytes of data of a region.
    pub const fn bytes(self) -> u64 {
        16 << 10 << (2 * self.0)
    }

    /// The class as an index into a table of classes.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The next larger class, if there is one.
    pub fn larger(self) -> Option<Class> {
        (self < Class::MAX).then(|| Class(self.0 + 1))
    }

    /// The next smaller class, if there is one.
    pub fn smaller(self) -> Option<Class> {
        self.0.checked_sub(1).map(Class)
    }

    /// The smallest class that holds `bytes` of records and takes items of `item` bytes;
    /// nothing if no class does.
    pub fn holding(bytes: u64, item: u64) -> Option<Class> {
        Class::all().find(|class| class.bytes() >= bytes && item_max(class.bytes()) >= item)
    }

    /// The class for a flow: what arrives during a stall fits. A flow that wants more than
    /// there is gets the largest; only an item that fits nowhere is refused, as nothing.
    pub fn for_flow(hint: Hint) -> Option<Class> {
        Class::holding(hint.bytes().min(Class::MAX.bytes()), hint.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_get_the_class_they_need() {
        for (item, rate, stall_ms, expected) in [
            (64, 100.0, 100, Some(16 << 10)),
            (64, 10_000.0, 100, Some(256 << 10)),
            (64 << 10, 200.0, 0, Some(256 << 10)),
            (64 << 10, 200.0, 50, Some(1 << 20)),
            (64 << 10, 1e9, 1000, Some(16 << 20)),
            (64, f64::NAN, 100, Some(16 << 10)),
            (64, -5.0, 100, Some(16 << 10)),
            (0, 0.0, 0, Some(16 << 10)),
            (9 << 20, 1.0, 1, None),
            (u64::MAX, f64::INFINITY, 1, None),
        ] {
            let hint = Hint { item, rate, stall: Duration::from_millis(stall_ms) };
            assert_eq!(Class::for_flow(hint).map(Class::bytes), expected, "{hint:?}");
        }
    }

    #[test]
    fn classes_have_neighbours() {
        assert_eq!(Class::MIN.bytes(), 16 << 10);
        assert_eq!(Class::MAX.bytes(), 16 << 20);
        assert_eq!((Class::MAX.larger(), Class::MIN.smaller()), (None, None));
        assert_eq!(Class::MIN.larger().and_then(Class::smaller), Some(Class::MIN));
    }
}
