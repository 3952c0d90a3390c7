//! What a site is called in its certificates.
//!
//! The number that the log knows it by stands in the name, so that whose message it is follows
//! from the certificate alone.

use swell_core::ids::SiteId;

/// What stands before the number.
const PREFIX: &str = "site-";

/// The name of a site in its certificates.
pub fn name_of(site: SiteId) -> String {
    format!("{PREFIX}{}", site.0)
}

/// The site that is called so.
pub fn site_of(name: &str) -> Option<SiteId> {
    let site = name.strip_prefix(PREFIX)?.parse().ok().map(SiteId)?;
    (name_of(site) == name).then_some(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_has_one_name() {
        for site in [0, 7, u32::MAX].map(SiteId) {
            assert_eq!(site_of(&name_of(site)), Some(site));
        }
        for name in ["", "site-", "site-07", "site--1", "site-4294967296", "berlin"] {
            assert_eq!(site_of(name), None, "{name}");
        }
    }
}
