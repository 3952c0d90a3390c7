//! `swell demo`, the first command a newcomer runs.

use std::net::SocketAddr;

use clap::Args;
use swell_core::time::Span;
use swell_core::units::Bytes;

/// Arguments of `swell demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Show so many sites instead that foresee a peak and move a function before it comes
    #[arg(long, value_name = "3", value_parser = clap::value_parser!(u8).range(3..=3))]
    pub sites: Option<u8>,
    /// Keep the node up afterwards, to play with
    #[arg(long)]
    pub keep: bool,
    /// Where the node listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,
    /// Memory of the node's instances
    #[arg(long, value_name = "BYTES", default_value = "8GB")]
    pub memory: Bytes,
    /// How much of the trace to replay
    #[arg(long = "for", value_name = "TIME", default_value = "2h")]
    pub length: Span,
    /// How many times faster than recorded
    #[arg(long, value_name = "FACTOR", default_value_t = 240.0)]
    pub speed: f64,
}
