//! Keep-alive by learned hazard: how soon each idle instance is likely to be needed
//! again, per byte it holds until then.

pub mod bins;
pub mod gittins;
pub mod image;
pub mod prior;
pub mod gain;
pub mod gaps;
pub mod scores;
pub mod policy;
