//! What the orders of the council do to the traffic, and how long that takes.

use std::collections::BTreeMap;

use swell_core::council::entry::News;
use swell_core::council::movement::shifted_per_mille;
use swell_core::council::order::{Order, Task};
use swell_core::council::state::State;
use swell_core::council::words::{Epoch, ProposalId};
use swell_core::time::{Instant, Span};

use crate::sites::cast::Cast;
use crate::sites::cluster::{Cluster, Place};
use crate::sites::scenario::START_MINUTES;

/// How long each part of the traffic is served before it counts as shifted, as at live sites.
const DWELL: Span = Span::from_secs(10);

/// What is under way.
#[derive(Debug, Clone, Default)]
pub struct Hands {
    begun: BTreeMap<(ProposalId, Epoch, Task), Instant>,
}

impl Hands {
    /// Goes on with an order of a site; gives what is told of it once it is carried out.
    pub fn work(
        &mut self,
        site: usize,
        order: &Order,
        now: Instant,
        cast: &Cast,
        cluster: &mut Cluster,
    ) -> Option<News> {
        let begun = *self.begun.entry((order.proposal, order.epoch, order.task)).or_insert(now);
        let takes = match order.task {
            Task::Start => Span::from_mins(u64::from(START_MINUTES)),
            Task::Shift { .. } => DWELL,
            Task::Prove | Task::Drain | Task::TakeBack => Span::ZERO,
        };
        if now < begun + takes {
            return None;
        }
        for workload in &order.workloads {
            let place = &mut cluster.places[cast.workload(*workload)];
            match order.task {
                Task::Start | Task::Prove => {}
                Task::Shift { parts, of } => {
                    place.moving = Some((site, f32::from(shifted_per_mille(parts, of)) / 1e3));
                }
                Task::Drain => *place = Place { site: cast.site(order.other), moving: None },
                Task::TakeBack => *place = Place { site, moving: None },
            }
        }
        Some(match order.task {
            Task::Start => News::Started,
            Task::Prove => News::Healthy,
            Task::Shift { parts, .. } => News::Shifted(parts),
            Task::Drain => News::Drained,
            Task::TakeBack => News::Returned,
        })
    }

    /// Traffic of what does not move goes to who has authority over it.
    pub fn settle(&mut self, state: &State, cast: &Cast, cluster: &mut Cluster) {
        self.begun.retain(|(proposal, ..), _| state.open.contains_key(proposal));
        for (id, workload) in &state.workloads {
            if state.transit(*id).is_none() {
                let site = cast.site(workload.authority.holder);
                cluster.places[cast.workload(*id)] = Place { site, moving: None };
            }
        }
    }
}
