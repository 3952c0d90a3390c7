//! The forms in which answers come; long results have `-o` with files.

use clap::{Args, ValueEnum};

/// A form of a short answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Table,
    /// For programs
    Json,
}

/// A form of what a node tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    /// For people
    Table,
    /// For people with a wide screen
    Wide,
    /// For programs, as the API has it
    Json,
    /// The same as YAML
    Yaml,
    /// Names alone, a line each
    Name,
}

/// In which form a command tells what it did.
#[derive(Debug, Clone, Copy, Args)]
pub struct ListingArguments {
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
}
