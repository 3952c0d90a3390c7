//! What a site or a node of one can bear: the same options for both.

use clap::Args;
use swell_core::units::Bytes;

/// What a site can bear.
#[derive(Debug, Clone, Args)]
pub struct CapacityArguments {
    /// Processors, such as 4 or 0.5
    #[arg(long, value_name = "PROCESSORS")]
    pub cpu: f64,
    /// Memory [default: not limited]
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<Bytes>,
    /// kbit/s of the network [default: not limited]
    #[arg(long, value_name = "KBIT")]
    pub network: Option<u64>,
    /// Operations on disks a second [default: not limited]
    #[arg(long, value_name = "OPS")]
    pub io: Option<u64>,
}
