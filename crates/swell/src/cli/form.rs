//! The forms in which short answers come; long results have `-o` with files.

use clap::ValueEnum;

/// A form of a short answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Table,
    /// For programs
    Json,
}
