//! Who is who: sites and workloads by their place, and by what the council calls them.

use std::collections::BTreeMap;

use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;
use swell_outlook::naming::{site_id, workload_id};

use crate::sites::character::Character;
use crate::sites::scenario::{Lies, Scenario};

/// Who is who.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Names of sites.
    pub names: Vec<String>,
    /// The sites.
    pub sites: Vec<SiteId>,
    /// How each speaks.
    pub characters: Vec<Character>,
    /// Names of workloads.
    pub workload_names: Vec<String>,
    /// The workloads.
    pub workloads: Vec<WorkloadId>,
    site_places: BTreeMap<SiteId, usize>,
    workload_places: BTreeMap<WorkloadId, usize>,
}

impl Cast {
    /// The cast of a scenario, with so many workloads in all.
    pub fn new(scenario: &Scenario, workloads: usize) -> Self {
        let names: Vec<String> = (0..scenario.sites).map(|site| format!("site-{site}")).collect();
        let workload_names: Vec<String> = (0..workloads).map(|id| format!("work-{id}")).collect();
        let sites: Vec<SiteId> = names.iter().map(|name| site_id(name)).collect();
        let ids: Vec<WorkloadId> = workload_names.iter().map(|name| workload_id(name)).collect();
        let character = |site| match site {
            _ if site < scenario.liars => match scenario.lies {
                Lies::Forecasts => Character::Lying,
                Lies::Counters => Character::Hiding,
                Lies::Ahead => Character::Hedging,
            },
            _ if site < scenario.liars + scenario.drifters => Character::Drifting,
            _ => Character::Honest,
        };
        Self {
            site_places: sites.iter().copied().zip(0..).collect(),
            workload_places: ids.iter().copied().zip(0..).collect(),
            characters: (0..scenario.sites).map(character).collect(),
            names,
            sites,
            workload_names,
            workloads: ids,
        }
    }

    /// The place of a site.
    pub fn site(&self, id: SiteId) -> usize {
        self.site_places[&id]
    }

    /// The place of a workload.
    pub fn workload(&self, id: WorkloadId) -> usize {
        self.workload_places[&id]
    }
}
