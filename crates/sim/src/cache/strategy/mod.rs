//! Where is a content looked for, and where is a copy left? One strategy per file.

pub mod serving;
pub mod asking;
pub mod no_cache;
pub mod edge;
pub mod lce;
pub mod lcd;
pub mod prob_cache;
pub mod cl4m;
pub mod hr_symm;
pub mod holders;
pub mod members;
pub mod sharing;
pub mod group;
pub mod catalogue;
