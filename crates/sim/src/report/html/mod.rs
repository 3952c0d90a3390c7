//! The page: every chart and number of a set of results in one file that needs no network.

pub mod chart;
pub mod style;
pub mod sheet;
pub mod pareto;
pub mod waste;
pub mod functions;
pub mod always_cold;
pub mod timeline;
pub mod numbers;
pub mod page;
