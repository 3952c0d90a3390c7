//! Looks whether this machine is fit for a node with the settings that hold here.

use std::path::Path;

use crate::cli::doctor::DoctorArguments;
use crate::cli::form::Listing;
use crate::cli::settings::SettingsArguments;
use crate::configuration;
use crate::connect;
use crate::doctor::all;
use crate::doctor::check::{Check, Level};
use crate::doctor::door;
use crate::error::Letter;
use crate::figure::count;
use crate::listing::show;
use crate::output::to_stdout;
use crate::settings::resolve::{FILE, Resolved};

/// Runs `swell doctor`.
pub fn run(arguments: &DoctorArguments) -> Result<(), Letter> {
    let (check, resolved) = settings(&arguments.settings);
    let mut checks = vec![check];
    checks.extend(all::look(&resolved.settings));
    let is_named = std::env::var_os("SWELL_NODE").is_some_and(|named| !named.is_empty());
    if arguments.node.node.is_some() || is_named {
        checks.push(door::look_at_node(connect::connection(&arguments.node)?));
    }
    match arguments.output {
        Listing::Table | Listing::Wide => {
            to_stdout(|out| out.write_all(text(&checks).as_bytes()))?;
        }
        form => show(&checks, &[], |check| check.check.to_string(), form)?,
    }
    let of = |level| checks.iter().filter(|check| check.level == level).count();
    match (of(Level::Fail), of(Level::Warn)) {
        (0, _) => Ok(()),
        (failed, _) => Err(Letter::failed(format!(
            "{} of {} would keep a node from running",
            count(failed, "finding"),
            checks.len()
        ))),
    }
}

/// The settings; if those that are written make no sense, the defaults, so that the rest can
/// be looked at all the same.
fn settings(arguments: &SettingsArguments) -> (Check, Resolved) {
    const NAME: &str = "settings";
    match configuration::settings(arguments) {
        Ok(resolved) => {
            let given = resolved.rows.iter().filter(|row| row.origin != "default").count();
            let file = match &arguments.config {
                Some(path) => format!("`{}`", path.display()),
                None if Path::new(FILE).is_file() => format!("`{FILE}`"),
                None => format!("no `{FILE}` here"),
            };
            let finding = format!("{file}, {} given, the others by default", count(given, "value"));
            (Check::ok(NAME, finding), resolved)
        }
        Err(letter) => {
            let advice = "mend it; the rest was looked at with the defaults";
            let check = Check::fail(NAME, letter.message(), advice);
            (check, configuration::defaults())
        }
    }
}

/// A line for each check, and one for what to do.
fn text(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Check { check, level, finding, advice } in checks {
        let finding = finding.replace('\n', " ");
        text.push_str(&format!("{:<4}  {check:<width$}  {finding}\n", level.word()));
        if let Some(advice) = advice {
            text.push_str(&format!("{:<4}  {:<width$}  -> {advice}\n", "", ""));
        }
    }
    text
}
