//! Series of other things than calls (a queue's length, what a campaign spends) that calls
//! follow.

pub mod prometheus;
pub mod paging;
pub mod series;
pub mod inputs;
pub mod ridge;
pub mod change;
