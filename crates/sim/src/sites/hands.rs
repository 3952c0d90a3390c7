//! What the orders of the council do to the traffic.

use swell_core::council::entry::News;
use swell_core::council::order::{Order, Task};
use swell_core::council::state::State;

use crate::sites::cluster::Cluster;

/// Carries out an order of a site; gives what is told of it.
pub fn carry_out(site: usize, order: &Order, cluster: &mut Cluster) -> News {
    let other = order.other.index();
    for workload in &order.workloads {
        let place = &mut cluster.places[workload.0 as usize];
        match order.task {
            Task::Start | Task::Prove => {}
            Task::Shift { parts, of } => {
                let share = f32::from(parts) / f32::from(of.max(1));
                place.moving = Some((site, share));
            }
            Task::Drain => (place.site, place.moving) = (other, None),
            Task::TakeBack => (place.site, place.moving) = (site, None),
        }
    }
    match order.task {
        Task::Start => News::Started,
        Task::Prove => News::Healthy,
        Task::Shift { parts, .. } => News::Shifted(parts),
        Task::Drain => News::Drained,
        Task::TakeBack => News::Returned,
    }
}

/// Traffic of what does not move goes to who has authority over it.
pub fn settle(state: &State, cluster: &mut Cluster) {
    for (id, workload) in &state.workloads {
        if state.transit(*id).is_none() {
            let place = &mut cluster.places[id.0 as usize];
            (place.site, place.moving) = (workload.authority.holder.index(), None);
        }
    }
}
