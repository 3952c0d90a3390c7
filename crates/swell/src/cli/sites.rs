//! `swell sim sites`, the simulator of sites that relieve each other.

use clap::{Args, ValueEnum};
use swell_outlook::methods::Method;
use swell_sim::sites::play::Way;
use swell_sim::sites::scenario::Scenario;

use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  swell sim sites
  swell sim sites --trace 1350 --sites 12 --crowds 2 -o sites.html
  swell sim sites --liars 1 --drifters 1 --policy majority,weighted
  swell sim sites --liars 1 --lies counters
  swell sim sites --sites 7 --cuts 4 --crashes 2 --slow 1 --seeds 5 -o json";

/// Arguments of `swell sim sites`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SitesArguments {
    /// A bundled trace by name, files, or a recipe `gen:...` (see `swell trace`); each site
    /// sees its day from another time zone
    #[arg(long, value_name = "TRACE", num_args = 1.., default_value = "200")]
    pub trace: Vec<String>,

    /// How many sites
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=50))]
    pub sites: u32,

    /// Workloads that are at home at each site
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub workloads: u32,

    /// Minutes of a slot, by which sites forecast and propose, as `swell site init --slot`
    #[arg(long, value_name = "MINUTES", default_value_t = Scenario::default().slot_minutes, value_parser = clap::value_parser!(u64).range(1..=30))]
    pub slot: u64,

    /// Mean share of the capacity that the load takes
    #[arg(long, value_name = "SHARE", default_value_t = 0.6, value_parser = share)]
    pub fill: f32,

    /// Flash crowds for each site, in a day
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, value_parser = number)]
    pub crowds: f32,

    /// Sites that lie
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub liars: u32,

    /// What they lie in
    #[arg(long, value_name = "WHAT", default_value = "forecasts")]
    pub lies: LiesName,

    /// Sites whose forecasts are worse by the hour
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub drifters: u32,

    /// How often a site is cut off for about an hour, over all sites
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub cuts: u32,

    /// How often a site crashes for about twenty minutes, over all sites
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub crashes: u32,

    /// How often a site is down for maintenance for an hour, which it announces before, over all sites
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub maintenance: u32,

    /// Sites with slow links
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub slow: u32,

    /// Share of the messages between sites that are lost
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = lost)]
    pub loss: f32,

    /// The method of forecasting that all sites believe: `best` of all, `usual` for the best of four
    /// that cost least, or one, such as `lstm`, `arima` or `seasonal-naive` [default: as live sites]
    #[arg(long, value_name = "METHOD")]
    pub method: Option<Method>,

    /// Policies to compare
    #[arg(
        long,
        value_name = "POLICY",
        value_delimiter = ',',
        default_value = "none,reactive,majority,weighted"
    )]
    pub policy: Vec<PolicyName>,

    /// How many seeds to run: 1, 2, ... N
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub seeds: u32,

    /// This very seed
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    pub seed: Option<u64>,

    /// Skip and count broken rows of a trace instead of stopping at the first
    #[arg(long)]
    pub lenient: bool,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be
    /// repeated [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}

/// What liars lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LiesName {
    /// What they forecast, how they vote and what they tell that they saw
    Forecasts,
    /// Their counters: they hide four fifths of what they used
    Counters,
    /// What they forecast further ahead than the slot that is scored, and how they vote
    Ahead,
}

/// A policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyName {
    /// Nothing moves.
    None,
    /// Moves once a site is overloaded.
    Reactive,
    /// Forecasts and proposals; one site, one vote.
    Majority,
    /// Forecasts and proposals; votes weigh what forecasts earned.
    Weighted,
}

impl PolicyName {
    /// The way that it names.
    pub fn way(self) -> Way {
        match self {
            PolicyName::None => Way::None,
            PolicyName::Reactive => Way::Reactive,
            PolicyName::Majority => Way::Majority,
            PolicyName::Weighted => Way::Weighted,
        }
    }
}

fn share(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(share) if share > 0.0 && share <= 2.0 => Ok(share),
        _ => Err("a share is a number above 0, up to 2".to_string()),
    }
}

fn lost(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(share) if (0.0..=0.9).contains(&share) => Ok(share),
        _ => Err("a share of lost messages is a number from 0 to 0.9".to_string()),
    }
}

fn number(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
        _ => Err("write a number from 0 to 100".to_string()),
    }
}
