//! `swell deploy` and `swell plan`: functions from files to a node.

use std::path::PathBuf;

use clap::Args;

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

const DEPLOY: &str = "\
Code is sent only where the node has not got it; the same specification again is no new version.

Examples:
  swell deploy hello.wasm
  swell deploy hello.wasm --name hello --memory 64MiB --concurrency 10 --timeout 30s
  swell deploy -f app.toml
  swell deploy -f app.toml --build";

const PLAN: &str = "\
Exit codes: 0 nothing would change, 1 something would (or it failed), 2 asked for wrongly.";

/// Arguments of `swell deploy`.
#[derive(Debug, Args)]
#[command(after_help = DEPLOY)]
pub struct DeployArguments {
    /// WebAssembly to deploy: a component of wasi:http or a WASI command
    #[arg(value_name = "FILE", required_unless_present = "manifest", conflicts_with = "manifest")]
    pub file: Option<PathBuf>,
    /// A manifest of functions: TOML, YAML or JSON (see `swell manifest`)
    #[arg(short = 'f', long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// With -f: build their code first, each by the command that the manifest gives
    #[arg(long, conflicts_with = "file")]
    pub build: bool,
    /// With -f: remove functions that are not in the manifest
    #[arg(long, conflicts_with = "file")]
    pub prune: bool,
    /// Do not wait until the code is made ready
    #[arg(long)]
    pub no_wait: bool,
    /// What else the function is to be
    #[command(flatten)]
    pub settings: FunctionArguments,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// The commonest keys of a manifest, as options.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Function")]
pub struct FunctionArguments {
    /// Its name [default: the file's]
    #[arg(long, conflicts_with = "manifest")]
    pub name: Option<String>,
    /// Memory of one instance, such as 64MiB
    #[arg(long, value_name = "SIZE", conflicts_with = "manifest")]
    pub memory: Option<String>,
    /// Requests that one instance serves at a time
    #[arg(long, value_name = "N", conflicts_with = "manifest")]
    pub concurrency: Option<String>,
    /// How long a request may take in all, such as 30s
    #[arg(long, value_name = "SPAN", conflicts_with = "manifest")]
    pub timeout: Option<String>,
    /// Whether each request gets a fresh guest: request or instance
    #[arg(long, value_name = "WORD", conflicts_with = "manifest")]
    pub isolation: Option<String>,
    /// Instances kept at all times
    #[arg(long, value_name = "N", conflicts_with = "manifest")]
    pub min_warm: Option<String>,
    /// Instances allowed at a time
    #[arg(long, value_name = "N", conflicts_with = "manifest")]
    pub max_instances: Option<String>,
    /// Requests that may wait for an instance
    #[arg(long, value_name = "N", conflicts_with = "manifest")]
    pub queue: Option<String>,
    /// Whether clones are made ahead of its calls: off, shadow or on
    #[arg(long, value_name = "MODE", conflicts_with = "manifest")]
    pub forecast: Option<String>,
    /// Length of a step in which its forecasts are shown, such as 15m
    #[arg(long, value_name = "SPAN", conflicts_with = "manifest")]
    pub forecast_step: Option<String>,
    /// How far ahead clones of it may be made and its forecasts are shown, such as 30m
    #[arg(long, value_name = "SPAN", conflicts_with = "manifest")]
    pub forecast_horizon: Option<String>,
    /// What its clones may hold together while they wait, such as 256MiB
    #[arg(long, value_name = "SIZE", conflicts_with = "manifest")]
    pub clone_memory: Option<String>,
    /// Clones of it made in a second, at most
    #[arg(long, value_name = "N", conflicts_with = "manifest")]
    pub clone_starts: Option<String>,
    /// An environment variable, such as LEVEL=debug; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, conflicts_with = "manifest")]
    pub env: Vec<(String, String)>,
    /// A secret of the node as an environment variable; may be repeated
    #[arg(long, value_name = "NAME=SECRET", value_parser = pair, conflicts_with = "manifest")]
    pub secret: Vec<(String, String)>,
    /// A host the guest may send requests to; may be repeated
    #[arg(long, value_name = "HOST", conflicts_with = "manifest")]
    pub outbound: Vec<String>,
    /// A host and path at which it answers, such as example.org/api; may be repeated
    #[arg(long, value_name = "HOST/PATH", conflicts_with = "manifest")]
    pub route: Vec<String>,
}

impl FunctionArguments {
    /// Keys of a manifest with the texts that were given for them.
    pub fn given(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("name", &self.name),
            ("memory", &self.memory),
            ("concurrency", &self.concurrency),
            ("timeout", &self.timeout),
            ("isolation", &self.isolation),
            ("min-warm", &self.min_warm),
            ("max-instances", &self.max_instances),
            ("queue", &self.queue),
            ("forecast", &self.forecast),
            ("forecast-step", &self.forecast_step),
            ("forecast-horizon", &self.forecast_horizon),
            ("clone-memory", &self.clone_memory),
            ("clone-starts", &self.clone_starts),
        ];
        all.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))).collect()
    }
}

/// Arguments of `swell plan`.
#[derive(Debug, Args)]
#[command(after_help = PLAN)]
pub struct PlanArguments {
    /// A manifest of functions: TOML, YAML or JSON
    #[arg(short = 'f', long, value_name = "FILE", default_value = "app.toml")]
    pub manifest: PathBuf,
    /// Functions that are not in the manifest would be removed
    #[arg(long)]
    pub prune: bool,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err(format!("`{text}` has no `=` after a name; write `NAME=VALUE`")),
    }
}
