//! The live world: a node that serves functions over HTTP and asks the mind what to keep
//! warm. The mind decides; what stands here listens, starts, calls, stores and reports.

pub mod clock;
pub mod settings;
pub mod registry;
pub mod counted;
pub mod refusal;
pub mod observe;
pub mod later;
pub mod inlet;
pub mod outflow;
pub mod invoker;
pub mod live;
pub mod queue;
pub mod trigger;
pub mod flow;
pub mod native;
pub mod key_value;
pub mod content;
pub mod store;
pub mod demand;
pub mod foresight;
pub mod deploy;
pub mod sites;
pub mod nodes;
pub mod api;
pub mod grouping;
pub mod gateway;
pub mod beginning;
pub mod gauged;
pub mod condition;
pub mod node;
