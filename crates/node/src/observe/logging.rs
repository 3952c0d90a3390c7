//! What the program says of itself on its standard error: for people on a terminal, as
//! JSON for everything that collects. To be set up once, by the binary.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogForm {
    /// For people where the standard error is a terminal, JSON where it is not.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// What is told where neither `RUST_LOG` nor the caller says anything. Libraries tell of their own
/// affairs only what went wrong; to openraft each try to reach a site that is away is a warning,
/// several a second, where a line of our own says once that it is.
const DEFAULT: &str = "info,foyer=warn,openraft=error";

/// Why it could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter makes no sense.
    #[error("`{filter}` is no log filter ({reason}); write `RUST_LOG=debug` or `swell_node=trace`")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It was set up before.
    #[error("the log is already set up")]
    Again(#[from] TryInitError),
}

/// Begins to log to the standard error. `RUST_LOG` rules what is told, then `filter`, then
/// what matters to who runs a node. `NO_COLOR` with any text takes the color off.
pub fn init(form: LogForm, filter: Option<&str>) -> Result<(), LoggingError> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
    let filter = parse(from_environment.as_deref().or(filter).unwrap_or(DEFAULT))?;
    let terminal = io::stderr().is_terminal();
    let colored = terminal && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty());
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    if is_json(form, terminal) {
        registry.with(lines.json().flatten_event(true).with_ansi(false)).try_init()?;
    } else {
        registry.with(lines.with_target(false).with_ansi(colored)).try_init()?;
    }
    Ok(())
}

fn is_json(form: LogForm, terminal: bool) -> bool {
    match form {
        LogForm::Auto => !terminal,
        LogForm::Human => false,
        LogForm::Json => true,
    }
}

fn parse(filter: &str) -> Result<EnvFilter, LoggingError> {
    EnvFilter::builder().parse(filter).map_err(|error| LoggingError::Filter {
        filter: filter.to_string(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_reader_unless_told() {
        for (form, terminal, json) in [
            (LogForm::Auto, true, false),
            (LogForm::Auto, false, true),
            (LogForm::Human, false, false),
            (LogForm::Json, true, true),
        ] {
            assert_eq!(is_json(form, terminal), json, "{form:?} {terminal}");
        }
    }

    #[test]
    fn filters_are_checked() {
        for good in [DEFAULT, "info", "debug", "swell_node=trace,warn", "off"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in ["swell_node=loud", "a=b=c"] {
            let error = parse(bad).expect_err("no filter");
            assert!(error.to_string().contains(bad), "{error}");
        }
    }
}
