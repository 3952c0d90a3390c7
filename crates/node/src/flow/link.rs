//! The way from this node to others for flows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;

use crate::flow::wire::Elsewhere;

/// The longest answer.
const ANSWER_MAX: usize = 64 << 10;
/// How long the other node may take for a request, besides waiting for room.
const ANSWER_IN: Duration = Duration::from_secs(10);

/// How nodes reach each other for flows.
#[derive(Clone)]
pub struct Link {
    /// The name of this node.
    pub name: Arc<str>,
    /// Calls the others.
    pub client: Client,
    /// Where this node listens for them.
    pub at: SocketAddr,
}

impl Link {
    /// Where another node reaches this one: where it listens, by the address that it speaks to that
    /// node from if it listens at all of its addresses. Nothing is sent for that.
    pub(crate) fn own(&self, towards: &Elsewhere) -> Elsewhere {
        let mut at = self.at;
        if at.ip().is_unspecified()
            && let Some(ip) = outgoing(&towards.at)
        {
            at.set_ip(ip);
        }
        Elsewhere { node: self.name.to_string(), at: at.to_string() }
    }

    /// Asks another node for something that it answers within bounds.
    pub(crate) async fn ask(
        &self,
        to: &Elsewhere,
        path: &str,
        body: impl Into<Bytes>,
        wait: Duration,
    ) -> Result<Bytes, LinkError> {
        let to = Address { name: to.node.clone(), at: to.at.clone() };
        self.client.post(&to, path, body.into(), ANSWER_MAX, ANSWER_IN + wait).await
    }
}

/// The address that packets for another have as their sender's.
fn outgoing(to: &str) -> Option<IpAddr> {
    let to: SocketAddr = to.parse().ok()?;
    let any: IpAddr =
        if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// The way from this node to others, once it has one: of its settings, or as a site.
#[derive(Default)]
pub struct Links(RwLock<Option<Link>>);

impl Links {
    /// The way, if there is one now.
    pub fn get(&self) -> Option<Link> {
        self.0.read().clone()
    }

    /// There is one from now on, or none any more.
    pub fn set(&self, link: Option<Link>) {
        *self.0.write() = link;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_reached_where_it_speaks_from() {
        for (to, expected) in [
            ("127.0.0.1:7403", Some("127.0.0.1")),
            ("[::1]:7403", Some("::1")),
            ("no address", None),
        ] {
            // Not every machine has both kinds of address.
            let ip = outgoing(to).map(|ip| ip.to_string());
            assert!(ip.is_none() || ip.as_deref() == expected, "{to}: {ip:?}");
        }
        assert!(outgoing("127.0.0.1:7403").is_some());
    }
}
