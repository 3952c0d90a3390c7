//! Data where it will be needed: what to fetch before anybody asks, and what to keep of it.

pub mod layers;
pub mod affinity;
pub mod history;
pub mod link;
pub mod room;
pub mod counts;
pub mod prefetcher;
