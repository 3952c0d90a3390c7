//! `swell trace`, for looking at traces and making others of them.

use std::str::FromStr;

use clap::{Args, Subcommand};
use swell_core::time::Span;
use swell_trace::durations::Durations;
use swell_trace::format::Format;
use swell_trace::placement::Placement;
use swell_trace::sample::Share;

use crate::cli::form::Form;

const AFTER: &str = "\
A TRACE is the name of a bundled one (`swell trace list`), the files of one (plain or gzip;
the formats azure2019, azure2021, iluvatar, pair and jsonl recognise themselves), or a recipe
such as gen:mixed,functions=1000,calls=1000000,hours=24,seed=1.";

/// Arguments of `swell trace`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct TraceArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: TraceCommand,
}

/// What to do with traces.
#[derive(Debug, Subcommand)]
pub enum TraceCommand {
    /// The traces inside the program
    List(ListArguments),
    /// Functions, calls, span, rates, memory and problems of a trace
    Inspect(InspectArguments),
    /// Write a trace in another format
    Convert(ConvertArguments),
    /// Write a part of a trace: some of its functions, some of its hours
    Sample(SampleArguments),
    /// Write a generated trace
    Generate(GenerateArguments),
}

/// Arguments of `swell trace list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// As a table or as JSON
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Form,
}

/// Arguments of `swell trace inspect`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct InspectArguments {
    /// A bundled trace by name, files, or a recipe `gen:...`
    #[arg(value_name = "TRACE", required = true)]
    pub trace: Vec<String>,
    /// Skip and count broken rows instead of stopping at the first
    #[arg(long)]
    pub lenient: bool,
    /// As a table or as JSON
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Form,
}

/// Arguments of `swell trace convert`.
#[derive(Debug, Args)]
#[command(after_help = AFTER, override_usage = "swell trace convert [OPTIONS] --to <FORMAT> <TRACE>... <OUT>")]
pub struct ConvertArguments {
    /// The TRACE to read, and last the file OUT to write; a format of several files makes
    /// their names of it
    #[arg(value_name = "TRACE|OUT", required = true)]
    pub paths: Vec<String>,
    /// The format to write: azure2019, azure2021, iluvatar, pair or jsonl
    #[arg(long, value_name = "FORMAT")]
    pub to: Format,
    /// How to read
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// Arguments of `swell trace sample`.
#[derive(Debug, Args)]
#[command(after_help = AFTER, override_usage = "swell trace sample [OPTIONS] <TRACE>... <OUT>")]
pub struct SampleArguments {
    /// The TRACE to read, and last the file OUT to write; a format of several files makes
    /// their names of it
    #[arg(value_name = "TRACE|OUT", required = true)]
    pub paths: Vec<String>,
    /// How many functions: a number, or a share such as 10%
    #[arg(long, value_name = "N|P%")]
    pub functions: Option<Wanted>,
    /// Draw busy and quiet functions in the same proportion as the trace has them
    #[arg(long)]
    pub stratified: bool,
    /// Leave out what comes before
    #[arg(long, value_name = "SPAN", default_value = "0s")]
    pub from: Span,
    /// Leave out what comes from here on
    #[arg(long, value_name = "SPAN")]
    pub until: Option<Span>,
    /// The format to write: azure2019, azure2021, iluvatar, pair or jsonl
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub to: Format,
    /// How to read
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// Arguments of `swell trace generate`.
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// gen:SHAPE,functions=N,calls=N,hours=H,seed=S with the SHAPE poisson, timers,
    /// diurnal, bursty, chain or mixed
    #[arg(value_name = "gen:SPEC")]
    pub recipe: String,
    /// The file to write; a format of several files makes their names of it
    #[arg(value_name = "OUT")]
    pub out: String,
    /// The format to write: azure2019, azure2021, iluvatar, pair or jsonl
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub to: Format,
    /// Seed of the calls; the recipe's own seed makes the functions
    #[arg(long, value_name = "SEED", default_value = "1")]
    pub seed: u64,
}

/// How a trace is read before it is written again.
#[derive(Debug, Args)]
pub struct ReadingArguments {
    /// Where in its minute a counted call falls: even, uniform, start or burst
    #[arg(long, value_name = "RULE", default_value = "even")]
    pub placement: Placement,
    /// How long a call runs where the trace does not tell: average or sampled
    #[arg(long, value_name = "RULE", default_value = "average")]
    pub durations: Durations,
    /// Seed of what is drawn
    #[arg(long, value_name = "SEED", default_value = "1")]
    pub seed: u64,
    /// Skip and count broken rows instead of stopping at the first
    #[arg(long)]
    pub lenient: bool,
}

/// A number of functions, or a share of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted(pub Share);

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("`{text}` is neither a number such as `50` nor a share such as `10%`");
        match text.strip_suffix('%').map(str::parse::<f64>) {
            Some(Ok(percent)) if percent > 0.0 && percent <= 100.0 => {
                Ok(Self(Share::Fraction(percent / 100.0)))
            }
            Some(_) => Err(refuse()),
            None => match text.parse() {
                Ok(count) if count > 0 => Ok(Self(Share::Count(count))),
                _ => Err(refuse()),
            },
        }
    }
}
