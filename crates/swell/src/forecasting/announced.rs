//! What a back-test is told of dates and of what was known in advance.

use std::path::Path;

use chrono_tz::Tz;
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::entry::Defaults;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::plan::{Occurrence, plan};
use swell_forecast::calendar::{dates, ics, moment, table, zone};
use swell_forecast::panel::Panel;

use crate::cli::forecast::BacktestArguments;
use crate::error::Letter;
use crate::forecasting::scored::Scored;
use crate::say::say;

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// Dates and occasions.
#[derive(Debug)]
pub struct Calendar {
    /// When the steps are.
    pub grid: Grid,
    occasions: Vec<Occasion>,
}

impl Calendar {
    /// What takes place in a panel and so many steps after it.
    pub fn occurrences(&self, panel: &Panel, ahead: usize) -> Vec<Occurrence> {
        let names: Vec<&str> = panel.members.iter().map(|member| &*member.name).collect();
        plan(&self.occasions, self.grid, panel.len() + ahead, &names).occurrences
    }
}

/// Puts the days of the data into its panels, where it is known when they are, and reads the file of
/// events; none without one.
pub fn calendar(
    arguments: &BacktestArguments,
    scored: &mut Scored,
) -> Result<Option<Calendar>, Letter> {
    let zone = zone::find(&arguments.zone).map_err(wrong)?;
    let Some(grid) = grid(arguments, scored)? else {
        return if arguments.events.is_some() { Err(undated()) } else { Ok(None) };
    };
    let occasions = match &arguments.events {
        Some(path) => read(path, zone)?,
        None => Vec::new(),
    };
    let len = scored.panel.len() + scored.split.horizon;
    for panel in std::iter::once(&mut scored.panel).chain(&mut scored.taught) {
        panel.day = match DAY_MS.is_multiple_of(grid.step_ms) {
            true => (DAY_MS / grid.step_ms) as usize,
            false => 0,
        };
        panel.first = (grid.first_ms % DAY_MS / grid.step_ms) as usize;
        panel.days = dates::days(grid, len, panel.day, zone, &occasions);
    }
    Ok(arguments.events.as_ref().map(|_| Calendar { grid, occasions }))
}

/// When the steps of the data are, where that is known.
pub fn grid(arguments: &BacktestArguments, scored: &Scored) -> Result<Option<Grid>, Letter> {
    let begins_ms = match &arguments.begins {
        Some(text) => {
            let zone = zone::find(&arguments.zone).map_err(wrong)?;
            Some(moment::read(text, zone).map_err(wrong)?)
        }
        None => scored.begins_ms,
    };
    let step_ms = (arguments.source.step.nanos() / 1_000_000).max(1);
    Ok(begins_ms.map(|first_ms| Grid { first_ms, step_ms }))
}

/// What is said where that is not known and has to be.
pub fn undated() -> Letter {
    Letter::usage("it is not known when the steps of the data are")
        .hint("say when the first one begins, as in `--begins 2026-01-05T00:00:00Z`")
}

fn wrong((why, hint): (String, &'static str)) -> Letter {
    Letter::usage(why).hint(hint)
}

fn read(path: &Path, site: Tz) -> Result<Vec<Occasion>, Letter> {
    let unreadable = |error| Letter::failed(format!("cannot read `{}`: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let is_table = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let reading = match is_table {
        true => table::read(&bytes, site),
        false => {
            ics::read(&bytes, &Defaults { site, functions: Vec::new(), effect: Announced::Unknown })
        }
    };
    let letters: Vec<String> = reading.letters.iter().map(ToString::to_string).collect();
    if reading.occasions.is_empty() {
        let why = format!("no event could be read from `{}`", path.display());
        let hint = match letters.is_empty() {
            true => "it holds none: is it the right file?".to_string(),
            false => letters.join("; "),
        };
        return Err(Letter::usage(why).hint(hint));
    }
    letters.iter().for_each(|letter| say(format!("note: {letter}")));
    Ok(reading.occasions)
}
