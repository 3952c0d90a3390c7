//! What can be asked for.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measure a node beside its peers: a bare hyper server, wasmtime serve and workerd.
///
/// Needs `wrk`. Peers that are not there are left out, and the report says so. Components
/// are those of `examples/` (see `examples/build.sh`).
#[derive(Debug, Parser)]
#[command(name = "swell-peers", version, max_term_width = 100)]
pub struct Arguments {
    /// The program to measure
    #[arg(long, default_value = "target/release/swell")]
    pub swell: PathBuf,
    /// The peer of the same engine
    #[arg(long, default_value = "wasmtime")]
    pub wasmtime: PathBuf,
    /// The peer for JavaScript
    #[arg(long, default_value = "workerd")]
    pub workerd: PathBuf,
    /// A component that says hello, and its language: rust=FILE, c=FILE or js=FILE
    #[arg(long = "component", value_name = "LANGUAGE=FILE", value_parser = pair)]
    pub components: Vec<(String, PathBuf)>,
    /// How long each measurement takes
    #[arg(long, default_value_t = 5)]
    pub seconds: u32,
    /// Connections at a time
    #[arg(long, default_value_t = 16)]
    pub connections: u32,
    /// Functions deployed to see how many weigh; 0 leaves it out
    #[arg(long, default_value_t = 10_000)]
    pub functions: u32,
    /// What the program does for itself
    #[command(subcommand)]
    pub task: Option<Task>,
}

/// What the program does for itself.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Serve a constant answer with nothing but hyper
    #[command(hide = true)]
    Floor {
        /// Where
        port: u16,
    },
}

fn pair(text: &str) -> Result<(String, PathBuf), String> {
    let (language, file) = text.split_once('=').ok_or("write LANGUAGE=FILE")?;
    match language {
        "rust" | "c" | "js" => Ok((language.to_string(), file.into())),
        other => Err(format!("`{other}` is none of rust, c and js")),
    }
}
