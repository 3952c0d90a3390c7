//! Why a node does not do what it was asked: one list for the gateway, the API and the
//! triggers, and the letter that a person gets.
//!
//! Which status goes with which reason is part of the API: 4xx says that the same request
//! will fail again, 429 and 503 that a later one may work.

use std::time::Duration;

use swell_api::problem::Problem;

/// Why, for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nothing of that name or path is here.
    NotFound,
    /// The request itself makes no sense.
    BadRequest,
    /// What was sent contradicts what is there.
    Conflict,
    /// It is not for everybody, and the caller did not show who it is.
    Unauthorized,
    /// The method does not go with the path.
    MethodNotAllowed,
    /// The request's body is longer than allowed.
    TooLarge,
    /// The function cannot do that.
    Unsupported,
    /// As many requests of the function wait as may.
    QueueFull,
    /// The function has all the instances it may have, and all are busy.
    TooManyInstances,
    /// There is no memory for another instance.
    NoMemory,
    /// The node works on as many requests as it may.
    Busy,
    /// The function is paused, being prepared, or its code does not work.
    NotReady,
    /// An instance could not be started.
    StartFailed,
    /// The node is going down.
    Stopping,
    /// The function failed: it trapped or used up what it may use.
    FunctionFailed,
    /// The function answered nonsense or nothing.
    BadAnswer,
    /// The function did not answer in its time.
    TimedOut,
    /// The node itself failed.
    Internal,
    /// The disk is full or broken.
    Storage,
    /// What is there is not what the caller expects.
    PreconditionFailed,
    /// The body has no such part.
    RangeNotSatisfiable,
    /// Others that are needed do not answer.
    Unavailable,
    /// Others did not say what came of it.
    Undecided,
}

/// Every reason, its word and its status.
const REASONS: &[(Reason, &str, u16)] = &[
    (Reason::NotFound, "not-found", 404),
    (Reason::BadRequest, "bad-request", 400),
    (Reason::Conflict, "conflict", 409),
    (Reason::Unauthorized, "unauthorized", 401),
    (Reason::MethodNotAllowed, "method-not-allowed", 405),
    (Reason::TooLarge, "too-large", 413),
    (Reason::Unsupported, "unsupported", 501),
    (Reason::QueueFull, "queue-full", 429),
    (Reason::TooManyInstances, "too-many-instances", 429),
    (Reason::NoMemory, "no-memory", 503),
    (Reason::Busy, "busy", 503),
    (Reason::NotReady, "not-ready", 503),
    (Reason::StartFailed, "start-failed", 503),
    (Reason::Stopping, "stopping", 503),
    (Reason::FunctionFailed, "function-failed", 502),
    (Reason::BadAnswer, "bad-answer", 502),
    (Reason::TimedOut, "timed-out", 504),
    (Reason::Internal, "internal", 500),
    (Reason::Storage, "storage", 507),
    (Reason::PreconditionFailed, "precondition-failed", 412),
    (Reason::RangeNotSatisfiable, "range-not-satisfiable", 416),
    (Reason::Unavailable, "unavailable", 503),
    (Reason::Undecided, "undecided", 504),
];

impl Reason {
    /// How many there are; as a number, each is below it.
    pub const COUNT: usize = REASONS.len();

    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        REASONS.iter().map(|row| row.0)
    }

    /// The word for it, for programs and metrics.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The status that goes with it.
    pub fn status(self) -> u16 {
        self.row().2
    }

    fn row(self) -> &'static (Reason, &'static str, u16) {
        let found = REASONS.iter().find(|row| row.0 == self);
        found.expect("every reason is in the table")
    }
}

/// A refusal or a failure, ready to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What happened, in one sentence.
    pub title: String,
    /// More about it.
    pub detail: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal for `reason`, which `title` explains.
    pub fn new(reason: Reason, title: impl Into<String>) -> Self {
        Self { reason, title: title.into(), detail: None, hint: None, retry_after: None }
    }

    /// The same with more about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the time after which another try makes sense.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// What another node refused, as it came over the wire; nothing if no node says so.
    pub fn of_problem(problem: &Problem) -> Option<Self> {
        let row = REASONS.iter().find(|row| row.1 == problem.code && row.2 == problem.status)?;
        let mut refusal = Self::new(row.0, problem.title.clone());
        (refusal.detail, refusal.hint) = (problem.detail.clone(), problem.hint.clone());
        Some(refusal)
    }

    /// As it goes over the wire.
    pub fn problem(&self, request_id: Option<&str>) -> Problem {
        Problem {
            code: self.reason.code().to_string(),
            status: self.reason.status(),
            title: self.title.clone(),
            detail: self.detail.clone(),
            hint: self.hint.clone(),
            request_id: request_id.map(str::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_one_word() {
        for (place, (reason, word, status)) in REASONS.iter().enumerate() {
            assert_eq!(reason.code(), *word);
            assert_eq!(reason.status(), *status);
            assert!(REASONS[..place].iter().all(|row| row.1 != *word), "{word}");
            assert_eq!(*reason as usize, place);
            let refusal = Refusal::new(*reason, "no").hint("never");
            assert_eq!(Refusal::of_problem(&refusal.problem(None)), Some(refusal));
        }
    }
}
