//! `swell doctor`, which looks whether this machine is fit for a node.

use clap::Args;

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;
use crate::cli::settings::SettingsArguments;

const AFTER: &str = "\
Looks at the settings, the processor, the kernel, memory and its limits, how guests would get
theirs, the limit of open files, the data folder with what is in it, the address, the clock, and
whether Docker answers; also at the node that `--node` or `SWELL_NODE` names. Each is `ok`, `warn`
(a node runs, but could run better) or `fail`, with what to do. Exit codes: 0 nothing fails, 1
something does.

Examples:
  swell doctor
  swell doctor --listen 0.0.0.0:80 --data /srv/swell
  swell doctor -o json";

/// Arguments of `swell doctor`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct DoctorArguments {
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// A node elsewhere to look at too
    #[command(flatten)]
    pub node: NodeArguments,
    /// Settings that a node would have
    #[command(flatten)]
    pub settings: SettingsArguments,
}
