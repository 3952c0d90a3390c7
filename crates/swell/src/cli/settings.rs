//! Settings of a node as options; the same for every command that needs them.

use std::path::PathBuf;

use clap::Args;

/// Settings of a node.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArguments {
    /// The file of settings [environment: SWELL_CONFIG] [default: swell.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen at
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Memory that instances may hold together, such as 4GiB
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// The keep-alive policy (see `swell policy`)
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
    /// The folder that holds all its state
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Seed of the chance in decisions
    #[arg(long, value_name = "SEED")]
    pub seed: Option<String>,
    /// How many times faster than the wall the clock of decisions goes
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<String>,
    /// Any setting of the file, such as queue.workers=8; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

impl SettingsArguments {
    /// Options that were given: their name, the setting they are for, and its text.
    pub fn given(&self) -> Vec<(&'static str, String, String)> {
        let named = [
            ("listen", &self.listen),
            ("memory", &self.memory),
            ("policy", &self.policy),
            ("data", &self.data),
            ("seed", &self.seed),
            ("speed", &self.speed),
        ];
        let set = self.set.iter().map(|(name, text)| ("set", name.clone(), text.clone()));
        let named = named
            .into_iter()
            .filter_map(|(flag, text)| Some((flag, format!("node.{flag}"), text.clone()?)));
        set.chain(named).collect()
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let split = text.split_once('=').filter(|(name, _)| name.contains('.'));
    split.map(|(name, value)| (name.trim().to_string(), value.trim().to_string())).ok_or_else(
        || format!("`{text}` sets nothing; write `SECTION.KEY=VALUE`, such as `queue.workers=8`"),
    )
}
