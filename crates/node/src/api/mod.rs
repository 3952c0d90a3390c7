//! The API under `/v1`: what people and programs may ask of a node.

pub mod context;
pub mod reply;
pub mod access;
pub mod functions;
pub mod flows;
pub mod contents;
pub mod caches;
pub mod voters;
pub mod code;
pub mod node;
pub mod logs;
pub mod invocations;
pub mod forecasts;
pub mod sites;
pub mod site_nodes;
pub mod outlooks;
pub mod openapi;
pub mod router;
