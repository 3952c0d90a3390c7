//! Tells what can be written in a manifest, and whether one is well written.

use swell_api::spec::FunctionSpec;

use crate::cli::manifest::ManifestCommand;
use crate::error::Letter;
use crate::figure::count;
use crate::manifest::file;
use crate::output::{json, to_stdout};
use crate::say::say;

/// Runs `swell manifest`.
pub fn run(command: &ManifestCommand) -> Result<(), Letter> {
    match command {
        ManifestCommand::Schema => to_stdout(|out| json(&file::schema(), out)),
        ManifestCommand::Check { file: path } => {
            let entries = file::load(path)?.entries;
            let specs: Vec<FunctionSpec> = entries.into_iter().map(|entry| entry.spec).collect();
            say(format!("{}: {}, well written", path.display(), count(specs.len(), "function")));
            to_stdout(|out| json(&specs, out))
        }
    }
}
