//! Names of sites and workloads, and the numbers that the council knows them by.
//!
//! A number follows from the name alone, so nobody has to give numbers out. Two names of one
//! number are refused where the second would come in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Which kind of name is hashed, so that a site and a workload of one name differ.
const SITE: u64 = 1;
const WORKLOAD: u64 = 2;
const NODE: u64 = 3;

/// A node of a site, in its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeNumber(pub u32);

/// The number of a site; never zero.
pub fn site_id(name: &str) -> SiteId {
    SiteId(number(name, SITE))
}

/// The number of a workload; never zero.
pub fn workload_id(name: &str) -> WorkloadId {
    WorkloadId(number(name, WORKLOAD))
}

/// The number of a node of a site; never zero.
pub fn node_number(name: &str) -> NodeNumber {
    NodeNumber(number(name, NODE))
}

fn number(name: &str, kind: u64) -> u32 {
    (xxh3_64_with_seed(name.as_bytes(), kind) as u32).max(1)
}

/// What numbers are called, as far as is known here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Sites.
    pub sites: BTreeMap<SiteId, String>,
    /// Workloads.
    pub workloads: BTreeMap<WorkloadId, String>,
}

impl Names {
    /// The name of a site, or its number.
    pub fn site(&self, id: SiteId) -> String {
        self.sites.get(&id).cloned().unwrap_or_else(|| id.0.to_string())
    }

    /// The name of a workload, or its number and that its site has yet to tell how it is called.
    pub fn workload(&self, id: WorkloadId) -> String {
        let unknown = || format!("{} (its site has yet to tell its name)", id.0);
        self.workloads.get(&id).cloned().unwrap_or_else(unknown)
    }

    /// A sentence of the council, which speaks in numbers, with names.
    pub fn in_words(&self, sentence: &str) -> String {
        let mut text = sentence.to_string();
        for (id, name) in &self.sites {
            text = text.replace(&format!("site {}", id.0), &format!("site `{name}`"));
        }
        for (id, name) in &self.workloads {
            text = text.replace(&format!("workload {}", id.0), &format!("workload `{name}`"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use swell_core::council::refusal::Refusal;

    use super::*;

    #[test]
    fn refusals_are_told_in_names() {
        let (site, workload) = (site_id("oslo"), workload_id("shop"));
        assert_ne!(site_id("shop").0, workload.0);
        let names = Names {
            sites: BTreeMap::from([(site, "oslo".to_string())]),
            workloads: BTreeMap::from([(workload, "shop".to_string())]),
        };
        let told = names.in_words(&Refusal::StillHolds(site, workload).to_string());
        assert_eq!(
            told,
            "site `oslo` still holds workload `shop`: move it away first, or let it be forgotten"
        );
        assert_eq!(names.site(SiteId(7)), "7");
        let unknown = names.workload(WorkloadId(7));
        assert_eq!(unknown, "7 (its site has yet to tell its name)");
    }
}
