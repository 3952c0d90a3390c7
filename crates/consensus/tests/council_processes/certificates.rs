//! Certificates of a cluster in a folder.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use swell_consensus::channel::names::name_of;
use swell_core::ids::SiteId;
use swell_link::authority::Authority;
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;

/// Issues the certificates of so many sites.
pub(crate) fn issue(folder: &Path, sites: u32) {
    let now = SystemTime::now();
    let authority = Authority::found("processes", now).expect("it is founded");
    fs::write(folder.join("authority.pem"), authority.certificate()).expect("it is written");
    for site in 0..sites {
        let day = Duration::from_secs(86_400);
        let issued = authority.issue(&name_of(SiteId(site)), Purpose::Resource, now, day);
        let issued = issued.expect("it is issued");
        fs::write(folder.join(format!("{site}.pem")), issued.certificate).expect("it is written");
        fs::write(folder.join(format!("{site}.key")), issued.key).expect("it is written");
    }
}

/// The identity of a site.
pub(crate) fn read(folder: &Path, site: u32) -> Identity {
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it was issued");
    let (certificate, key) = (read(&format!("{site}.pem")), read(&format!("{site}.key")));
    Identity::of_pem(&read("authority.pem"), &certificate, &key).expect("it is an identity")
}
