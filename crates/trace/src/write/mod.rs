//! One writer per format, each the mirror of a reader.

pub mod azure2019;
pub mod azure2021;
pub mod iluvatar;
pub mod jsonl;
pub mod pair;
