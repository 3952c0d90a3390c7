//! Sites of a cluster under real load shifted by time zone, with rival ways to relieve them.

pub mod scenario;
pub mod demand;
pub mod weather;
pub mod cluster;
pub mod minute;
pub mod standstill;
pub mod reactive;
pub mod character;
pub mod cast;
pub mod hands;
pub mod gauges;
pub mod sights;
pub mod reckoning;
pub mod council;
pub mod play;
pub mod table;
pub mod page;
