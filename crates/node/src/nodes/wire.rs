//! What the nodes of a site say to each other, over links certified for that.
//!
//! A node reports to the seat once a second how it is. It hears who else is there, and what it is
//! to serve, if that is not what it has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swell_api::site_joining::{Capacity, SiteContact};
use swell_consensus::channel::names::name_of;
use swell_link::error::LinkError;
use swell_outlook::board::Passes;
use swell_outlook::naming::site_id;
use swell_outlook::sums::Reading;

use crate::deploy::adopt::Lineage;

/// Where a node reports.
pub const REPORT: &str = "/v1/node/report";
/// Where it asks for code.
pub const CODE: &str = "/v1/node/code";
/// Where it says that it leaves.
pub const LEAVE: &str = "/v1/node/leave";
/// Below which functions are called.
pub const CALL: &str = "/v1/node/call";

/// How often a node reports.
pub const EVERY: Duration = Duration::from_secs(1);
/// The longest report, and the longest answer: ten thousand functions with much in them.
pub const MESSAGE_MAX: usize = 64 << 20;

/// A node, as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// When it came up, in milliseconds since 1970: two nodes of one name differ in it.
    pub life: u64,
    /// The number that it drew when it joined.
    pub lot: u64,
    /// Where functions are called at it.
    pub gateway: String,
    /// Where other nodes of the site reach it.
    pub at: String,
    /// What it can bear.
    pub capacity: Capacity,
    /// The last order that it carried out; zero if it carried out none in this life.
    pub revision: u64,
    /// Functions that it could not have, with the reasons.
    pub without: BTreeMap<String, String>,
    /// Calls that run or wait there.
    pub busy: u32,
    /// The same by function; only where there are any.
    pub running: BTreeMap<String, u32>,
    /// Memory that instances may still take.
    pub memory_left: u64,
    /// What it used since it came up.
    pub reading: Reading,
    /// What it passed on to other sites.
    pub passed: Passes,
}

/// What a node hears.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Entries of the log that the seat has applied: who knows more does not follow who knows less.
    pub index: u64,
    /// Whether the seat reaches a majority of sites.
    pub is_deciding: bool,
    /// What the node should have carried out.
    pub revision: u64,
    /// That, if it has not.
    pub order: Option<Order>,
    /// Who else is there, by names in certificates; the seat as well.
    pub others: BTreeMap<String, Fellow>,
}

/// Another node of the site, as one that calls may be passed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fellow {
    /// What it is called at its site.
    pub name: String,
    /// Where it is reached.
    pub at: String,
    /// Whether it has the seat, and so everything.
    pub is_seat: bool,
    /// The last order that it carried out.
    pub revision: u64,
    /// Functions that it could not have.
    pub without: BTreeSet<String>,
    /// What it can bear, in thousandths of a processor.
    pub cpu_milli: u64,
    /// Calls that run or wait there.
    pub busy: u32,
    /// Memory that instances may still take.
    pub memory_left: u64,
}

/// What a node is to serve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The site, with the gateway of the node that has its seat.
    pub seat: SiteContact,
    /// What calls that are passed on between sites are sealed with.
    pub key: String,
    /// The functions, by name.
    pub functions: BTreeMap<String, Ordered>,
}

/// A function as a node is to have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ordered {
    /// Its versions with their shares, and what else may change of it.
    pub lineage: Lineage,
    /// Where its calls go.
    pub way: OrderedWay,
}

/// Where calls of a function go that arrive at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderedWay {
    /// They are served at this site.
    Here,
    /// So many thousandths go to another site, the rest is served here.
    Share(SiteContact, u16),
    /// All go to another site.
    There(SiteContact),
}

/// What the node that has the seat is called in its certificate.
pub fn seat_name(site: &str) -> String {
    name_of(site_id(site))
}

/// What another node of the site is called in its certificate.
pub fn node_name(site: &str, node: &str) -> String {
    format!("{}-{node}", seat_name(site))
}

/// Which node of a site is called so in its certificate.
pub fn node_of<'a>(site: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(&seat_name(site))?.strip_prefix('-')
}

/// What went wrong with a node, told by the name that people know it by.
pub fn named(error: LinkError, name: &str) -> LinkError {
    let peer = name.to_string();
    match error {
        LinkError::Unreachable { address, reason, .. } => {
            LinkError::Unreachable { peer, address, reason }
        }
        LinkError::Broken { reason, .. } => LinkError::Broken { peer, reason },
        LinkError::Refused { status, reason, .. } => LinkError::Refused { peer, status, reason },
        LinkError::Late(_) => LinkError::Late(peer),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_of_which_site_a_node_is() {
        let name = node_name("oslo", "attic");
        assert_eq!(node_of("oslo", &name), Some("attic"));
        assert_eq!(node_of("lima", &name), None);
        assert_eq!(node_of("oslo", &seat_name("oslo")), None);
        assert_eq!(swell_consensus::channel::names::site_of(&name), None, "it is no site");
    }
}
