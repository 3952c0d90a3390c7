//! `swell new`, the beginning of a function.

use std::path::PathBuf;

use clap::Args;

use crate::template::Language;

const AFTER: &str = "\
Writes a folder with the source of a small function, what its language needs to build it, a manifest \
`app.toml`, and a README with the commands.

Examples:
  swell new hello --lang rust
  swell new thumbnails --lang python --path functions/thumbnails";

/// Arguments of `swell new`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct NewArguments {
    /// The function's name: 1 to 63 of a-z, 0-9 and -, beginning with a letter
    pub name: String,
    /// The language
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Language,
    /// The folder to write; it is made, or empty [default: the name]
    #[arg(long, value_name = "FOLDER")]
    pub path: Option<PathBuf>,
}
