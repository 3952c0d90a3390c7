//! `swell component`, from a core module to a component without any other tool.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const WRAP: &str = "\
For compilers that make core modules, such as clang, or Rust's wasm32-unknown-unknown. The module \
imports and exports functions of WASI 0.2 by their names in the canonical ABI, and exports its memory \
and `cabi_realloc`. The target wasm32-wasip2 of Rust makes components by itself.";

/// Arguments of `swell component`.
#[derive(Debug, Args)]
pub struct ComponentArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ComponentCommand,
}

/// What to do with components.
#[derive(Debug, Subcommand)]
pub enum ComponentCommand {
    /// Make a component of a core module that serves wasi:http
    #[command(after_help = WRAP)]
    Wrap {
        /// The module
        #[arg(value_name = "MODULE")]
        module: PathBuf,
        /// Where to write the component
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Print the interfaces that functions may import, as WIT
    Wit {
        /// The version of WASI, from 0.2.0 on
        #[arg(long, value_name = "VERSION", default_value = "0.2.0")]
        wasi: String,
    },
}
