//! The mind of Swell: everything it decides, as pure functions of time, events and a seed.

pub mod time;
pub mod units;
pub mod ids;
pub mod rng;
pub mod heap;
pub mod settings;
pub mod event;
pub mod action;
pub mod pool;
pub mod wanted;
pub mod keepalive;
pub mod parameters;
pub mod catalog;
pub mod timers;
pub mod queues;
pub mod mind;
pub mod room;
pub mod supply;
pub mod dispatch;
pub mod reconcile;
pub mod site;
pub mod journal;
pub mod journal_format;
pub mod plausible;
pub mod replay;
pub mod world;
