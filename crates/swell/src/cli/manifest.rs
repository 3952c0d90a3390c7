//! `swell manifest`, what can be written in one.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `swell manifest`.
#[derive(Debug, Args)]
pub struct ManifestArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ManifestCommand,
}

/// What to do with manifests.
#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    /// Print the JSON Schema of manifests, for editors
    Schema,
    /// Check a manifest without a node, and print what the API would be told, as JSON
    Check {
        /// The manifest: TOML, YAML or JSON
        #[arg(value_name = "FILE", default_value = "app.toml")]
        file: PathBuf,
    },
}
