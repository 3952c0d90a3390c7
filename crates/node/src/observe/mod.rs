//! What a node tells of itself while it works: figures, lines of guests, traces.

pub mod metrics;
pub mod function_metrics;
pub mod histogram;
pub mod usage;
pub mod gauges;
pub mod decisions;
pub mod families;
pub mod flow_families;
pub mod content_families;
pub mod exposition;
pub mod process;
pub mod chance;
pub mod header_text;
pub mod wall;
pub mod request_id;
pub mod trace_state;
pub mod trace_context;
pub mod logs;
pub mod call_log;
pub mod span;
pub mod endpoint;
pub mod otlp;
pub mod logging;
pub mod observed;
pub mod observer;
pub mod disks;
