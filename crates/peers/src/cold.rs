//! First answers of what was not there before: new instances, new isolates.

use std::time::Duration;

use http::Method;

use crate::client::Client;
use crate::process::Server;

/// Requests, each of which meets something new.
const ROUNDS: usize = 300;

/// Half of the first answers, and 99 of 100, took no longer.
pub fn first_answers(server: &Server, path: &str) -> Result<(Duration, Duration), String> {
    let mut client = Client::connect(server.port)?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let answer = client.send(Method::GET, path, "")?;
        if answer.status >= 300 {
            return Err(format!("{path} answered {}", answer.status));
        }
        if answer.start.as_deref().is_some_and(|start| start != "cold") {
            return Err(format!("{path} met an instance that was there before"));
        }
        times.push(answer.took);
    }
    times.sort_unstable();
    Ok((times[ROUNDS / 2], times[ROUNDS * 99 / 100]))
}
