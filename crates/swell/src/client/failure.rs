//! What went wrong between this program and a node, as a letter.
//!
//! A node explains itself in a [`Problem`]; its words are passed on as they are. What never
//! reached a node is explained here, with the one cause that is by far the most frequent
//! first: nothing runs there.

use std::io::ErrorKind;

use swell_api::problem::Problem;
use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::error::Letter;

/// Longest explanation read.
const EXPLANATION_BYTES_MAX: u64 = 1 << 20;

/// Words of problems whose cause is the function, not the node nor the caller.
const FUNCTION_FAILURES: [&str; 3] = ["function-failed", "bad-answer", "timed-out"];

/// The node at `url` could not be reached, or the talk with it broke off.
pub fn unreached(url: &str, error: &ureq::Error) -> Letter {
    match error {
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            Letter::failed(format!("no node answers at {url}"))
                .hint("start one with `swell up`, or name another with `--node URL`")
        }
        ureq::Error::HostNotFound => Letter::failed(format!("the host of {url} has no address"))
            .hint("check the name after `--node` or in `SWELL_NODE`"),
        ureq::Error::BadUri(why) => {
            Letter::usage(format!("`{url}` is no address of a node: {why}"))
                .hint("write one such as `http://127.0.0.1:7070`")
        }
        // What the secure layer refuses comes wrapped as a failure of the socket.
        ureq::Error::Io(error)
            if error.kind() == ErrorKind::InvalidData && url.starts_with("https") =>
        {
            insecure(url, error)
        }
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => insecure(url, error),
        error => Letter::failed(format!("the talk with the node at {url} broke off: {error}"))
            .hint("`swell doctor` looks for the cause"),
    }
}

fn insecure(url: &str, error: &dyn std::fmt::Display) -> Letter {
    Letter::failed(format!("no secure connection to {url}: {error}"))
        .hint("if the node has a certificate of its own making, name it with `--ca FILE`")
}

/// An answer that says no, in the node's own words where it has some.
pub fn refused(answer: Response<Body>) -> Letter {
    let status = answer.status();
    match problem(answer) {
        Some(problem) => told(&problem),
        None => Letter::failed(format!("the node answered {status} without saying why"))
            .hint("is it a Swell node? `swell doctor` looks for the cause"),
    }
}

/// The explanation in an answer, if there is one.
pub fn problem(mut answer: Response<Body>) -> Option<Problem> {
    let kind = answer.headers().get("content-type")?.to_str().ok()?;
    if !kind.starts_with("application/problem+json") {
        return None;
    }
    let body = answer.body_mut().with_config().limit(EXPLANATION_BYTES_MAX);
    body.read_json().ok()
}

/// A node's explanation as a letter.
pub fn told(problem: &Problem) -> Letter {
    let mut message = problem.title.clone();
    if let Some(detail) = &problem.detail {
        message.push_str("\n  ");
        message.push_str(&detail.replace('\n', "\n  "));
    }
    let letter = if FUNCTION_FAILURES.contains(&problem.code.as_str()) {
        Letter::function(message)
    } else {
        Letter::failed(message)
    };
    match (&problem.hint, problem.status) {
        (Some(hint), _) => letter.hint(hint),
        (None, 401) => letter.hint("give the node's token with `--token` or in `SWELL_TOKEN`"),
        (None, _) => letter,
    }
}

/// An answer that makes no sense.
pub fn senseless(what: &str, error: &dyn std::fmt::Display) -> Letter {
    Letter::failed(format!("the node's answer about {what} makes no sense: {error}"))
        .hint("the node may be of another version; `swell doctor` tells both")
}

/// Whether the answer is a success.
pub fn is_fine(status: StatusCode) -> bool {
    status.is_success()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_become_letters() {
        let mut problem = Problem {
            code: "not-found".to_string(),
            status: 404,
            title: "there is no function `hello`".to_string(),
            detail: Some("one\ntwo".to_string()),
            hint: Some("`swell list` shows all".to_string()),
            request_id: None,
        };
        let expected = Letter::failed("there is no function `hello`\n  one\n  two")
            .hint("`swell list` shows all");
        assert_eq!(told(&problem), expected);
        problem.code = "timed-out".to_string();
        (problem.detail, problem.hint) = (None, None);
        assert_eq!(told(&problem), Letter::function("there is no function `hello`"));
    }
}
