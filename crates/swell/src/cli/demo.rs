//! `swell demo`, the first command a newcomer runs.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `swell demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Where to write the report
    #[arg(long, value_name = "FILE", default_value = "swell-demo.html")]
    pub report: PathBuf,
}
