//! `swell up`, which turns this machine into a node.

use clap::Args;

use crate::cli::settings::SettingsArguments;

const AFTER: &str = "\
Settings come from swell.toml, then from the environment (SWELL__NODE__LISTEN is `listen` in
[node]), then from options; `swell config show --origin` tells which holds. The first Ctrl-C or
SIGTERM lets requests finish, the second ends at once.

Examples:
  swell up
  swell up --listen 0.0.0.0:7070 --memory 4GiB --set api.token=secret";

/// Arguments of `swell up`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct UpArguments {
    /// Settings
    #[command(flatten)]
    pub settings: SettingsArguments,
}
