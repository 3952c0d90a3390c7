//! Saves what a node recorded of its decisions.

use std::io::copy;
use std::path::Path;

use crate::cli::journal::JournalCommand;
use crate::cli::node::NodeArguments;
use crate::connect;
use crate::error::Letter;
use crate::figure::bytes;
use crate::output::{check, to_file};
use crate::say::say;

/// Runs `swell journal`.
pub fn run(command: &JournalCommand) -> Result<(), Letter> {
    let JournalCommand::Save { file, node } = command;
    save(file, node)
}

fn save(file: &Path, node: &NodeArguments) -> Result<(), Letter> {
    check(file)?;
    let mut journal = connect::node(node)?.journal()?;
    let mut length = 0;
    to_file(file, |out| {
        length = copy(&mut journal, out)?;
        Ok(())
    })?;
    let shown = file.display();
    say(format!("wrote {shown} ({}); `swell replay {shown}` decides it again", bytes(length)));
    Ok(())
}
