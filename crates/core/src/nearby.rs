//! Words about nodes nearby, which may make clones where this one has no room.

use serde::{Deserialize, Serialize};

use crate::ids::FunctionId;
use crate::settings::MEMORY_MAX;
use crate::time::Span;
use crate::units::Bytes;

/// Nodes that are told of at a time.
pub const NODES_MAX: usize = 256;
/// Instances that are asked for at a time.
pub const COUNT_MAX: u32 = 1_000;
/// How long clones are asked for at most.
pub const LASTING_MAX: Span = Span::from_mins(60);

/// Another node, by the number that the world knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NearId(pub u32);

/// A node that makes clones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NearNode {
    /// Its number.
    pub node: NearId,
    /// Memory that clones may still take there, as far as what rests there is worth less.
    pub room: Bytes,
    /// How far it is, one way.
    pub distance: Span,
    /// Functions that it clones, in order.
    pub functions: Vec<FunctionId>,
}

impl NearNode {
    /// What a node is told of another one, in few enough digits that not every change is news; none
    /// if there is no room for clones, or no function that is cloned.
    pub fn told(
        node: NearId,
        room: Bytes,
        distance: Span,
        functions: Vec<FunctionId>,
    ) -> Option<Self> {
        let room = Bytes::new(rounded(room.get())).min(MEMORY_MAX);
        let distance = Span::from_nanos(rounded(distance.nanos()));
        let is_any = !functions.is_empty() && room > Bytes::ZERO;
        is_any.then_some(Self { node, room, distance, functions })
    }
}

/// Two binary digits, downwards.
fn rounded(number: u64) -> u64 {
    let dropped = (u64::BITS - number.leading_zeros()).saturating_sub(2);
    number >> dropped << dropped
}

/// A request for clones of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The function.
    pub function: FunctionId,
    /// So many instances, beyond those that the other node expects to need itself.
    pub count: u32,
    /// For how long.
    pub lasting: Span,
    /// What the last of them is worth while it rests, in millionths of a use per second of
    /// holding it.
    pub worth: u64,
    /// What making it is worth, in the same.
    pub bid: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_two_digits() {
        for (number, expected) in [(0, 0), (1, 1), (3, 3), (7, 6), (1023, 768), (u64::MAX, 3 << 62)]
        {
            assert_eq!(rounded(number), expected);
        }
    }

    #[test]
    fn who_has_no_room_or_clones_nothing_is_not_told_of() {
        let told = |bytes: u64, functions: &[u32]| {
            let functions = functions.iter().copied().map(FunctionId).collect();
            NearNode::told(NearId(1), Bytes::new(bytes), Span::from_nanos(5), functions)
        };
        assert_eq!((told(0, &[1]), told(9, &[])), (None, None));
        let near = told(9, &[1]).expect("it has room");
        assert_eq!((near.room, near.distance), (Bytes::new(8), Span::from_nanos(4)));
    }
}
