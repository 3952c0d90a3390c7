//! Words about nodes nearby, which may make clones where this one has no room.

use serde::{Deserialize, Serialize};

use crate::ids::FunctionId;
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
