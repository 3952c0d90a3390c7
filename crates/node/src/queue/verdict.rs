//! What the result of a try means for a call: done, tried again, or given up.
//!
//! A try that never reached the function, because the node is busy or going down or the
//! function is paused, does not count; such a call waits its turn anew, and is given up
//! only when it has waited for too long altogether.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, Response};

use crate::refusal::{Reason, Refusal};

/// How long a call may wait for a node that has no room for it.
pub const WAIT_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// The longest pause that an answer may ask for.
pub const ASKED_MAX: Duration = Duration::from_secs(3600);

/// The longest pause before a node without room is asked again.
const CROWDED_MAX: Duration = Duration::from_secs(15);
/// The longest pause before a function that does not serve is asked again.
const PAUSED_MAX: Duration = Duration::from_secs(600);

/// What is to become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Done,
    /// It is tried again, after at least this pause; why.
    Again(Duration, String),
    /// It did not reach its function and is tried again, and the try does not count; why.
    Unreached(Closed, String),
    /// No other try can help; why.
    Dead(String),
}

/// How long a function that was not reached is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// At least so long, at first.
    pub least: Duration,
    /// So long at most, after many tries.
    pub most: Duration,
}

/// Judges a try, the `attempt`th of at most `attempts_max`, of a call that was accepted
/// `age` ago.
pub fn judge<B>(
    result: &Result<Response<B>, Refusal>,
    attempt: u32,
    attempts_max: u32,
    age: Duration,
) -> Verdict {
    let verdict = match result {
        Ok(answer) if answer.status().as_u16() < 500 => return Verdict::Done,
        Ok(answer) => {
            let why = format!("the function answered with status {}", answer.status().as_u16());
            Verdict::Again(asked(answer.headers()), why)
        }
        Err(refusal) => refused(refusal),
    };
    match verdict {
        Verdict::Again(_, why) if attempt >= attempts_max => Verdict::Dead(why),
        Verdict::Unreached(_, why) if age > WAIT_MAX => Verdict::Dead(why),
        verdict => verdict,
    }
}

fn refused(refusal: &Refusal) -> Verdict {
    let why = refusal.title.clone();
    let least = refusal.retry_after.unwrap_or(Duration::from_secs(1));
    let unreached = |most| Verdict::Unreached(Closed { least, most }, why.clone());
    match refusal.reason {
        // Room comes back unannounced.
        Reason::QueueFull
        | Reason::TooManyInstances
        | Reason::NoMemory
        | Reason::Busy
        | Reason::Stopping
        | Reason::Storage => unreached(CROWDED_MAX),
        // What is paused, or broken, changes by being changed, which is heard of.
        Reason::NotReady => unreached(PAUSED_MAX),
        Reason::BadRequest
        | Reason::TooLarge
        | Reason::Unsupported
        | Reason::Unauthorized
        | Reason::MethodNotAllowed
        | Reason::Conflict
        | Reason::PreconditionFailed
        | Reason::RangeNotSatisfiable => Verdict::Dead(why),
        Reason::NotFound
        | Reason::StartFailed
        | Reason::FunctionFailed
        | Reason::BadAnswer
        | Reason::TimedOut
        | Reason::Unavailable
        | Reason::Undecided
        | Reason::Internal => Verdict::Again(Duration::ZERO, why),
    }
}

/// The pause that an answer asks for, in whole seconds.
fn asked(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0)).min(ASKED_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Result<Response<()>, Refusal> {
        let response = Response::builder().status(status).header(RETRY_AFTER, "7").body(());
        Ok(response.expect("it is an answer"))
    }

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Done => "done",
            Verdict::Again(..) => "again",
            Verdict::Unreached(..) => "unreached",
            Verdict::Dead(_) => "dead",
        }
    }

    #[test]
    fn results_are_judged() {
        let refusal = |reason| Err(Refusal::new(reason, "no"));
        let (young, old) = (Duration::ZERO, WAIT_MAX + Duration::from_secs(1));
        for (result, attempt, age, expected) in [
            (answer(200), 1, young, "done"),
            (answer(404), 1, young, "done"),
            (answer(500), 1, young, "again"),
            (answer(503), 2, young, "again"),
            (answer(503), 3, young, "dead"),
            (refusal(Reason::FunctionFailed), 2, old, "again"),
            (refusal(Reason::FunctionFailed), 3, young, "dead"),
            (refusal(Reason::NotFound), 1, young, "again"),
            (refusal(Reason::Busy), 3, young, "unreached"),
            (refusal(Reason::Busy), 9, young, "unreached"),
            (refusal(Reason::NotReady), 1, old, "dead"),
            (refusal(Reason::TooLarge), 1, young, "dead"),
        ] {
            let verdict = judge(&result, attempt, 3, age);
            assert_eq!(word(&verdict), expected, "{result:?} {attempt}");
        }
        let verdict = judge(&answer(500), 1, 3, young);
        assert!(matches!(verdict, Verdict::Again(pause, _) if pause.as_secs() == 7));
    }
}
