//! Watching what sites do: each new line of a proposal's story is told once, and how full the
//! first site is, is noted.

use std::collections::BTreeMap;
use std::time::Duration;

use swell_api::site::{Cluster, Proposal};
use swell_api::site_reading::{Proposals, Read};

use crate::error::Letter;
use crate::rig::client::Client;
use crate::say::say;
use crate::siting::percent;
use crate::town::cast::SITES;
use crate::town::sites::get;

/// What was seen.
#[derive(Default)]
pub struct Watching {
    told: BTreeMap<u64, usize>,
    /// The fullest that the first site was.
    pub fullest: f64,
    /// Slots in which it was overloaded, and slots in all.
    pub overloaded: (u32, u32),
    slot_ms: u64,
    limit: f64,
}

impl Watching {
    /// Nothing was seen yet; a site above this share is overloaded.
    pub fn new(limit: f64) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Looks at proposals, and tells what is new.
    pub async fn proposals(
        &mut self,
        client: &Client,
        since: Duration,
    ) -> Result<Vec<Proposal>, Letter> {
        let read: Read<Proposals> = get(client, "/v1/proposals").await?;
        let mut proposals = read.told.proposals;
        proposals.sort_by_key(|proposal| proposal.id);
        for proposal in &proposals {
            let told = self.told.entry(proposal.id).or_default();
            let seconds = since.as_secs_f64();
            if *told == 0 {
                let (id, cause) = (proposal.id, &proposal.cause);
                say(format!("{seconds:>5.0} s  #{id}: {cause}"));
            }
            for happening in proposal.timeline.iter().skip(*told) {
                let (id, what) = (proposal.id, &happening.what);
                say(format!("{seconds:>5.0} s  #{id} {}: {what}", proposal.workloads.join(", ")));
            }
            *told = proposal.timeline.len();
        }
        Ok(proposals)
    }

    /// Looks how full the first site is, once a slot.
    pub async fn utilisation(&mut self, client: &Client) -> Result<Cluster, Letter> {
        let cluster: Cluster = get(client, "/v1/site").await?;
        let slot = cluster.now_ms / cluster.slot_ms.max(1);
        if slot != self.slot_ms {
            self.slot_ms = slot;
            let first = cluster.sites.iter().find(|site| site.name == SITES[0]);
            if let Some(seen) = first.and_then(|site| site.utilisation.first()?.seen) {
                self.fullest = self.fullest.max(seen);
                self.overloaded.0 += u32::from(seen > self.limit);
                self.overloaded.1 += 1;
            }
        }
        Ok(cluster)
    }
}

/// How full each site is, in a line.
pub fn line(cluster: &Cluster) -> String {
    let of = |site: &swell_api::site::Site| {
        let seen = site.utilisation.first().and_then(|of| of.seen);
        let seen = seen.map_or_else(|| "-".to_string(), percent);
        format!("{} {seen} (weight {})", site.name, percent(site.weight))
    };
    cluster.sites.iter().map(of).collect::<Vec<_>>().join(", ")
}
