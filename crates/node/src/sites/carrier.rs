//! Messages of the log on their way over the resource channel.

use std::time::Duration;

use bytes::Bytes;
use swell_consensus::raft::carrier::{Carried, Carrier, CarryError, Urgency};
use swell_consensus::raft::wire::MESSAGE_MAX;
use swell_core::ids::SiteId;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use tokio::sync::Semaphore;

/// Where messages of the log arrive.
pub const LOG: &str = "/v1/log";

/// Messages under way that may wait a little. Those that keep the log going are never held back
/// by them.
const USUAL_MAX: usize = 64;

/// Brings messages of the log to other sites.
pub struct LinkCarrier {
    client: Client,
    usual: Semaphore,
}

impl LinkCarrier {
    /// A carrier over the resource channel.
    pub fn new(client: Client) -> Self {
        Self { client, usual: Semaphore::new(USUAL_MAX) }
    }
}

/// Where a site is reached, as the members of the log have it: its name, which its certificate
/// must have, and its address.
pub fn place(name: &str, resource: &str) -> String {
    format!("{name}@{resource}")
}

fn address(place: &str) -> Option<Address> {
    let (name, at) = place.split_once('@')?;
    Some(Address { name: name.to_string(), at: at.to_string() })
}

impl Carrier for LinkCarrier {
    fn call<'a>(
        &'a self,
        _to: SiteId,
        place: &'a str,
        urgency: Urgency,
        message: Bytes,
        within: Duration,
    ) -> Carried<'a> {
        Box::pin(async move {
            let to = address(place).ok_or_else(|| {
                CarryError::Unreachable(format!("`{place}` is no address of a site"))
            })?;
            let _turn = match urgency {
                Urgency::Urgent => None,
                Urgency::Usual => Some(self.usual.try_acquire().map_err(|_| CarryError::Full)?),
            };
            let answer = self.client.post(&to, LOG, message, MESSAGE_MAX, within).await;
            answer.map_err(|error| match error {
                LinkError::Late(_) => CarryError::TimedOut,
                error => CarryError::Unreachable(error.to_string()),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_names_with_addresses() {
        let found = address(&place("oslo", "10.0.0.7:7071")).expect("it is one");
        assert_eq!((found.name.as_str(), found.at.as_str()), ("oslo", "10.0.0.7:7071"));
        assert_eq!(address("10.0.0.7:7071"), None);
    }
}
