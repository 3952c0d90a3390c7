//! Where a site is found, in the words of the API and in those of sites.

use swell_api::site_joining::{Capacity, FlowContact, SiteContact};
use swell_consensus::channel::names::name_of;
use swell_core::council::words::Loads;
use swell_link::client::Address;
use swell_outlook::board::{Contact, FlowPlace};
use swell_outlook::naming::site_id;

/// A contact for the API.
pub fn told(contact: &Contact) -> SiteContact {
    let Contact { name, gateway, state, resource, flow } = contact.clone();
    let flow = flow.map(|FlowPlace { node, at }| FlowContact { node, at });
    SiteContact { name, gateway, state, resource, flow }
}

/// A contact of the API.
pub fn taken(contact: &SiteContact) -> Contact {
    let SiteContact { name, gateway, state, resource, flow } = contact.clone();
    let flow = flow.map(|FlowContact { node, at }| FlowPlace { node, at });
    Contact { name, gateway, state, resource, flow }
}

/// What a site is called in its certificates.
pub fn certified(name: &str) -> String {
    name_of(site_id(name))
}

/// Where a site's resource channel is reached.
pub fn resource_of(contact: &Contact) -> Address {
    Address { name: certified(&contact.name), at: contact.resource.clone() }
}

/// What a site can bear, in the units of the council.
pub fn loads(capacity: &Capacity) -> Loads {
    let Capacity { cpu_milli, memory_mib, network_kbit, io_ops } = *capacity;
    Loads([cpu_milli, memory_mib, network_kbit, io_ops])
}
