//! Caches that serve a network together: the paper's scenario of cache groups, and the
//! strategies it is held against.

pub mod words;
pub mod splitmix;
pub mod popularity;
pub mod graph;
pub mod topology;
pub mod route;
pub mod centrality;
pub mod network;
pub mod replacement;
pub mod strategy;
pub mod run_error;
pub mod protocol;
pub mod case;
pub mod stopwatch;
pub mod run;
pub mod row;
pub mod mecomm17;
pub mod experiment;
pub mod report;
