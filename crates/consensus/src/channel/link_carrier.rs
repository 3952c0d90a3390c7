//! Messages over links: a connection per urgency, so that a long message does not hold up an
//! urgent one.

use std::time::Duration;

use bytes::Bytes;
use swell_core::ids::SiteId;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use swell_link::identity::Identity;

use crate::channel::lanes::Lanes;
use crate::channel::names::name_of;
use crate::raft::carrier::{Carried, Carrier, CarryError, Urgency};
use crate::raft::wire::MESSAGE_MAX;

/// Where urgent messages are posted.
pub(crate) const URGENT: &str = "/log/urgent";
/// Where usual messages are posted.
pub(crate) const USUAL: &str = "/log/usual";

/// Brings messages over links.
pub(crate) struct LinkCarrier {
    urgent: Client,
    usual: Client,
    lanes: Lanes,
}

impl LinkCarrier {
    pub(crate) fn new(identity: &Identity) -> Self {
        Self {
            urgent: Client::new(identity.clone()),
            usual: Client::new(identity.clone()),
            lanes: Lanes::default(),
        }
    }

    async fn post(
        &self,
        to: SiteId,
        address: &str,
        urgency: Urgency,
        message: Bytes,
        within: Duration,
    ) -> Result<Bytes, CarryError> {
        let until = tokio::time::Instant::now() + within;
        let _turn = self.lanes.take(to, urgency, within).await?;
        let (client, path) = match urgency {
            Urgency::Urgent => (&self.urgent, URGENT),
            Urgency::Usual => (&self.usual, USUAL),
        };
        let address = Address { name: name_of(to), at: address.to_owned() };
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        let posted = client.post(&address, path, message, MESSAGE_MAX, left).await;
        posted.map_err(|error| match error {
            LinkError::Late(_) => CarryError::TimedOut,
            other => CarryError::Unreachable(other.to_string()),
        })
    }
}

impl Carrier for LinkCarrier {
    fn call<'a>(
        &'a self,
        to: SiteId,
        address: &'a str,
        urgency: Urgency,
        message: Bytes,
        within: Duration,
    ) -> Carried<'a> {
        Box::pin(self.post(to, address, urgency, message, within))
    }
}
