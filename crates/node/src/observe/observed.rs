//! Where the calls of one version are counted and their guests' lines go: found once per
//! version, so that no request looks anything up.

use std::sync::Arc;

use crate::observe::call_log::VersionLog;
use crate::observe::function_metrics::FunctionMetrics;

/// What watches the calls of a version.
pub struct Observed {
    /// Its figures.
    pub metrics: Arc<FunctionMetrics>,
    /// Its lines.
    pub log: Arc<VersionLog>,
}
