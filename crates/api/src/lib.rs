//! The words that a node and its clients exchange as JSON under `/v1`, and nothing else:
//! no server, no client, no defaults of either. The schemas in the OpenAPI document are
//! derived from these types, so the document cannot drift from the program.

pub mod spec;
pub mod trigger;
pub mod function;
pub mod flow_judged;
pub mod flow;
pub mod content;
pub mod cache;
pub mod plan;
pub mod instance;
pub mod invocation;
pub mod log;
pub mod node;
pub mod forecast;
pub mod receipt;
pub mod site;
pub mod site_reading;
pub mod site_joining;
pub mod site_nodes;
pub mod site_outlook;
pub mod calendar;
pub mod problem;
