//! `swell events`, what is known to come.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::checked::{effect, lasting};
use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

const EXAMPLES: &str = "\
Examples:
  swell events import calendar.ics
  swell events import campaigns.csv --functions 'shop-*'
  swell events add campaign --at 2026-12-01T09:00:00+01:00 --for 3h --functions 'shop-*' --effect x2
  swell events list
  swell events remove 019ac0de-0000-7000-8000-000000000000

A table has the columns start, end, kind, functions, effect, and if need be title, floor, id.
Effects: unknown (bands widen), x2 (twice the calls), unmeasured (maintenance: what is counted
then says nothing). What events of a kind did is learned.";

/// Arguments of `swell events`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct EventsArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: EventsCommand,
}

/// What to do with events.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// What was announced
    List {
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Announce an event
    Add(Box<AddArguments>),
    /// Take in a calendar: iCalendar, or a table of commas
    Import(Box<ImportArguments>),
    /// Take events back
    Remove {
        /// Their ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// Arguments of `swell events add`.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// Its kind, by which its effect is learned, such as campaign
    pub kind: String,
    /// When it starts: 2026-12-01T09:00:00+01:00, or without the distance from UTC in --zone
    #[arg(long, value_name = "TIME")]
    pub at: String,
    /// When it is over
    #[arg(long, value_name = "TIME", conflicts_with = "span")]
    pub until: Option<String>,
    /// How long it lasts
    #[arg(long = "for", value_name = "SPAN", default_value = "1h", value_parser = lasting)]
    pub span: swell_core::time::Span,
    /// Names of functions it touches, such as 'shop-*'; may be repeated [default: all]
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub functions: Vec<String>,
    /// unknown, x2 (twice the calls), or unmeasured (maintenance)
    #[arg(long, value_name = "EFFECT", default_value = "unknown", value_parser = effect)]
    pub effect: String,
    /// Instances of each function that are held while it lasts
    #[arg(long, value_name = "N")]
    pub floor: Option<u32>,
    /// What people call it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub title: String,
    /// What it is found by; an event with the same id is replaced [default: a new one]
    #[arg(long, value_name = "ID", default_value = "")]
    pub id: String,
    /// The IANA time zone of times that name none
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub zone: String,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell events import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// A calendar (.ics), or a table (.csv)
    pub file: PathBuf,
    /// Names of functions its events touch, where the file does not say; may be repeated
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub functions: Vec<String>,
    /// What its events do, where the file does not say: unknown, x2 or unmeasured
    #[arg(long, value_name = "EFFECT", value_parser = effect)]
    pub effect: Option<String>,
    /// The IANA time zone of times that name none [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}
