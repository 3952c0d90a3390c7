//! From options to the settings of a node on this machine.

use std::path::PathBuf;

use crate::cli::settings::SettingsArguments;
use crate::error::Letter;
use crate::settings::machine::Machine;
use crate::settings::resolve::{self, Resolved, Sources, resolve};

/// The settings that hold here.
pub fn settings(arguments: &SettingsArguments) -> Result<Resolved, Letter> {
    let look = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let file = arguments.config.clone().or_else(|| look("SWELL_CONFIG").map(PathBuf::from));
    // A variable that is no text cannot be a setting of ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
    let sources = Sources {
        file: file.as_deref(),
        environment: environment.collect(),
        flags: arguments.given(),
    };
    resolve(sources, &Machine::look(&look))
}

/// The settings of a node about which nobody said anything.
pub fn defaults() -> Resolved {
    let look = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    resolve::defaults(&Machine::look(&look))
}
