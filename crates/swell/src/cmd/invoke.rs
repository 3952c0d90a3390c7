//! Calls a function, at once or through the queue.

use std::fs::File;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use swell_api::invocation::{Accepted, InvocationState};
use ureq::{AsSendBody, SendBody};

use crate::calling::pass_on;
use crate::cli::invoke::InvokeArguments;
use crate::client::failure::{refused, senseless};
use crate::client::node::{NodeClient, escaped};
use crate::connect;
use crate::error::Letter;
use crate::output::to_stdout;
use crate::say::say;

/// Pauses between two looks at a call that is not done: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// Runs `swell invoke`.
pub fn run(arguments: &InvokeArguments) -> Result<(), Letter> {
    let node = connect::node(&arguments.node)?;
    let door = if arguments.asynchronous { "async-function" } else { "function" };
    let path = format!("/{door}/{}{}", escaped(&arguments.name), tail(&arguments.path)?);
    let method = match (&arguments.method, &arguments.data) {
        (Some(method), _) => method.to_uppercase(),
        (None, None) if !arguments.asynchronous => "GET".to_string(),
        (None, _) => "POST".to_string(),
    };
    let mut headers = arguments.header.clone();
    let data = Data::read(arguments.data.as_deref())?;
    let is_named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let (Some(kind), false) = (data.kind(), is_named) {
        headers.push(("content-type".to_string(), kind.to_string()));
    }
    if let Some(callback) = &arguments.callback {
        headers.push(("x-callback-url".to_string(), callback.clone()));
    }
    let length = data.length();
    let answer = data.with(|body| node.call(&method, &path, &headers, length, body))?;
    if !arguments.asynchronous {
        return pass_on(answer, arguments.include);
    }
    if answer.status().as_u16() != 202 {
        return Err(refused(answer));
    }
    let accepted: Accepted =
        answer.into_body().read_json().map_err(|error| senseless("the call", &error))?;
    if !arguments.wait {
        say(format!("accepted; `swell queue result {}` prints its answer", accepted.id));
        return to_stdout(|out| writeln!(out, "{}", accepted.id));
    }
    wait(&node, &accepted.id)?;
    pass_on(node.result(&accepted.id)?, arguments.include)
}

/// Waits until a call is done or given up.
fn wait(node: &NodeClient, id: &str) -> Result<(), Letter> {
    let mut pause = PAUSES.0;
    loop {
        let call = node.invocation(id)?;
        match call.state {
            InvocationState::Done => return Ok(()),
            InvocationState::Dead => {
                let why = call.error.unwrap_or_else(|| "no reason is known".to_string());
                let tries = call.attempts;
                return Err(Letter::function(format!(
                    "the call was given up after {tries} tries: {why}"
                ))
                .hint(format!("once it is mended, `swell queue replay {id}` tries it again")));
            }
            InvocationState::Queued | InvocationState::Running => sleep(pause),
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// What follows the function's name in the address.
fn tail(path: &str) -> Result<String, Letter> {
    if path.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '#')
    {
        return Err(Letter::usage(format!("`{path}` is no path"))
            .hint("write blanks as `%20`, such as `--path /a%20b?x=1`"));
    }
    Ok(match path {
        "/" | "" => String::new(),
        path if path.starts_with(['/', '?']) => path.to_string(),
        path => format!("/{path}"),
    })
}

/// The body of a call.
enum Data {
    None,
    Text(String),
    File(File, u64),
    Input,
}

impl Data {
    fn read(argument: Option<&str>) -> Result<Self, Letter> {
        match argument {
            None => Ok(Self::None),
            Some("-") => Ok(Self::Input),
            Some(text) => match text.strip_prefix('@') {
                None => Ok(Self::Text(text.to_string())),
                Some(path) => {
                    let opened = File::open(path).and_then(|file| {
                        let length = file.metadata()?.len();
                        Ok(Self::File(file, length))
                    });
                    opened.map_err(|error| Letter::failed(format!("cannot read `{path}`: {error}")))
                }
            },
        }
    }

    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Text(text) if serde_json::from_str::<serde_json::Value>(text).is_ok() => {
                Some("application/json")
            }
            Self::Text(_) => Some("text/plain; charset=utf-8"),
            Self::File(..) | Self::Input => Some("application/octet-stream"),
        }
    }

    /// Its length, where that is known before it is read.
    fn length(&self) -> Option<usize> {
        match self {
            Self::None => Some(0),
            Self::Text(text) => Some(text.len()),
            Self::File(_, length) => usize::try_from(*length).ok(),
            Self::Input => None,
        }
    }

    /// Lends the body to a call. What has a known length is sent with it.
    fn with<T>(self, call: impl FnOnce(SendBody<'_>) -> T) -> T {
        match self {
            Self::None => call(SendBody::none()),
            Self::Text(text) => call(text.as_str().as_body()),
            Self::File(mut file, length) if length > 0 => call(file.as_body()),
            Self::File(mut file, _) => call(SendBody::from_reader(&mut file)),
            Self::Input => call(SendBody::from_reader(&mut io::stdin().lock())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_name() {
        for (path, expected) in
            [("/", ""), ("", ""), ("/a?b=1", "/a?b=1"), ("a", "/a"), ("?x=1", "?x=1")]
        {
            assert_eq!(tail(path).as_deref(), Ok(expected), "{path}");
        }
        assert!(tail("/a b").is_err() && tail("/#x").is_err());
    }

    #[test]
    fn bodies_have_a_kind() {
        for (text, kind) in [
            (None, None),
            (Some("{\"a\":1}"), Some("application/json")),
            (Some("hello"), Some("text/plain; charset=utf-8")),
            (Some("-"), Some("application/octet-stream")),
        ] {
            assert_eq!(Data::read(text).unwrap().kind(), kind, "{text:?}");
        }
        assert!(Data::read(Some("@no-such-file")).is_err());
    }
}
