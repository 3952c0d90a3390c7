//! How a failure is told to the person at the keyboard: what happened, what to do.
//!
//! One type for the whole program, so that all failures look alike. Nothing in it depends
//! on color. Exit codes: 0 done, 1 failed (or, of two things compared, different), 2 the
//! command line or a file asks for something that does not exist, 3 the function that was
//! called failed, 130 interrupted (what was done until then is printed).

use std::io;
use std::path::Path;
use std::process::ExitCode;

use swell_core::parameters::UnknownPolicy;
use swell_sim::cache::words::Unknown;
use swell_sim::error::SimError;
use swell_trace::error::TraceError;

use crate::say::say;

/// A failure, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    message: String,
    hint: Option<String>,
    kind: Kind,
}

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It could not be done.
    Failed,
    /// It was asked for wrongly.
    Usage,
    /// The person stopped it.
    Interrupted,
    /// What was compared is not the same.
    Different,
    /// The function that was called failed.
    Function,
}

impl Letter {
    /// It could not be done, because of `message`.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Failed }
    }

    /// It was asked for wrongly, as `message` says.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Usage }
    }

    /// The person stopped it; `message` says what was done.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Interrupted }
    }

    /// What was compared is not the same, as `message` says.
    pub fn different(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Different }
    }

    /// The function that was called failed, as `message` says.
    pub fn function(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Function }
    }

    /// A file could not be written.
    pub fn unwritable(path: &Path, error: &io::Error) -> Self {
        Self::failed(format!("cannot write `{}`: {error}", path.display()))
    }

    /// The same with a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what was done until then.
    #[must_use]
    pub fn after(mut self, done: &str) -> Self {
        self.message = format!("{}; {done}", self.message);
        self
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Tells it on the standard error.
    pub fn print(&self) {
        let head = match self.kind {
            Kind::Failed | Kind::Usage | Kind::Function => "error",
            Kind::Interrupted => "interrupted",
            Kind::Different => "different",
        };
        say(format!("{head}: {}", self.message));
        if let Some(hint) = &self.hint {
            say(format!("\n  hint: {hint}"));
        }
    }

    /// What the shell learns.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Failed | Kind::Different => 1,
            Kind::Usage => 2,
            Kind::Function => 3,
            Kind::Interrupted => 130,
        })
    }
}

impl From<UnknownPolicy> for Letter {
    fn from(error: UnknownPolicy) -> Self {
        Self::usage(error.to_string()).hint(
            "`swell policy list` tells what each does, `swell policy show NAME` its parameters",
        )
    }
}

impl From<Unknown> for Letter {
    fn from(error: Unknown) -> Self {
        Self::usage(error.to_string()).hint("`swell sim cache --help` tells what there is")
    }
}

impl From<TraceError> for Letter {
    fn from(error: TraceError) -> Self {
        let letter = Self::failed(error.to_string());
        match error {
            TraceError::Row { .. } => {
                letter.hint("mend the row, or add `--lenient` to skip and count broken rows")
            }
            _ => letter,
        }
    }
}

impl From<SimError> for Letter {
    fn from(error: SimError) -> Self {
        match error {
            SimError::Interrupted => Self::interrupted("nothing was completed"),
            SimError::Policy(error) => error.into(),
            SimError::Trace(error) => error.into(),
            SimError::Bound(error) => Self::failed(error.to_string())
                .hint("the runs themselves may still work: add `--no-bound`"),
            SimError::Settings(message) => Self::usage(message),
        }
    }
}
