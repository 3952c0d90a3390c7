//! `swell replay`, which decides a recorded run again.

use std::path::PathBuf;

use clap::Args;

use crate::cli::form::Form;

const EXAMPLES: &str = "\
The journal is fed to a fresh mind with the same settings and seed, which has to order the same
again: what is decided depends on nothing else. Of a journal that ends in the middle, as when a
node was killed, all that is whole is decided again. Exit codes: 0 identical, 1 different or
unreadable.

Examples:
  swell sim keepalive --trace 20-b --memory 1GB --policy lru --seed 1 --journal run.journal
  swell replay run.journal
  swell replay run.journal --policy hazard";

/// Arguments of `swell replay`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArguments {
    /// A journal, plain or packed, as `swell sim keepalive --journal FILE` writes it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Ask instead where this policy would first have ordered something else, and what
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,

    /// As a table or as JSON
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Form,
}
