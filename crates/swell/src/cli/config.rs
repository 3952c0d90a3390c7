//! `swell config`, the settings that a node would have.

use clap::{Args, Subcommand};

use crate::cli::form::Listing;
use crate::cli::settings::SettingsArguments;

/// Arguments of `swell config`.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print each setting that `swell up` would have here
    Show {
        /// Tell where each value comes from: a line of a file, a variable, an option, or nobody
        #[arg(long)]
        origin: bool,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Settings
        #[command(flatten)]
        settings: Box<SettingsArguments>,
    },
}
