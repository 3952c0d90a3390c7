//! Where a site is found, in the words of the API and in those of sites.

use swell_api::site::{Capacity, SiteContact};
use swell_core::council::words::Loads;
use swell_site::board::Contact;

/// A contact for the API.
pub fn told(contact: &Contact) -> SiteContact {
    let Contact { name, gateway, state, resource } = contact.clone();
    SiteContact { name, gateway, state, resource }
}

/// A contact of the API.
pub fn taken(contact: &SiteContact) -> Contact {
    let SiteContact { name, gateway, state, resource } = contact.clone();
    Contact { name, gateway, state, resource }
}

/// What a site can bear, in the units of the council.
pub fn loads(capacity: &Capacity) -> Loads {
    let Capacity { cpu_milli, memory_mib, network_kbit, io_ops } = *capacity;
    Loads([cpu_milli, memory_mib, network_kbit, io_ops])
}
