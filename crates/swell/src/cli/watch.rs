//! `swell watch`, which builds and deploys what changes.

use std::path::PathBuf;

use clap::Args;

use crate::cli::node::NodeArguments;

const AFTER: &str = "\
Watched are the manifest, the file of each function's code and, where a function has a `build`,
what that names in `watch`, or else all of the manifest's folder (but hidden files, `target`,
`node_modules` and `__pycache__`). A build that fails is told, and tried again when something
changes; meanwhile what was deployed before serves. Ctrl-C ends it.

Examples:
  swell watch
  swell watch shop/app.toml --node http://box:7070";

/// Arguments of `swell watch`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct WatchArguments {
    /// A manifest of functions: TOML, YAML or JSON (see `swell manifest`)
    #[arg(value_name = "FILE", default_value = "app.toml")]
    pub manifest: PathBuf,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}
