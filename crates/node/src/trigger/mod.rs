//! What calls functions besides people and programs over HTTP: the clock, brokers, events,
//! and the ends of other calls. Each hands its calls to the queue.

pub mod table;
pub mod cloud_event;
pub mod schedule;
pub mod cron;
pub mod topic;
pub mod mqtt;
pub mod triggers;
