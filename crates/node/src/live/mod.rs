//! The mind among its hands: news goes in under one lock, orders are carried out.

pub mod waiter;
pub mod instances;
pub mod recorder;
pub mod mind;
pub mod ask;
pub mod world;
pub mod nearby;
pub mod admission;
pub mod timer;
pub mod flusher;
pub mod history;
pub mod view;
pub mod hands;
pub mod probing;
