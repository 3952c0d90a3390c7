//! One reader per public format; each makes a trace of named sources.

pub mod azure2019;
pub mod azure2021;
pub mod iluvatar;
pub mod jsonl;
pub mod pair;
