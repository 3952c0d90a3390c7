//! `swell policy`, the catalogue as people see it.

use clap::{Args, Subcommand};

use crate::cli::form::Form;

/// Arguments of `swell policy`.
#[derive(Debug, Args)]
pub struct PolicyArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// All policies, a line each
    List {
        /// As a table or as JSON
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Form,
    },
    /// One policy with its parameters
    Show {
        /// Its name, such as `fixed-ttl`
        name: String,
        /// As text or as JSON
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Form,
    },
}
