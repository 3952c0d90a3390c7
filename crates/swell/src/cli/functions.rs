//! What is asked and told about functions that are deployed.

use std::str::FromStr;

use clap::Args;
use swell_api::function::Share;

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

/// Arguments of `swell list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell ps`.
#[derive(Debug, Args)]
pub struct PsArguments {
    /// Only instances of this function
    #[arg(value_name = "NAME")]
    pub function: Option<String>,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of commands about one function: `swell describe` and `swell versions`.
#[derive(Debug, Args)]
pub struct OneArguments {
    /// The function
    pub name: String,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell scale`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("bounds").required(true).multiple(true))]
pub struct ScaleArguments {
    /// The function
    pub name: String,
    /// Instances kept at all times
    #[arg(long, value_name = "N", group = "bounds")]
    pub min_warm: Option<u32>,
    /// Instances allowed at a time
    #[arg(long, value_name = "N", group = "bounds", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_instances: Option<u32>,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell pause` and `swell resume`.
#[derive(Debug, Args)]
pub struct NamesArguments {
    /// The functions
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell rm`.
#[derive(Debug, Args)]
pub struct RemoveArguments {
    /// The functions
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell rollback`.
#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The function
    pub name: String,
    /// The version, such as 3 or v3 [default: the one that led before]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub to: Option<u32>,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell traffic`.
#[derive(Debug, Args)]
pub struct TrafficArguments {
    /// The function
    pub name: String,
    /// Versions and their shares, such as v2=10%; what is missing to 100% goes to the version
    /// that leads now. Without any, the shares are shown
    #[arg(value_name = "VERSION=PERCENT")]
    pub shares: Vec<Portion>,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// A version's share, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion(pub Share);

impl FromStr for Portion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (name, percent) = text.split_once('=')?;
            let percent = percent.strip_suffix('%').unwrap_or(percent).parse().ok()?;
            let version = version(name).ok()?;
            (percent <= 100).then_some(Portion(Share { version, percent }))
        };
        read().ok_or_else(|| format!("`{text}` is no share; write one such as `v2=10%`"))
    }
}

/// Reads `3` or `v3`.
pub fn version(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix('v').unwrap_or(text).parse().ok();
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("`{text}` is no version; write one such as `3` or `v3`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read() {
        let share = |version, percent| Some(Portion(Share { version, percent }));
        for (text, expected) in [
            ("v2=10%", share(2, 10)),
            ("2=10", share(2, 10)),
            ("v1=0%", share(1, 0)),
            ("v1=101%", None),
            ("v0=1%", None),
            ("v2", None),
            ("two=2%", None),
        ] {
            assert_eq!(text.parse::<Portion>().ok(), expected, "{text}");
        }
    }
}
