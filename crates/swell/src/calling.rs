//! Calling a function and passing its answer on: what `swell invoke` and `swell queue
//! result` have in common.

use std::io::{self, Read, Write};

use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::client::failure::{problem, told};
use crate::error::Letter;
use crate::output::to_stdout;
use crate::say::say;

/// Passes an answer's body on to the standard output. A status from 400 is a failure of
/// the function, unless the node says that it is its own.
pub fn pass_on(answer: Response<Body>, include: bool) -> Result<(), Letter> {
    let status = answer.status();
    if include {
        say(format!("{:?} {status}", answer.version()));
        for (name, value) in answer.headers() {
            say(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
        say("");
    }
    if status.as_u16() >= 400 && is_of_node(&answer) {
        return Err(match problem(answer) {
            Some(problem) => told(&problem),
            None => Letter::failed(format!("the node answered {status}")),
        });
    }
    let mut body = answer.into_body().into_with_config().limit(u64::MAX).reader();
    to_stdout(|out| copy(&mut body, out))?;
    if status.as_u16() >= 400 { Err(failed(status)) } else { Ok(()) }
}

/// Passes bytes on as they come, so that a stream of events can be watched.
fn copy(body: &mut dyn Read, out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                out.write_all(&buffer[..length])?;
                out.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn failed(status: StatusCode) -> Letter {
    Letter::function(format!("the function answered {status}"))
}

fn is_of_node(answer: &Response<Body>) -> bool {
    let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/problem+json"))
}
