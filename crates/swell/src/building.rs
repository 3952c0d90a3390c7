//! Builds the code of functions by the commands that their manifest gives.
//!
//! What a command prints goes to the standard error, as it is no result of ours. It learns
//! from the variable `SWELL` which program runs it, for a build that wraps a module.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Letter;
use crate::manifest::entry::Entry;
use crate::say::say;

/// Runs the commands of all functions that have one, each command once, in the folder of
/// the manifest. The first that fails is the last that runs.
pub fn build_all(entries: &[Entry], folder: &Path) -> Result<(), Letter> {
    let mut done: Vec<&str> = Vec::new();
    for entry in entries {
        let Some(build) = &entry.build else { continue };
        if !done.contains(&build.command.as_str()) {
            build_one(&entry.spec.name, &build.command, folder)?;
            done.push(&build.command);
        }
    }
    Ok(())
}

/// Runs the command of one function.
pub fn build_one(name: &str, command: &str, folder: &Path) -> Result<(), Letter> {
    say(format!("{name}: runs `{command}`"));
    run(command, folder).map_err(|why| {
        Letter::failed(format!("{name}: `{command}` {why}; nothing was deployed")).hint(format!(
            "what it printed stands above; it ran in `{}`, where you can run it by hand",
            if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.display()
        ))
    })
}

/// Runs a command to its end; the error says in a few words how it failed.
pub fn run(command: &str, folder: &Path) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(io::stderr());
    if !folder.as_os_str().is_empty() {
        shell.current_dir(folder);
    }
    if let Ok(program) = std::env::current_exe() {
        shell.env("SWELL", program);
    }
    match shell.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => "was stopped".to_string(),
        }),
        Err(error) => Err(format!("cannot run `sh`: {error}")),
    }
}
