//! Arithmetic with the widest registers the processor has, and the same bits as without them.

pub mod work;
