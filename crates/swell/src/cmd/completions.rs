//! Prints what a shell needs to finish the words of this program.

use clap::CommandFactory;
use clap_complete::generate;

use crate::cli::command::Cli;
use crate::cli::completions::CompletionsArguments;
use crate::error::Letter;
use crate::output::to_stdout;

/// Runs `swell completions`.
pub fn run(arguments: &CompletionsArguments) -> Result<(), Letter> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), "swell", &mut script);
    to_stdout(|out| out.write_all(&script))
}
